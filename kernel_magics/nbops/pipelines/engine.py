"""Run a pipeline: stages in dependency order, those that are not stale left alone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.capture import redact
from nbops.errors import NbopsError, PipelineError, StageFailed
from nbops.pipelines.outputs import FOLDER, Output, file_output
from nbops.pipelines.owners import with_owners
from nbops.pipelines.passed import gave, received
from nbops.pipelines.passing import Parameters, parameters_of
from nbops.pipelines.recording import Recorder
from nbops.pipelines.result import EventKind, PipelineEvent, PipelineResult, StageResult
from nbops.pipelines.secrets import WITHHELD, collected, without_secrets
from nbops.pipelines.spec import Pipeline, Stage, load_pipeline
from nbops.pipelines.staleness import Parts, difference, key_of, parts_of, rewritten, without
from nbops.pipelines.state import StageState, States, states_name
from nbops.records.runs import ErrorInfo, RunStatus
from nbops.tracking.launch import ensure_running
from nbops.tracking.parts import file_part
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.locks import try_lock

if TYPE_CHECKING:
    from nbops.pipelines.execution import Executed
    from nbops.records import Run

_log = logging.getLogger("nbops.pipelines")
OnEvent = Callable[[PipelineEvent], None]


def run_pipeline(
    path: str | Path,
    *,
    force: bool = False,
    on_event: OnEvent | None = None,
    workspace: Workspace | None = None,
) -> PipelineResult:
    """Run a pipeline; stages that succeeded and are unchanged since are skipped.

    Parameters
    ----------
    path
        A pipeline file, or the name of a pipeline in ``nbops.toml``.
    force
        Run every stage.
    on_event
        Called with each :class:`~nbops.pipelines.result.PipelineEvent`.
    workspace
        Where runs, executed notebooks and outputs go; the workspace of the file by default.

    Raises
    ------
    StageFailed
        A cell raised. What ran before it is kept, and running again goes on from there.
    PipelineError
        The file is wrong, an input is missing, or the pipeline is running already.
    """
    result = execute_pipeline(path, force=force, on_event=on_event, workspace=workspace)
    if result.failure is not None:
        raise result.failure
    return result


def execute_pipeline(
    path: str | Path,
    *,
    force: bool = False,
    on_event: OnEvent | None = None,
    workspace: Workspace | None = None,
) -> PipelineResult:
    """Do as :func:`run_pipeline` does, but give a failed stage as part of the result instead of raising it.

    Raises
    ------
    PipelineError
        The file is wrong or the pipeline is running already.
    """
    file = Path(path).expanduser()
    workspace = workspace or find_workspace(file if file.is_file() else None)
    pipeline = load_pipeline(path, root=workspace.root)
    workspace.ensure()
    folder = states_name(workspace, pipeline.name, pipeline.path)
    lock = try_lock(workspace.locks / f"pipeline-{folder}.lock")
    if lock is None:
        raise PipelineError(f"pipeline {pipeline.name!r} is running already.", hint="Wait until that run is over.")
    try:
        states = States(workspace, folder)
        return _Execution(workspace, pipeline, states, force, on_event or (lambda event: None)).run()
    finally:
        lock.release()


@dataclass(slots=True)
class _Plan:
    """What is known of a stage before it runs; an empty reason means it need not."""

    parameters: Parameters
    parts: Parts
    key: str
    reason: str
    state: StageState | None


class _Execution:
    """One execution of a pipeline."""

    def __init__(
        self, workspace: Workspace, pipeline: Pipeline, states: States, force: bool, on_event: OnEvent
    ) -> None:
        self._workspace, self._pipeline, self._force, self._tell = workspace, pipeline, force, on_event
        self._states = states
        self._files: dict[str, tuple[Output, ...]] = {}
        self._given: dict[str, Mapping[str, Output]] = {}
        self._keys: dict[str, str] = {}
        self._results = {stage.name: StageResult(name=stage.name) for stage in pipeline.stages}

    def run(self) -> PipelineResult:
        """Run the stages one after the other."""
        begun = time.monotonic()
        recorder = Recorder(self._workspace, self._pipeline)
        failure: NbopsError | None = None
        try:
            for position, stage in enumerate(self._pipeline.stages, 1):
                failure = self._stage(recorder, stage, position)
                if failure is not None:
                    break
        except BaseException as error:
            status: RunStatus = "KILLED" if isinstance(error, KeyboardInterrupt | SystemExit) else "FAILED"
            self._close(recorder, status, error)
            raise
        self._close(recorder, "FAILED" if failure else "FINISHED", failure)
        return PipelineResult(
            name=self._pipeline.name,
            run_id=recorder.run.run_id,
            status="failed" if failure else "succeeded",
            stages=tuple(self._results.values()),
            duration=time.monotonic() - begun,
            failure=failure,
        )

    def _close(self, recorder: Recorder, status: RunStatus, error: BaseException | None) -> None:
        statuses = [result.status for result in self._results.values()]
        facts: dict[str, str] = {word: str(statuses.count(word)) for word in dict.fromkeys(statuses)}
        recorder.done(status, _told(error), facts)
        if self._workspace.courier_wanted:
            ensure_running(self._workspace)

    def _stage(self, recorder: Recorder, stage: Stage, position: int) -> NbopsError | None:
        begun = time.monotonic()
        try:
            plan = self._plan(stage)
            if not plan.reason and plan.state is not None:
                self._skip(stage, plan.state, position)
                return None
            self._event("stage", stage, position, message=plan.reason)
            self._run_stage(recorder, stage, plan, position)
        except PipelineError as error:
            duration = time.monotonic() - begun
            known = self._results[stage.name]
            self._results[stage.name] = replace(known, status="failed", error=str(error), duration=duration)
            self._event("failed", stage, position, message=str(error), duration=duration)
            return error
        return None

    def _plan(self, stage: Stage) -> _Plan:
        state = self._states.read(stage.name)
        parameters = parameters_of(self._pipeline, stage, self._given)
        own = state.written if state is not None else frozenset()
        parts = parts_of(self._pipeline, stage, parameters, self._given, self._keys, own, files=self._files)
        key = key_of(parts)
        return _Plan(parameters, parts, key, self._reason(state, parts, key, parameters), state)

    def _reason(self, state: StageState | None, parts: Parts, key: str, parameters: Parameters) -> str:
        if self._force:
            return "forced"
        if state is None:
            return "never ran"
        if state.key != key:
            return difference(dict(state.parts), parts, parameters) or "changed"
        if state.status != "succeeded":
            return "failed last time" if state.status == "failed" else "was interrupted"
        gone = state.intact()
        if gone and any(item.kind == WITHHELD and item.name == gone for item in state.outputs.values()):
            return f"output {gone} is a secret, which is not kept"
        return f"output {gone} is gone or changed" if gone else ""

    def _skip(self, stage: Stage, state: StageState, position: int) -> None:
        self._results[stage.name] = StageResult(
            name=stage.name,
            status="skipped",
            reason="unchanged",
            run_id=state.run_id,
            notebook=state.notebook,
            html=state.html,
            duration=0.0,
            outputs={name: item.value for name, item in state.outputs.items()},
        )
        self._given[stage.name], self._keys[stage.name] = state.outputs, state.key
        self._files[stage.name] = state.files
        self._event("skipped", stage, position, message="unchanged")

    def _run_stage(self, recorder: Recorder, stage: Stage, plan: _Plan, position: int) -> None:
        folder = self._states.folder / recorder.run.run_id
        run = recorder.stage(stage, plan.parameters.values, plan.reason)
        notebook = folder / f"{stage.name}.ipynb"
        state = StageState(status="running", key=plan.key, parts=plan.parts, run_id=run.run_id, notebook=str(notebook))
        self._results[stage.name] = StageResult(
            name=stage.name, status="failed", reason=plan.reason, run_id=run.run_id, notebook=str(notebook)
        )
        self._states.write(stage.name, state)
        try:
            self._execute(recorder, stage, plan, position, state, run)
        except BaseException as error:
            # The run is closed by whoever knows how the stage ended; here only what nobody foresaw.
            if not isinstance(error, StageFailed):
                killed = isinstance(error, KeyboardInterrupt | SystemExit)
                recorder.stage_done(run, {}, (), _told(error), "KILLED" if killed else "FAILED")
                self._states.write(stage.name, replace(state, status="running" if killed else "failed"))
            raise
        # Told when all is closed, so that nothing that happens in telling it can change how it ended.
        self._event("succeeded", stage, position, duration=self._results[stage.name].duration)

    def _execute(
        self, recorder: Recorder, stage: Stage, plan: _Plan, position: int, state: StageState, run: Run
    ) -> None:
        from nbops.pipelines.execution import Task, execute

        begun = time.monotonic()
        target = Path(state.notebook)
        # Not beside the notebooks: a stage may be called "a.ipynb" and another one "a".
        values = target.parent / "outputs" / stage.name
        values.mkdir(parents=True, exist_ok=True)
        try:
            done = execute(
                Task(
                    source=stage.notebook,
                    parameters=plan.parameters.values,
                    variables=stage.variables,
                    folder=self._pipeline.folder,
                    target=target,
                    environment={
                        "NBOPS_PARENT_RUN": run.run_id,
                        "NBOPS_NOTEBOOK": str(stage.notebook),
                        "NBOPS_WORKSPACE": str(self._workspace.root),
                        "NBOPS_STAGE": f"{self._pipeline.name}/{stage.name}",
                        FOLDER: str(values),
                    },
                    on_cell=lambda at: self._event("cell", stage, position, cell=at.cell, cells=at.cells),
                )
            )
        finally:
            found = collected(values)
        duration = time.monotonic() - begun
        html = self._page(stage, plan, target, done, duration)
        kept = [
            file_part(path.read_bytes(), path.name, "notebook" if path == target else "report")
            for path in (target, html)
        ]
        state = replace(state, html=str(html), duration=duration)
        runs = {name: known.run_id for name, known in self._results.items()}
        reads = received(self._pipeline.folder, plan.parts["inputs"], plan.parameters, self._given, runs)
        if done.failure is not None:
            told = ErrorInfo(type=done.failure.type, message=done.failure.message, traceback=done.failure.traceback)
            recorder.stage_done(run, {}, kept, told, "FAILED", done.redactions, reads)
            self._states.write(stage.name, replace(state, status="failed"))
            self._results[stage.name] = replace(self._results[stage.name], html=str(html))
            line = f"{done.failure.type}: {done.failure.message}" if done.failure.message else done.failure.type
            raise StageFailed(stage.name, done.failure.cell, line[:500], str(target))
        outputs = with_owners(self._workspace, run.run_id, found)
        files = {name: self._pipeline.folder / name for name in stage.files} | rewritten(
            plan.parts, self._pipeline, stage
        )
        written = tuple(file_output(name, path) for name, path in files.items())
        data = reads + gave(self._workspace, self._pipeline, stage, run, reads, (*outputs.values(), *written))
        recorder.stage_done(run, outputs, kept, None, "FINISHED", done.redactions, data)
        state = replace(state, status="succeeded", outputs=without_secrets(outputs), files=written)
        # What the stage has written was perhaps there before, and looked like an input.
        inputs = without(plan.parts["inputs"], self._pipeline.folder, state.written)
        parts = {**plan.parts, "inputs": inputs}
        self._states.write(stage.name, replace(state, parts=parts, key=key_of(parts)))
        self._given[stage.name], self._keys[stage.name] = outputs, key_of(parts)
        self._files[stage.name] = written
        self._results[stage.name] = replace(
            self._results[stage.name],
            status="succeeded",
            html=str(html),
            duration=duration,
            outputs={name: item.value for name, item in outputs.items()},
        )

    def _page(self, stage: Stage, plan: _Plan, target: Path, done: Executed, duration: float) -> Path:
        from nbops.pipelines.page import page_of

        path = target.with_suffix(".html")
        subtitle = f"{stage.notebook.name} · ran because: {plan.reason} · {duration:.1f} s"
        title = f"{self._pipeline.name} / {stage.name}"
        text = page_of(done.notebook, title, subtitle, failed=done.failure is not None)
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
        return path

    def _event(self, kind: EventKind, stage: Stage, position: int, **facts: Any) -> None:
        total = len(self._pipeline.stages)
        try:
            self._tell(PipelineEvent(kind=kind, stage=stage.name, number=position, stages=total, **facts))
        except Exception as error:
            # Whoever watches a pipeline is not part of it.
            _log.warning("progress cannot be told: %s", " ".join(str(error).split())[:200])


def _told(error: BaseException | None) -> ErrorInfo | None:
    if error is None:
        return None
    return ErrorInfo(type=type(error).__name__, message=redact(" ".join(str(error).split()))[0][:500])
