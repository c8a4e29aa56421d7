"""Whether MLflow's registry was looked at since it was last written. Standard library, but for the ledger."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.tracking.mlflow_store import local_path
from nbops.workspace import Workspace


def note(workspace: Workspace, moment: float) -> None:
    """Note that what stood in MLflow's registry at this moment has been seen."""
    mark = _mark(workspace)
    with contextlib.suppress(OSError):
        mark.touch()
        os.utime(mark, (moment, moment))


def seen(workspace: Workspace) -> bool:
    """Whether nothing was written to a store of this machine since the last look; of a server nobody can tell."""
    path = local_path(workspace)
    try:
        written = path.stat().st_mtime if path is not None else 0.0
    except OSError:
        return True
    try:
        looked = _mark(workspace).stat().st_mtime
    except OSError:
        looked = 0.0
    return written < looked or not _has_mirrors(workspace)


def _has_mirrors(workspace: Workspace) -> bool:
    with open_ledger(workspace).connect() as connection:
        return connection.execute(select(tables.model_mirrors.c.model).limit(1)).first() is not None


def _mark(workspace: Workspace) -> Path:
    return workspace.locks / "mlflow-registry.seen"
