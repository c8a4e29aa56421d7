"""Settings across processes: what MLflow of this session is told, and what another process of ours is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from nbops.workspace.location import Workspace
from nbops.workspace.settings import MLFLOW, OFFERED, VARIABLES

__all__ = ["MLFLOW", "OFFERED", "environment_of", "offer_mlflow", "withdraw_mlflow"]


def offer_mlflow(uri: str) -> None:
    """Point the session's MLflow at a store unless a person has pointed it anywhere; what we said before may change."""
    if os.environ.get(MLFLOW) in (None, os.environ.get(OFFERED)):
        os.environ[MLFLOW] = os.environ[OFFERED] = uri


def withdraw_mlflow() -> None:
    """Take back what :func:`offer_mlflow` has said."""
    offered = os.environ.pop(OFFERED, None)
    if offered is not None and os.environ.get(MLFLOW) == offered:
        del os.environ[MLFLOW]


def environment_of(workspace: Workspace, environ: Mapping[str, str]) -> dict[str, str]:
    """Give an environment in which another process, wherever it starts, finds this workspace with the same settings."""
    ours = {*VARIABLES, OFFERED, "NBOPS_WORKSPACE"}
    told = {name: value for name, value in environ.items() if name not in ours}
    told |= {setting.source: setting.value for setting in workspace.settings.values() if setting.source in VARIABLES}
    return told | {"NBOPS_WORKSPACE": str(workspace.root)}
