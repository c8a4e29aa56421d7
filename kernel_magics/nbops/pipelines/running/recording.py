"""Pipelines and stages as runs, through the outbox like every other run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbops.capture.git import GitReader
from nbops.capture.naming import new_run_id
from nbops.pipelines.outputs import Output, is_finite
from nbops.pipelines.secrets import shown
from nbops.pipelines.spec import Pipeline, Stage
from nbops.records import ArtifactRef, CellRef, DataRef, ErrorInfo, ModelRef, Run, RunStatus, from_wire
from nbops.redaction import redact
from nbops.tracking.outbox import Outbox
from nbops.tracking.parts import file_part
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace

_LONGEST = 250


class Recorder:
    """Writes the runs of one execution of a pipeline into the outbox.

    Parameters
    ----------
    workspace
        Where the runs belong.
    pipeline
        What is executed.
    run_id
        Id of the run, where somebody has given it one.
    """

    def __init__(self, workspace: Workspace, pipeline: Pipeline, run_id: str = "") -> None:
        self._workspace, self._pipeline = workspace, pipeline
        self._box = Outbox(workspace)
        self._process = process_identity()
        # Once: what a thousand stages run is of one state.
        self._git, _ = GitReader(pipeline.folder).read()
        self.run = self._new(pipeline.name, "pipeline", pipeline.path.as_posix(), {"pipeline": pipeline.name})
        # A stage may itself run a pipeline.
        parent = os.environ.get("NBOPS_PARENT_RUN", "")
        self.run = replace(self.run, run_id=run_id or self.run.run_id, parent_id=parent)
        self._box.start(self.run)

    def stage(self, stage: Stage, parameters: Mapping[str, Any], reason: str) -> Run:
        """Begin the run of a stage."""
        tags = {"pipeline": self._pipeline.name, "stage": stage.name, "reason": redact(reason)[0]}
        if stage.template:
            tags["template"] = stage.template
        run = self._new(stage.name, "stage", stage.written.as_posix(), tags)
        params, hits = _params(parameters)
        run = replace(run, parent_id=self.run.run_id, params=params, redactions=hits)
        self._box.start(run)
        return run

    def stage_done(
        self,
        run: Run,
        outputs: Mapping[str, Output],
        files: Sequence[tuple[ArtifactRef, bytes]],
        error: ErrorInfo | None,
        status: RunStatus,
        redactions: int = 0,
        data: tuple[DataRef, ...] = (),
    ) -> None:
        """Finish the run of a stage, with what it gave away."""
        models = tuple(from_wire(ModelRef, dict(item.model)) for item in outputs.values() if _is_own(item, run))
        run = replace(
            run, metrics=metrics_of(outputs), models=models, data=data, redactions=run.redactions + redactions
        )
        self._finish(run, status, files, error)

    def done(self, status: RunStatus, error: ErrorInfo | None = None, facts: Mapping[str, str] | None = None) -> None:
        """Finish the run of the pipeline."""
        parts = []
        # It may have been removed or renamed while its stages ran.
        with contextlib.suppress(OSError):
            text, _ = redact(self._pipeline.path.read_text(encoding="utf-8", errors="replace"))
            parts.append(file_part(text.encode(), self._pipeline.path.name, "pipeline"))
        self.run = replace(self.run, params=dict(facts or {}))
        self._finish(self.run, status, parts, error)

    def _finish(
        self, run: Run, status: RunStatus, files: Sequence[tuple[ArtifactRef, bytes]], error: ErrorInfo | None
    ) -> None:
        now = time.time()
        family = self._box.family(run.cell.key)
        self._box.finish(
            replace(
                run,
                status=status,
                ended_at=now,
                duration=now - run.started_at,
                artifacts=tuple(ref for ref, _ in files),
                error=error,
                attempt=family.count + 1,
            ),
            files,
        )

    def _new(self, name: str, kind: Any, notebook: str, tags: dict[str, str]) -> Run:
        key = hashlib.sha256(f"{kind}\0{self._pipeline.path.as_posix()}\0{name}".encode()).hexdigest()[:32]
        return Run(
            run_id=new_run_id(),
            name=name,
            experiment=self._workspace.experiment,
            kind=kind,
            author=self._workspace.author,
            started_at=time.time(),
            cell=CellRef(notebook=notebook, key=key, source="papermill" if kind == "stage" else "script"),
            tags=tags,
            git=self._git,
            process=self._process,
        )


def _is_own(item: Output, run: Run) -> bool:
    return item.kind == "model" and str(item.value).startswith(run.run_id)


def metrics_of(outputs: Mapping[str, Output]) -> dict[str, float]:
    """Give the numbers among the outputs, and those of an output called ``metrics``."""
    found = {name: float(item.value) for name, item in outputs.items() if is_finite(item.value)}
    several = outputs["metrics"].value if "metrics" in outputs else {}
    if isinstance(several, dict):
        found |= {name: float(value) for name, value in several.items() if is_finite(value)}
    return found


def _params(values: Mapping[str, Any]) -> tuple[dict[str, str], int]:
    texts, count = shown(values)
    return {k: v if len(v) <= _LONGEST else v[: _LONGEST - 1] + "…" for k, v in texts.items()}, count
