"""What a report of a pipeline's run says to whoever decides on a change."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbops.records.pipelines import PipelineRun, StageRun
from nbops.records.promotions import GateReport


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMetric:
    """A metric of a stage, before and after; ``None`` where it is absent. ``better`` is set where its direction is known."""

    stage: str
    name: str
    before: float | None
    after: float | None
    better: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFound:
    """What a stage said of drift: the columns that drifted, and its conclusion in one sentence."""

    stage: str
    columns: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineReport:
    """A run against an earlier one.

    ``stages`` has the last run of every stage, from this run or, where it left a stage out, from one before it. ``against`` says
    in words what ``metrics`` are compared with, or why with nothing. ``commit`` is empty where no version control is in use.
    ``stale`` maps stages that would run now to the reason; ``stale_problem`` says why that is not known. ``notebooks`` maps
    stages to their executed notebook, from the root of the workspace on.
    """

    run: PipelineRun
    commit: str = ""
    branch: str = ""
    against: str = ""
    stages: tuple[StageRun, ...] = ()
    metrics: tuple[StageMetric, ...] = ()
    gates: tuple[GateReport, ...] = ()
    drift: tuple[DriftFound, ...] = ()
    stale: dict[str, str] = field(default_factory=dict)
    stale_problem: str = ""
    notebooks: dict[str, str] = field(default_factory=dict)
