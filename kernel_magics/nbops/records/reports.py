"""What reports say to people who decide: on a change of a pipeline, on a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nbops.records.governance import AuditEvent, AuditVerdict, Lineage, ModelCard
from nbops.records.models import ModelVersion
from nbops.records.monitoring import MonitorSummary, RetrainDecision
from nbops.records.pipelines import PipelineRun, StageRun
from nbops.records.promotions import GateReport, PromotionView


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """Everything that is known of a version of a model, for a meeting.

    ``view`` stands for gates, approvals and who held the target before. ``drift`` are the plain values of the last drift report
    that a monitor kept, of the look ``drift_at``; ``performance`` those of the performance as known at ``made_at``. ``events``
    are the last of the audit log that concern the model; ``audit_head`` is ``SEQ:MAC`` of its last event of all. ``missing``
    maps parts that are not there to the reason.
    """

    version: ModelVersion
    card: ModelCard
    target: str
    made_at: float
    training: dict[str, Any] = field(default_factory=dict)
    view: PromotionView | None = None
    drift: dict[str, Any] = field(default_factory=dict)
    drift_at: float | None = None
    performance: dict[str, Any] = field(default_factory=dict)
    monitors: tuple[MonitorSummary, ...] = ()
    decisions: tuple[RetrainDecision, ...] = ()
    lineage: Lineage | None = None
    events: tuple[AuditEvent, ...] = ()
    audit: AuditVerdict | None = None
    audit_head: str = ""
    missing: dict[str, str] = field(default_factory=dict)
