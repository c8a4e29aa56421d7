"""Registered models and their versions."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A movable name of a version, such as ``champion``."""

    name: str
    version: int
    set_at: float = 0.0
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One registered version. ``digest`` is the sha256 of the model's bytes; times in seconds since the epoch.

    ``mlflow_version`` is the version under which MLflow's registry mirrors it, empty until delivered.
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
    aliases: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    task: str = ""
    description: str = ""
    profile_digest: str = ""
    mlflow_version: str = ""
    mlflow_model_id: str = ""
    origin: str = "nbops"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A registered model with its versions, newest first."""

    name: str
    created_at: float
    aliases: tuple[Alias, ...] = ()
    versions: tuple[ModelVersion, ...] = ()
    origin: str = "nbops"
