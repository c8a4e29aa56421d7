"""Runs: what a tracked cell, script, stage or pipeline leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

RUN_MIME = "application/vnd.nbops.run.v1+json"

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]
RunKind = Literal["cell", "script", "stage", "pipeline", "mlflow"]
Origin = Literal["nbops", "mlflow"]
Delivery = Literal["pending", "ledger", "delivered", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRef:
    """Where the code of a run stands.

    ``notebook`` is absolute and POSIX-like, or empty; ``key`` names the family "the same cell, run again".
    ``source`` says who told us: ``jupyterlab``, ``papermill``, ``vscode``, ``jupyter-server``, ``ipython``, ``script``.
    """

    notebook: str = ""
    cell_id: str = ""
    execution_count: int | None = None
    key: str = ""
    source: str = "script"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRef:
    """A frame that a run read or wrote: its name in the code and the identity of its whole content.

    ``schema`` maps column name to dtype, in column order. ``context`` is ``read`` or ``written``.
    """

    name: str
    fingerprint: str
    rows: int
    columns: int
    schema: dict[str, str] = field(default_factory=dict)
    context: str = "read"
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A fitted estimator found in a run. ``digest`` is the sha256 of the stored bytes, empty if not stored.

    ``flavor`` is ``sklearn`` or ``python``; ``problem`` says in one line why nothing was stored.
    """

    name: str
    class_name: str
    module: str = ""
    flavor: str = "sklearn"
    digest: str = ""
    size: int = 0
    serialization: str = "pickle"
    features: tuple[str, ...] = ()
    feature_types: tuple[str, ...] = ()
    task: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRef:
    """A file of a run: ``path`` inside the run, ``digest`` (sha256) names the bytes in the content store."""

    path: str
    digest: str
    size: int
    media_type: str = "application/octet-stream"
    kind: str = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    """The exception of a failed run; ``traceback`` is plain text without colour codes."""

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """Version control at the time of the run. Whether it is ``dirty`` is not known where git did not answer in time."""

    commit: str = ""
    branch: str = ""
    dirty: bool | None = None
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Interpreter and the distributions whose modules were imported, name to version."""

    python: str = ""
    platform: str = ""
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """One value of a metric series. ``timestamp`` in seconds since the epoch."""

    name: str
    value: float
    step: int = 0
    timestamp: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, whole: what capture fills, the outbox keeps, the ledger stores and a run's detail shows.

    Times are seconds since the epoch, durations seconds, memory bytes. ``metrics`` holds the last value of each
    metric; the points of a series are kept apart. ``metric_functions`` maps a metric to the
    ``sklearn.metrics`` function that made it, where the code shows it. ``redactions`` counts replaced secrets.
    ``profiles`` maps a fingerprint to what was profiled of that frame: ``all rows``, ``30,000 of 200,000 rows``, ``none: …``.
    ``author`` is what the settings say, ``user`` whom the operating system or a token vouches for.
    """

    run_id: str
    name: str
    experiment: str
    kind: RunKind = "cell"
    status: RunStatus = "RUNNING"
    origin: Origin = "nbops"
    parent_id: str = ""
    attempt: int = 1
    author: str = ""
    user: str = ""
    started_at: float = 0.0
    ended_at: float | None = None
    duration: float | None = None
    cpu: float | None = None
    peak_memory: int | None = None
    tracking: float | None = None
    cell: CellRef = field(default_factory=CellRef)
    code: str = ""
    code_digest: str = ""
    names_read: tuple[str, ...] = ()
    names_written: tuple[str, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    metric_functions: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    data: tuple[DataRef, ...] = ()
    profiles: dict[str, str] = field(default_factory=dict)
    models: tuple[ModelRef, ...] = ()
    artifacts: tuple[ArtifactRef, ...] = ()
    stdout: str = ""
    stderr: str = ""
    error: ErrorInfo | None = None
    git: GitState | None = None
    environment: Environment | None = None
    redactions: int = 0
    uses_mlflow: bool = False
    process: str = ""
    delivery: Delivery = "pending"
    delivery_error: str = ""
    mlflow_run_id: str = ""
    mlflow_experiment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One line of a list of runs."""

    run_id: str
    name: str
    experiment: str
    kind: RunKind
    status: RunStatus
    origin: Origin
    parent_id: str
    notebook: str
    cell_id: str
    execution_count: int | None
    started_at: float
    duration: float | None
    params: dict[str, str]
    metrics: dict[str, float]
    error: str
    delivery: Delivery
    has_model: bool
    mlflow_run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """A page of runs. ``total`` counts all that match; ``metric_names`` are those one can sort by."""

    runs: tuple[RunRow, ...]
    total: int
    offset: int
    limit: int
    metric_names: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A name whose value differs from the previous run; ``None`` where it was or is absent.

    ``kind`` is ``param``, ``metric``, ``data``, ``code`` or ``environment``. ``better`` is set for metrics
    whose direction is known.
    """

    kind: str
    name: str
    before: str | None
    after: str | None
    delta: float | None = None
    better: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """The metrics of an earlier run of the same cell."""

    run_id: str
    name: str
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is shown under a tracked cell: the run, what it is compared to and what changed.

    ``history`` is oldest first and ends before this run. ``attempt`` counts runs of this cell.
    """

    run: Run
    previous: HistoryPoint | None = None
    changes: tuple[Change, ...] = ()
    history: tuple[HistoryPoint, ...] = ()
    warnings: tuple[str, ...] = ()
    workspace: str = ""
