"""Pipelines as they run, and what starts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

PIPELINE_MIME = "application/vnd.nbops.pipeline.v1+json"

StageRunStatus = Literal["pending", "running", "succeeded", "skipped", "failed", "stopped", "lost"]
PipelineRunStatus = Literal["running", "succeeded", "failed", "stopped", "lost"]
PartKind = Literal[
    "parameter", "code", "input", "module", "upstream", "output", "environment", "kernel", "package", "state"
]
ExplanationStatus = Literal["current", "stale", "waits"]
TriggerKind = Literal["cron", "data", "drift", "performance", "promotion", "pipeline", "manual"]
ScheduleRunStatus = Literal["queued", "running", "succeeded", "failed", "stopped", "skipped", "missed", "lost"]
MissedPolicy = Literal["skip", "once", "all"]
OverlapPolicy = Literal["skip", "queue", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """One stage of a run of a pipeline.

    Times are seconds since the epoch. ``group`` is the declared stage of which a ``foreach`` made this one; ``track_id``
    the tracked run of the stage; ``cell`` and ``cells`` count its code cells from 1; ``line`` is the last line of output;
    ``kernel`` says how its kernel came about; ``resumable`` whether the failed cell can be gone on from, else ``resume_problem``.
    """

    stage: str
    status: StageRunStatus = "pending"
    group: str = ""
    after: tuple[str, ...] = ()
    attempt: int = 0
    reason: str = ""
    key: str = ""
    track_id: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    cell: int = 0
    cells: int = 0
    line: str = ""
    kernel: str = ""
    notebook: str = ""
    error: str = ""
    failed_cell: int = 0
    resumable: bool = False
    resume_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which a stage differs from its last good run, ``told`` in one line.

    ``old`` and ``new`` are values, versions or the beginnings of digests, empty where there is none or it is a secret;
    ``diff`` shows the lines of a cell that changed; ``through`` are the files by which a module is imported.
    """

    part: PartKind
    name: str
    told: str
    old: str = ""
    new: str = ""
    diff: str = ""
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether a stage would run and why: ``current`` is up to date, ``waits`` that a stage before it would run.

    ``run_id`` and ``ended_at`` are those of the last good run, which ``differences`` are against; ``cached`` says that a
    kept result would be used instead of running.
    """

    stage: str
    status: ExplanationStatus
    reason: str
    differences: tuple[Difference, ...] = ()
    run_id: str = ""
    ended_at: float | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """One run of a pipeline.

    ``trigger`` says what started it (``manual``, ``cron``, …), ``runner`` where its stages ran, ``options`` what it was
    asked to do: ``force``, ``only``, ``from``, ``parameters``, ``jobs``.
    """

    run_id: str
    pipeline: str
    path: str
    status: PipelineRunStatus
    trigger: str = "manual"
    schedule: str = ""
    runner: str = "local"
    started_at: float = 0.0
    ended_at: float | None = None
    error: str = ""
    resumed_from: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    stages: tuple[StageRun, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSummary:
    """A pipeline of the workspace: its declaration and its last run."""

    name: str
    path: str
    problem: str = ""
    last: PipelineRun | None = None
    runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRun:
    """One time a schedule came due, and what became of it. ``evidence`` says why it did, or why nothing ran."""

    id: int
    schedule: str
    due_at: float
    status: ScheduleRunStatus
    evidence: str = ""
    run_id: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What starts a pipeline by itself.

    ``pipeline`` is a pipeline file, from the root of the workspace, or the name of one in ``nbops.toml``. ``cron`` and
    ``timezone`` belong to the trigger ``cron``; ``subject`` is what the other triggers look at (files, a model, a
    pipeline), ``measure`` and ``threshold`` how much must have come. Times are seconds since the epoch.

    The rest is filled in where a schedule is read: ``words`` says in a sentence when it runs, ``last`` is what became of
    the last time, ``problem`` why it cannot be used, ``origin`` the file that declares it.
    """

    name: str
    pipeline: str
    trigger: TriggerKind
    cron: str = ""
    timezone: str = "UTC"
    subject: str = ""
    measure: str = ""
    threshold: float = 0.0
    missed: MissedPolicy = "once"
    missed_cap: int = 10
    overlap: OverlapPolicy = "skip"
    parameters: dict[str, str] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()
    paused: bool = False
    author: str = ""
    origin: str = ""
    created_at: float = 0.0
    next_at: float | None = None
    problem: str = ""
    words: str = ""
    last: ScheduleRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedSchedules:
    """What applying declarations has done to schedules, by name. ``left`` are there though no file declares them any more."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
