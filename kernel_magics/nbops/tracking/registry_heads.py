"""Heads of the audit log that are noted in MLflow's registry."""

from __future__ import annotations

import sqlite3

from sqlalchemy import select

from nbops.errors import TrackingError
from nbops.ledger import anchors, open_ledger, tables
from nbops.tracking import mlflow_store
from nbops.tracking.registry_state import HEAD_TAG, read_models
from nbops.workspace import Workspace


def audit_heads_in_mlflow(workspace: Workspace) -> list[tuple[int, str]]:
    """Give the heads of the audit log that are noted in MLflow's registry, to be checked against the log.

    Raises
    ------
    TrackingError
        MLflow's store does not answer.
    """
    with open_ledger(workspace).connect() as connection:
        # Not only what is noted as mirrored: whoever cuts the log can also remove that note.
        names = set(connection.scalars(select(tables.model_mirrors.c.model)))
        names |= set(connection.scalars(select(tables.models.c.name)))
    return [head for text in _texts(workspace, names) if (head := anchors.parse(text)) is not None]


def _texts(workspace: Workspace, names: set[str]) -> list[str]:
    path = mlflow_store.local_path(workspace)
    if path is not None:
        # Importing mlflow takes longer than proving the log.
        if not path.exists():
            return []
        # A store in the workspace holds nobody else's heads.
        own = path.is_relative_to(workspace.data)
        query = "SELECT name, value FROM registered_model_tags WHERE key = ?"
        try:
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
            try:
                rows = connection.execute(query, (HEAD_TAG,)).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise TrackingError(f"MLflow's registry {path} cannot be read: {error}.") from error
        return [str(text) for name, text in rows if own or name in names]
    try:
        mlflow_store.prepare_environment()
        found = read_models(mlflow_store.client(workspace), names)
    except Exception as error:
        from nbops.tracking.mirror import describe

        raise TrackingError(f"MLflow's registry does not answer: {describe(error)}") from error
    return [model.tags[HEAD_TAG] for model in found.values() if HEAD_TAG in model.tags]
