"""What is in force in a workspace and where it comes from."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy

import nbops
from nbops.errors import NbopsError
from nbops.ledger import open_ledger, schema_version, tables
from nbops.tracking import courier
from nbops.tracking.delivery import deliver
from nbops.workspace import Workspace

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def status(workspace: Workspace) -> dict[str, Any]:
    """Give settings with their sources, the state of ledger, MLflow and courier, and how much there is.

    Parts that do not answer say so in their ``state``; this never raises because one of them is down.
    """
    ledger = _ledger(workspace)
    return {
        "version": nbops.__version__,
        "workspace": str(workspace.root),
        "origin": workspace.origin,
        "ledger": {"uri": shown(workspace.ledger_uri), "state": ledger["state"], "schema": ledger["schema"]},
        "mlflow": {"uri": shown(workspace.mlflow_uri), "state": _mlflow_state(workspace)},
        "courier": courier_status(workspace),
        "runs": ledger["runs"],
        "models": ledger["models"],
        "settings": {
            name: {"value": shown(setting.value), "source": setting.source}
            for name, setting in workspace.settings.items()
        },
    }


def courier_status(workspace: Workspace) -> dict[str, Any]:
    """Give whether a courier runs, how many runs wait for MLflow, and what last went wrong."""
    found = courier.status(workspace)
    return {"running": found.running, "pending": found.pending, "error": found.error}


def shown(address: str) -> str:
    """Give an address without the user name and password it may carry."""
    return _USER_INFO.sub("***@", address)


def _ledger(workspace: Workspace) -> dict[str, Any]:
    try:
        ledger = open_ledger(workspace)
        deliver(workspace)
        with ledger.connect() as connection:
            runs, models = (
                connection.scalar(sqlalchemy.select(sqlalchemy.func.count()).select_from(table))
                for table in (tables.runs, tables.models)
            )
        return {"state": "open", "schema": schema_version(ledger), "runs": runs, "models": models}
    except NbopsError as error:
        return {"state": str(error), "schema": "", "runs": 0, "models": 0}


def _mlflow_state(workspace: Workspace) -> str:
    if not workspace.mlflow_uri.startswith("sqlite:///"):
        return "not asked; see nbops doctor"
    exists = workspace.data.joinpath("mlflow.db").exists() or not workspace.mlflow_uri.endswith("/.nbops/mlflow.db")
    return "there" if exists else "made with the first run"
