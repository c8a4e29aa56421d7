"""Monitors, what they found, the incidents they opened, and the retraining they led to."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

CheckKind = Literal["drift", "prediction", "quality", "performance", "estimate", "volume", "infrastructure"]
# From the least to the most trouble; ``waiting`` has not looked yet, ``error`` could not look.
MonitorState = Literal["paused", "ok", "waiting", "warning", "error", "alert"]
IncidentState = Literal["open", "acknowledged", "recovered"]
RetrainCause = Literal["drift", "performance", "schedule", "volume", "manual"]
# The first two go on; all others are how it ended.
RetrainOutcome = Literal[
    "queued",
    "running",
    "promoted",
    "awaiting approval",
    "not better",
    "gates failed",
    "failed",
    "cooling down",
    "over budget",
    "busy",
]
MONITOR_MIME = "application/vnd.nbops.monitor.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing a monitor looks at.

    ``name`` is unique in the monitor. ``columns`` narrows drift and quality (all if empty). ``metric`` is that of performance
    and estimates, or what is measured of volume (``rows``, ``labelled``) and infrastructure (``errors``, ``latency_p95``);
    ``threshold`` is the worst value that is no alert, ``warning`` the worst that is no warning; ``None`` for drift means the
    calibrated verdict decides. ``options`` holds the rest, such as ``alpha``, ``min_effect``, ``by``, ``rules``.
    """

    name: str
    kind: CheckKind
    columns: tuple[str, ...] = ()
    metric: str = ""
    threshold: float | None = None
    warning: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """What is watched, how often, and who is told.

    ``model`` is ``NAME`` or ``NAME@TARGET``, empty where only data are watched. ``source`` is ``predictions`` (the model's
    prediction log), or a file, folder or pattern, with ``time`` the column that windows go by. ``reference`` is empty for the
    profile stored with the model's version, or a file. ``window`` is ``1d``, ``7d``, ``1h``, ``1 month``, ``1000 rows`` or
    ``all``. ``cron`` is empty where only a pipeline or a person runs it. ``routes`` are ``lab``, ``webhook:NAME``,
    ``email:ADDRESS``, ``slack:NAME``. ``remind_hours`` is how long an open incident stays quiet. ``origin`` is the file that
    declares it, empty where it was added by hand.
    """

    name: str
    model: str = ""
    source: str = "predictions"
    reference: str = ""
    time: str = ""
    window: str = "1d"
    cron: str = ""
    timezone: str = "UTC"
    checks: tuple[Check, ...] = ()
    routes: tuple[str, ...] = ("lab",)
    remind_hours: float = 24.0
    paused: bool = False
    muted_until: float | None = None
    mute_reason: str = ""
    origin: str = ""
    author: str = ""
    created_at: float = 0.0
    next_at: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found in one window. ``value`` is what is drawn as a sparkline, ``limit`` where it begins to matter."""

    check: str
    kind: CheckKind
    state: MonitorState
    message: str
    value: float | None = None
    limit: float | None = None
    columns: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRun:
    """One look of a monitor at one window. ``report`` names the JSON of the drift report in the content store, or is empty."""

    id: int
    monitor: str
    model: str
    version: int | None
    at: float
    window_start: float | None
    window_end: float | None
    rows: int
    state: MonitorState
    sentence: str
    report: str = ""
    error: str = ""
    checks: tuple[CheckResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Trouble of one check, from when it began until it has passed; told once, reminded of, and told to be over."""

    id: int
    monitor: str
    model: str
    check: str
    kind: CheckKind
    state: IncidentState
    message: str
    opened_at: float
    last_at: float
    windows: int = 1
    recovered_at: float | None = None
    reminded_at: float | None = None
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    reason: str = ""
    undelivered: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSeries:
    """The last values of a check, the oldest first; ``None`` where it had none."""

    check: str
    kind: CheckKind
    state: MonitorState
    message: str
    values: tuple[float | None, ...] = ()
    at: tuple[float, ...] = ()
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainPolicy:
    """When a model is trained anew, and what becomes of the challenger.

    ``on`` says what starts it: ``drift``, ``performance``, ``schedule`` (by ``cron``), ``volume`` (``volume`` newly labelled
    rows). ``source`` is ``predictions`` (the prediction log with the labels that have arrived) or a file, folder or pattern with
    the column ``label`` and, if ``time`` names one, in its order; ``window`` is how much of the newest labelled rows counts
    (``90d``, ``10000 rows``, ``all``). The newest ``holdout`` of them judge, the pipeline learns from the others: it gets them as
    a file by its parameter ``data_parameter``, and gives a model. At most ``budget`` trainings in ``budget_days`` days, and
    none within ``cool_down_hours`` after the last. ``mode`` is ``promote`` or ``approval``.
    """

    model: str
    pipeline: str
    on: tuple[RetrainCause, ...] = ("drift", "performance")
    cron: str = ""
    timezone: str = "UTC"
    volume: int = 0
    source: str = "predictions"
    time: str = ""
    label: str = "target"
    window: str = "all"
    data_parameter: str = "source"
    parameters: dict[str, Any] = field(default_factory=dict)
    holdout: float = 0.25
    metric: str = ""
    min_gain: float = 0.0
    confidence: float = 0.95
    target: str = "Production"
    mode: Literal["promote", "approval"] = "approval"
    cool_down_hours: float = 24.0
    budget: int = 4
    budget_days: float = 30.0
    paused: bool = False
    origin: str = ""
    author: str = ""


# What of a policy is a text that a person gives.
POLICY_TEXTS = tuple(
    one.name
    for one in fields(RetrainPolicy)
    if one.name == "pipeline" or (isinstance(one.default, str) and one.name not in ("origin", "author"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainDecision:
    """One decision about retraining, with what it was based on; the audit log holds it too."""

    id: int
    model: str
    at: float
    cause: RetrainCause
    outcome: RetrainOutcome
    message: str
    ended_at: float | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    challenger: int | None = None
    champion: int | None = None
    comparison: dict[str, Any] = field(default_factory=dict)
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSummary:
    """A monitor in a table: its state, its last look, what is open, and how its checks went.

    ``labelled`` is the share of the window's predictions whose labels have arrived, ``None`` where nobody counts.
    """

    monitor: Monitor
    state: MonitorState
    sentence: str = ""
    version: int | None = None
    last: MonitorRun | None = None
    incidents: tuple[Incident, ...] = ()
    series: tuple[CheckSeries, ...] = ()
    labelled: float | None = None
    retrain: RetrainDecision | None = None
    policy: RetrainPolicy | None = None
