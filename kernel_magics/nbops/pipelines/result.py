"""What a run of a pipeline tells while it goes on, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nbops.errors import NbopsError

StageStatus = Literal["succeeded", "skipped", "failed", "stopped", "pending"]
EventKind = Literal["stage", "cell", "succeeded", "skipped", "retry", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineEvent:
    """Something that happened: a stage began, a cell began or printed, a stage is tried again, or ended.

    ``number`` counts the stages from 1 to ``stages``, ``cell`` the code cells from 1 to ``cells``; ``message`` says why a
    stage runs or is skipped, what it printed last, or what failed; ``duration`` in seconds.
    """

    kind: EventKind
    stage: str
    number: int
    stages: int
    cell: int = 0
    cells: int = 0
    message: str = ""
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage. ``reason`` says why it ran or was skipped; paths are absolute; ``outputs`` are the values handed on."""

    name: str
    status: StageStatus = "pending"
    reason: str = ""
    run_id: str = ""
    notebook: str = ""
    kernel: str = ""
    attempt: int = 0
    duration: float | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineResult:
    """A whole run; ``status`` is ``succeeded`` or ``failed``, ``failure`` what stopped it, durations in seconds."""

    name: str
    run_id: str
    status: str
    stages: tuple[StageResult, ...]
    duration: float = 0.0
    failure: NbopsError | None = None

    @property
    def error(self) -> str:
        """What stopped it, in one line; empty when nothing did."""
        return str(self.failure) if self.failure is not None else ""

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; a number that JSON does not have is ``None``."""
        stages = [
            {name: getattr(stage, name) for name in StageResult.__dataclass_fields__ if name != "outputs"}
            | {"outputs": _valid(dict(stage.outputs))}
            for stage in self.stages
        ]
        return {
            "name": self.name,
            "run_id": self.run_id,
            "status": self.status,
            "duration": self.duration,
            "stages": stages,
            "error": self.error,
        }

    def stage(self, name: str) -> StageResult:
        """Give one stage by name."""
        return next(stage for stage in self.stages if stage.name == name)


def _valid(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _valid(item) for name, item in value.items()}
    return [_valid(item) for item in value] if isinstance(value, list) else value
