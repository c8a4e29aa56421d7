"""How an attempt at a stage ends: its folder gets its name, its outputs are kept, its run is closed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nbops.errors import NbopsError, StageFailed
from nbops.pipelines.outputs import Output, file_output
from nbops.pipelines.owners import with_owners
from nbops.pipelines.passed import gave, received
from nbops.pipelines.result import StageResult
from nbops.pipelines.running.planning import Plan, Planner
from nbops.pipelines.running.recording import Recorder
from nbops.pipelines.running.state import StageState
from nbops.pipelines.running.work import Done
from nbops.pipelines.secrets import without_secrets
from nbops.pipelines.spec import Stage
from nbops.pipelines.staleness.parts import key_of, rewritten, without
from nbops.records import ArtifactRef, DataRef, ErrorInfo, Run
from nbops.redaction import redact
from nbops.tracking.parts import file_part
from nbops.workspace import Workspace

Ended = tuple[StageResult, StageState, Mapping[str, Output]]


class Closing:
    """Closes the stages of one run of a pipeline."""

    def __init__(self, workspace: Workspace, planner: Planner, recorder: Recorder) -> None:
        self._workspace, self._pipeline = workspace, planner.pipeline
        self._planner, self._recorder, self._states = planner, recorder, planner.states

    def close(self, stage: Stage, plan: Plan, run: Run, done: Done, runs: Mapping[str, str]) -> Ended:
        """Keep what a stage gave; what it holds after that is its result.

        Raises
        ------
        StageFailed
            A cell raised.
        PipelineError
            A file that it was to write is not there.
        """
        if done.failure is not None:
            line = f"{done.failure.type}: {done.failure.message}" if done.failure.message else done.failure.type
            raise StageFailed(stage.name, stage.source.number(done.failure.cell), line[:500], str(done.notebook))
        files = {name: self._pipeline.folder / name for name in stage.files}
        files |= rewritten(plan.parts, self._pipeline, stage)
        written = tuple(file_output(name, path) for name, path in files.items())
        # From here on it has succeeded: one rename gives the folder of this attempt the stage's name.
        done = done.committed(_named(done.place, stage))
        outputs = with_owners(self._workspace, run.run_id, done.outputs)
        reads = self._reads(plan, runs)
        data = reads + gave(self._workspace, self._pipeline, stage, run, reads, (*outputs.values(), *written))
        self._recorder.stage_done(run, outputs, _kept(done.notebook), None, "FINISHED", done.redactions, data)
        # What the stage has written was perhaps there before, and looked like an input.
        state = StageState(
            status="succeeded",
            run_id=run.run_id,
            notebook=str(done.notebook),
            duration=done.duration,
            ended_at=time.time(),
            kernel=done.kernel,
            outputs=without_secrets(outputs),
            files=written,
        )
        parts = {**plan.parts, "inputs": without(plan.parts["inputs"], self._pipeline.folder, state.written)}
        state = replace(state, parts=parts, key=key_of(parts))
        self._states.write(stage.name, state)
        result = StageResult(
            name=stage.name,
            status="succeeded",
            reason=plan.reason,
            run_id=run.run_id,
            notebook=str(done.notebook),
            kernel=done.kernel,
            duration=done.duration,
            outputs={name: item.value for name, item in outputs.items()},
        )
        return result, state, outputs

    def fail(
        self, stage: Stage, plan: Plan, run: Run, done: Done, error: NbopsError, attempt: int, runs: Mapping[str, str]
    ) -> None:
        """Close a stage that has failed for good."""
        told = ErrorInfo(type=type(error).__name__, message=redact(" ".join(str(error).split()))[0][:500])
        if done.failure is not None and isinstance(error, StageFailed):
            told = ErrorInfo(type=done.failure.type, message=done.failure.message, traceback=done.failure.traceback)
        reads = self._reads(plan, runs)
        self._recorder.stage_done(run, {}, _kept(done.notebook), told, "FAILED", done.redactions, reads)
        self._states.write(
            stage.name,
            StageState(
                status="failed",
                key=plan.key,
                parts=plan.parts,
                run_id=run.run_id,
                notebook=str(done.notebook),
                duration=done.duration,
                attempt=attempt,
                kernel=done.kernel,
                error=told.message,
            ),
        )

    def stopped(self, stage: Stage, run: Run) -> None:
        """Close a stage that somebody stopped; its state stays "running", so that it is begun again."""
        self._recorder.stage_done(run, {}, (), None, "KILLED")

    def _reads(self, plan: Plan, runs: Mapping[str, str]) -> tuple[DataRef, ...]:
        return received(self._pipeline.folder, plan.parts["inputs"], plan.parameters, self._planner.given, runs)


def _named(place: Path, stage: Stage) -> Path:
    target = place.parent.parent / stage.slug
    if target.exists():
        shutil.rmtree(target)
    place.rename(target)
    return target


def _kept(notebook: Path) -> list[tuple[ArtifactRef, bytes]]:
    return [file_part(notebook.read_bytes(), notebook.name, "notebook")] if notebook.is_file() else []
