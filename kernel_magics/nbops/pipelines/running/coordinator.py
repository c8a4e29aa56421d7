"""One run of a pipeline: stages begin when those they come after are done, beside each other where there is room."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError, PipelineError, StageFailed, StageLost
from nbops.pipelines.cache.reuse import Reuse
from nbops.pipelines.checkpoints.facts import facts_of
from nbops.pipelines.result import EventKind, PipelineEvent, PipelineResult, StageResult
from nbops.pipelines.running.closing import Closing
from nbops.pipelines.running.options import Options, forced
from nbops.pipelines.running.planning import Plan, Planner
from nbops.pipelines.running.recording import Recorder
from nbops.pipelines.running.rows import RunRows
from nbops.pipelines.running.runners import Runner, Told, runner_for
from nbops.pipelines.running.state import StageState, States
from nbops.pipelines.running.work import CHECKPOINT, Done, Work
from nbops.pipelines.spec import Pipeline, Stage
from nbops.records import ErrorInfo, Run, RunStatus
from nbops.redaction import redact
from nbops.tracking.launch import ensure_running
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from nbops.pipelines.executing.execution import CellProgress

OnEvent = Callable[[PipelineEvent], None]
_log = logging.getLogger("nbops.pipelines")


class Attempt:
    """A stage that is being carried out: its plan, its run, and how often it was begun."""

    def __init__(self, stage: Stage, plan: Plan, run: Run, number: int) -> None:
        self.stage, self.plan, self.run, self.number = stage, plan, run, number
        self.not_before = 0.0


class Coordinator:
    """Runs a pipeline once.

    Parameters
    ----------
    workspace, pipeline, states, options
        What runs where, and what is known of its stages.
    tell
        Called with each event, in the thread that calls :meth:`run`.
    """

    def __init__(
        self, workspace: Workspace, pipeline: Pipeline, states: States, options: Options, tell: OnEvent
    ) -> None:
        self._workspace, self._pipeline, self._options, self._tell = workspace, pipeline, options, tell
        self._states = states
        self._planner = Planner(pipeline, states, forced(pipeline, options))
        self._positions = {stage.name: position for position, stage in enumerate(pipeline.stages, 1)}
        self._results = {stage.name: StageResult(name=stage.name) for stage in pipeline.stages}
        self._waiting = {stage.name: set(stage.after) for stage in pipeline.stages}
        self._followers: dict[str, list[str]] = {}
        for stage in pipeline.stages:
            for name in stage.after:
                self._followers.setdefault(name, []).append(stage.name)
        self._stages = {stage.name: stage for stage in pipeline.stages}
        self._ready = [stage for stage in pipeline.stages if not stage.after]
        self._running: dict[str, Attempt] = {}
        self._again: list[Attempt] = []
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._failure: NbopsError | None = None

    def run(self) -> PipelineResult:
        """Run what has to run.

        Raises
        ------
        KeyboardInterrupt
            Somebody interrupted; what ran is stopped and closed first.
        """
        begun = time.monotonic()
        self._recorder = Recorder(self._workspace, self._pipeline, self._options.run_id)
        self._closing = Closing(self._workspace, self._planner, self._recorder)
        try:
            self._rows = RunRows(self._workspace, self._pipeline, self._options, self._recorder.run.run_id)
            self._reuse = Reuse(self._workspace, self._planner, self._recorder)
            self._runner: Runner = runner_for(
                self._options.on, self._options.jobs or self._pipeline.jobs, self._workspace
            )
        except BaseException as error:
            self._recorder.done("FAILED", _told(error), {})
            if hasattr(self, "_rows"):
                self._rows.close("failed", str(error))
            raise
        try:
            self._loop()
            self._runner.close()
            self._reuse.close()
        except BaseException as error:
            killed = isinstance(error, KeyboardInterrupt | SystemExit)
            try:
                self._stop_all()
            finally:
                # Also when somebody interrupts that: a kernel lives on, and with it a run that nobody closed.
                self._close("KILLED" if killed else "FAILED", error)
            raise
        self._close("FAILED" if self._failure else "FINISHED", self._failure)
        return PipelineResult(
            name=self._pipeline.name,
            run_id=self._recorder.run.run_id,
            status="failed" if self._failure else "succeeded",
            stages=tuple(self._results.values()),
            duration=time.monotonic() - begun,
            failure=self._failure,
        )

    def _loop(self) -> None:
        while True:
            self._begin_what_can()
            if not self._running and not self._again:
                if self._ready and not self._halted:
                    continue
                return
            self._hear()

    @property
    def _halted(self) -> bool:
        return self._failure is not None and not self._options.keep_going

    @property
    def _runs(self) -> dict[str, str]:
        return {name: known.run_id for name, known in self._results.items()}

    def _hear(self) -> None:
        try:
            # Short, so that an interrupt is noticed, and a stage that waits to be tried again or for memory begins.
            told = self._told.get(timeout=0.5)
        except queue.Empty:
            return
        attempt = self._running.get(told.stage)
        if attempt is None:
            return
        if isinstance(told.what, Done):
            del self._running[told.stage]
            self._ended(attempt, told.what)
        elif isinstance(told.what, BaseException):
            del self._running[told.stage]
            self._broke(attempt, told.what)
        else:
            self._progress(attempt, told.what)

    def _begin_what_can(self) -> None:
        now = time.monotonic()
        for attempt in [one for one in self._again if one.not_before <= now]:
            if self._runner.room(attempt.stage.memory, len(self._running)):
                self._again.remove(attempt)
                self._begin(attempt)
        while self._ready and not self._halted:
            stage = self._ready[0]
            if not self._runner.room(stage.memory, len(self._running)):
                return
            self._ready.pop(0)
            try:
                self._look_at(stage)
            except PipelineError as error:
                self._refuse(stage, error)

    def _look_at(self, stage: Stage) -> None:
        only = self._options.only
        if only and stage.name not in only:
            self._leave_out(stage)
            return
        plan = self._planner.plan(stage)
        if not plan.reason and plan.state is not None:
            self._skip(stage, plan.state, "unchanged")
            return
        state, told = self._reuse.take(stage, plan, self._states.folder / self._recorder.run.run_id / stage.slug)
        if state is not None:
            self._skip(stage, state, f"{plan.reason}; restored: {told}")
            return
        plan = replace(plan, reason=f"{plan.reason}; {told}" if told else plan.reason)
        self._event("stage", stage, message=plan.reason)
        run = self._recorder.stage(stage, plan.parameters.values, plan.reason)
        self._rows.stage(
            stage.name, status="running", reason=plan.reason, key=plan.key, track_id=run.run_id, started_at=time.time()
        )
        self._begin(Attempt(stage, plan, run, 1))

    def _leave_out(self, stage: Stage) -> None:
        """Use the last good run of a stage that is not among those asked for; if none needs it, do without."""
        needed = any(name in self._options.only for name in self._downstream(stage.name))
        try:
            state = self._planner.last(stage)
        except PipelineError:
            if needed:
                raise
            return
        self._skip(stage, state, "not asked for")

    def _downstream(self, name: str) -> set[str]:
        found: set[str] = set()
        todo = list(self._followers.get(name, ()))
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo.extend(self._followers.get(one, ()))
        return found

    def _begin(self, attempt: Attempt) -> None:
        stage, plan = attempt.stage, attempt.plan
        folder = self._states.folder / self._recorder.run.run_id
        place = folder / ".attempts" / f"{stage.slug}-{attempt.number}"
        resume = self._checkpoint(attempt)
        state = StageState(
            status="running",
            key=plan.key,
            parts=plan.parts,
            run_id=attempt.run.run_id,
            notebook=str(place / f"{stage.slug}.ipynb"),
            attempt=attempt.number,
        )
        self._states.write(stage.name, state)
        self._results[stage.name] = StageResult(
            name=stage.name,
            status="failed",
            reason=plan.reason,
            run_id=attempt.run.run_id,
            notebook=state.notebook,
            attempt=attempt.number,
        )
        self._rows.stage(stage.name, attempt=attempt.number, notebook=state.notebook, cell=0, line="", error="")
        self._running[stage.name] = attempt
        self._runner.begin(
            Work(
                stage=stage.name,
                name=stage.slug,
                source=stage.notebook,
                parameters=plan.parameters.injected,
                variables=stage.variables,
                folder=self._pipeline.folder,
                place=place,
                environment=self._environment(stage, attempt.run),
                needs=(*plan.parts["inputs"], *plan.parts["modules"]),
                kernel=stage.kernel,
                warm=self._options.warm,
                timeout=stage.timeout,
                cell_timeout=stage.cell_timeout,
                resume=resume,
                facts=facts_of(plan.parts),
                stop=self._stop,
            ),
            self._told,
        )

    def _environment(self, stage: Stage, run: Run) -> dict[str, str]:
        return {
            **stage.environment,
            "NBOPS_PARENT_RUN": run.run_id,
            "NBOPS_NOTEBOOK": str(stage.written),
            "NBOPS_WORKSPACE": str(self._workspace.root),
            "NBOPS_STAGE": f"{self._pipeline.name}/{stage.name}",
        }

    def _checkpoint(self, attempt: Attempt) -> Path | None:
        """Give the folder of the states that the last attempt has kept; whether one is of use is known to who restores it."""
        before = attempt.plan.state
        if not self._options.resume or attempt.number > 1 or before is None or before.status == "succeeded":
            return None
        folder = Path(before.notebook).parent / CHECKPOINT
        return folder if folder.is_dir() else None

    def _progress(self, attempt: Attempt, at: CellProgress) -> None:
        self._rows.stage(attempt.stage.name, cell=at.cell, cells=at.cells, line=at.line)
        self._event("cell", attempt.stage, cell=at.cell, cells=at.cells, message=at.line, duration=at.elapsed)

    def _ended(self, attempt: Attempt, done: Done) -> None:
        stage = attempt.stage
        try:
            if done.error is not None:
                raise done.error
            result, state, outputs = self._closing.close(attempt.stage, attempt.plan, attempt.run, done, self._runs)
        except NbopsError as error:
            tries = stage.retries if self._options.retry else 0
            if attempt.number <= tries and not self._stop.is_set() and not self._halted and _worth_another(error):
                self._retry(attempt, done, error)
            else:
                self._failed(attempt, done, error)
            return
        except Exception as error:
            # Such as a file that cannot be moved: the other stages go on, and its run is closed.
            self._broke(attempt, error)
            return
        self._results[stage.name] = replace(result, attempt=attempt.number, reason=_why(attempt, done))
        self._reuse.keep(stage, attempt.plan, state)
        self._planner.take(stage.name, state, outputs)
        self._rows.stage(
            stage.name,
            status="succeeded",
            key=state.key,
            ended_at=time.time(),
            notebook=str(result.notebook),
            kernel=done.kernel,
            reason=_why(attempt, done),
            line="",
        )
        self._free(stage.name)
        # Told when all is closed, so that nothing that happens in telling it can change how it ended.
        self._event("succeeded", stage, message=done.resumed, duration=result.duration)

    def _retry(self, attempt: Attempt, done: Done, error: NbopsError) -> None:
        stage = attempt.stage
        again = Attempt(stage, attempt.plan, attempt.run, attempt.number + 1)
        again.not_before = time.monotonic() + stage.retry_delay
        self._again.append(again)
        said = f"attempt {attempt.number} failed: {redact(_line(error))[0]}"
        self._rows.stage(stage.name, error=said, kernel=done.kernel)
        self._event("retry", stage, message=said, duration=done.duration)

    def _failed(self, attempt: Attempt, done: Done, error: NbopsError) -> None:
        stage = attempt.stage
        self._closing.fail(attempt.stage, attempt.plan, attempt.run, done, error, attempt.number, self._runs)
        self._results[stage.name] = replace(
            self._results[stage.name], status="failed", error=str(error), duration=done.duration, kernel=done.kernel
        )
        self._rows.stage(
            stage.name,
            status="failed",
            ended_at=time.time(),
            error=_line(error),
            failed_cell=error.cell if isinstance(error, StageFailed) else 0,
            kernel=done.kernel,
            reason=_why(attempt, done),
            resumable=done.checkpoint,
            resume_problem=done.checkpoint_problem,
        )
        self._failure = self._failure or error
        self._event("failed", stage, message=str(error), duration=done.duration)

    def _broke(self, attempt: Attempt, error: BaseException) -> None:
        """See to a stage that ended as nobody foresaw."""
        if not isinstance(error, NbopsError):
            _log.error("stage %r ended unforeseen", attempt.stage.name, exc_info=error)
            error = PipelineError(
                f"stage {attempt.stage.name!r}: {type(error).__name__}: {' '.join(str(error).split())}"
            )
        place = Path(self._results[attempt.stage.name].notebook).parent
        self._failed(attempt, Done(place=place, notebook=Path(self._results[attempt.stage.name].notebook)), error)

    def _refuse(self, stage: Stage, error: PipelineError) -> None:
        """See to a stage that cannot even begin."""
        self._results[stage.name] = replace(self._results[stage.name], status="failed", error=str(error), duration=0.0)
        self._rows.stage(stage.name, status="failed", ended_at=time.time(), error=_line(error))
        self._failure = self._failure or error
        self._event("failed", stage, message=str(error), duration=0.0)

    def _skip(self, stage: Stage, state: StageState, reason: str) -> None:
        self._results[stage.name] = StageResult(
            name=stage.name,
            status="skipped",
            reason=reason,
            run_id=state.run_id,
            notebook=state.notebook,
            duration=0.0,
            outputs={name: item.value for name, item in state.outputs.items()},
        )
        self._planner.take(stage.name, state)
        self._rows.stage(
            stage.name, status="skipped", reason=reason, key=state.key, notebook=state.notebook, track_id=state.run_id
        )
        self._free(stage.name)
        self._event("skipped", stage, message=reason)

    def _free(self, name: str) -> None:
        for follower in self._followers.get(name, ()):
            self._waiting[follower].discard(name)
            if not self._waiting[follower]:
                self._ready.append(self._stages[follower])
        self._ready.sort(key=lambda stage: self._positions[stage.name])

    def _stop_all(self) -> None:
        """End what runs, and close it as stopped."""
        self._stop.set()
        self._runner.close(now=True)
        self._reuse.close()
        for attempt in [*self._running.values(), *self._again]:
            self._closing.stopped(attempt.stage, attempt.run)
            self._results[attempt.stage.name] = replace(self._results[attempt.stage.name], status="stopped")
            self._rows.stage(attempt.stage.name, status="stopped", ended_at=time.time())
            self._event("stopped", attempt.stage, message="stopped")

    def _close(self, status: RunStatus, error: BaseException | None) -> None:
        statuses = [result.status for result in self._results.values()]
        facts: dict[str, str] = {word: str(statuses.count(word)) for word in dict.fromkeys(statuses)}
        told = _told(error)
        word = {"FINISHED": "succeeded", "FAILED": "failed"}.get(status, "stopped")
        try:
            self._recorder.done(status, told, facts)
        finally:
            self._rows.close(word, f"{told.message}" if told else "")
            self._planner.around.digests.close()
        if self._workspace.courier_wanted:
            ensure_running(self._workspace)

    def _event(self, kind: EventKind, stage: Stage, **facts: Any) -> None:
        number, total = self._positions[stage.name], len(self._positions)
        try:
            self._tell(PipelineEvent(kind=kind, stage=stage.name, number=number, stages=total, **facts))
        except Exception as error:
            # Whoever watches a pipeline is not part of it.
            _log.warning("progress cannot be told: %s", " ".join(str(error).split())[:200])


def _why(attempt: Attempt, done: Done) -> str:
    """Say why a stage ran, and where it went on if it was to."""
    return f"{attempt.plan.reason}; {done.resumed}" if done.resumed else attempt.plan.reason


def _worth_another(error: NbopsError) -> bool:
    """Whether trying again may help: not where the declaration is at fault."""
    return isinstance(error, StageFailed | StageLost)


def _line(error: NbopsError) -> str:
    return error.error if isinstance(error, StageFailed) else error.message


def _told(error: BaseException | None) -> ErrorInfo | None:
    if error is None:
        return None
    # Where its notebook is stands in the row of the stage; what to type is for whoever sits at the terminal.
    said = error.message if isinstance(error, StageFailed) else str(error)
    return ErrorInfo(type=type(error).__name__, message=redact(" ".join(said.split()))[0][:500])
