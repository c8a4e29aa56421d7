"""Registered models, their versions, lifecycle stages and aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

LifecycleStage = Literal["None", "Staging", "Production", "Archived"]
LIFECYCLE_STAGES: tuple[LifecycleStage, ...] = ("None", "Staging", "Production", "Archived")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A movable name of a version, such as ``champion``."""

    name: str
    version: int
    set_at: float = 0.0
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFile:
    """A file of a version: ``path`` inside the version, ``digest`` (sha256) names its bytes in the content store."""

    path: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignChange:
    """Something that stands otherwise in MLflow's registry than in the ledger: it came not through the gate.

    ``kind`` is ``alias``, ``version``, ``model`` or ``tag``; ``name`` says which, such as ``champion``; ``expected``
    and ``found`` are what the ledger and MLflow say, empty where it is absent.
    """

    model: str
    kind: str
    name: str
    expected: str
    found: str
    seen_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One registered version. ``digest`` is the sha256 over the list of its files; times in seconds since the epoch.

    ``serialization`` names the format it is loaded from: ``skops``, or ``pickle`` and ``cloudpickle``, which need an
    approval. ``mlflow_version`` is the version under which MLflow's registry mirrors it, empty until delivered.
    """

    model: str
    version: int
    run_id: str
    digest: str
    size: int
    class_name: str
    flavor: str
    serialization: str
    created_at: float
    author: str
    lifecycle_stage: LifecycleStage = "None"
    aliases: tuple[str, ...] = ()
    files: tuple[VersionFile, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    feature_types: tuple[str, ...] = ()
    task: str = ""
    description: str = ""
    problem: str = ""
    mlflow_version: str = ""
    mlflow_model_id: str = ""
    origin: str = "nbops"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A registered model with its versions, newest first; ``foreign`` is what others changed in MLflow's registry."""

    name: str
    created_at: float
    aliases: tuple[Alias, ...] = ()
    versions: tuple[ModelVersion, ...] = ()
    foreign: tuple[ForeignChange, ...] = ()
    origin: str = "nbops"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChange:
    """Something that differs between two versions; ``None`` where it is absent.

    ``kind`` is ``code``, ``param``, ``metric``, ``data``, ``package``, ``signature``, ``file`` or ``fact``.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionChange:
    """How predictions of two versions differ on the same rows.

    ``groups`` holds, for the values of a column, how many rows it has and how many of those change.
    """

    rows: int
    changed: int
    to_right: int | None = None
    to_wrong: int | None = None
    mean_shift: float | None = None
    groups: tuple[dict[str, Any], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """What changed from version ``before`` of a model to version ``after``; ``code`` is a unified diff."""

    model: str
    before: int
    after: int
    changes: tuple[VersionChange, ...] = ()
    code: str = ""
    predictions: PredictionChange | None = None
