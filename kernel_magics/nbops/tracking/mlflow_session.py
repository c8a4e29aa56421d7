"""MLflow as the user's session uses it: its store made ready, its runs tagged and ended. Never imports mlflow."""

from __future__ import annotations

import os
import sys
from typing import Any

from nbops.errors import NbopsError
from nbops.records import Run, RunStatus
from nbops.workspace import Workspace
from nbops.workspace.environment import offer_mlflow


def prepare(workspace: Workspace) -> str:
    """Make the workspace's store ready if the session's MLflow points at it; give what went wrong, or nothing.

    Where no person has pointed it anywhere, it points at the workspace's store.
    """
    offer_mlflow(workspace.mlflow_uri)
    if os.environ.get("MLFLOW_TRACKING_URI") != workspace.mlflow_uri:
        return ""
    from nbops.tracking import mlflow_store

    try:
        mlflow_store.ensure_in_subprocess(workspace)
    except (NbopsError, OSError, ValueError) as error:
        return str(error)
    return ""


def tags(run: Run, commit: str) -> dict[str, str]:
    """Give the tags of every MLflow run that is made while ``run`` is open."""
    found = {
        "nbops.notebook": run.cell.notebook,
        "nbops.cell_id": run.cell.cell_id,
        "nbops.code_digest": run.code_digest,
        "nbops.kind": run.kind,
        "nbops.git_commit": commit,
    }
    return {name: value for name, value in found.items() if value}


def active_run() -> str:
    """Give the id of the session's active MLflow run, if any."""
    mlflow: Any = sys.modules.get("mlflow")
    try:
        run = mlflow.active_run() if mlflow is not None else None
        return str(run.info.run_id) if run is not None else ""
    except Exception:
        # MLflow may be half imported, or its state broken; that is not ours to report.
        return ""


def end_runs(before: str, status: RunStatus) -> str:
    """End the MLflow runs a cell left open, with its status; give what went wrong, or nothing.

    Parameters
    ----------
    before
        The run that was active before the cell; it stays.
    """
    mlflow: Any = sys.modules.get("mlflow")
    if mlflow is None:
        return ""
    try:
        # Runs nest; the bound keeps a run that does not end from holding up the session.
        for _ in range(20):
            if active_run() in ("", before):
                break
            mlflow.end_run(status)
    except Exception as error:
        return f"the MLflow run of this cell could not be ended ({type(error).__name__}: {error})"
    return ""
