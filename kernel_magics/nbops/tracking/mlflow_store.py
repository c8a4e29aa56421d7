"""MLflow's store: the environment it is used in, and its tables, made once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.errors import TrackingError, WorkspaceError
from nbops.tracking import mlflow_empty
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of
from nbops.workspace.location import sqlite_path, sqlite_url
from nbops.workspace.locks import file_lock

if TYPE_CHECKING:
    from mlflow import MlflowClient

# No telemetry (it asks a host at import), no price catalogue from the network, enough connections for its threads.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_MODEL_CATALOG_URI": "",
    "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "50",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
}
# Our own calls give up early: the courier comes back by itself.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def prepare_environment() -> None:
    """Set MLflow's environment for a process of ours; what a person has set stays."""
    for name, value in {**ENVIRONMENT, **_IMPATIENT}.items():
        os.environ.setdefault(name, value)


def exists(workspace: Workspace) -> bool:
    """Whether the store has its tables, as far as a look at the file can tell; servers look after themselves."""
    uri = workspace.mlflow_uri
    return not uri.startswith("sqlite:") or _mark(workspace).exists()


def ensure(workspace: Workspace) -> None:
    """Make the tables of MLflow's store, once, whoever comes first. Imports mlflow.

    Two processes that let MLflow make the same new database fail; hence the lock.

    Raises
    ------
    TrackingError
        The store cannot be made.
    """
    if exists(workspace):
        return
    workspace.ensure()
    prepare_environment()
    with file_lock(workspace.locks / "mlflow.lock", timeout=180):
        if exists(workspace):
            return
        try:
            path = local_path(workspace)
            if path is not None and not path.exists():
                _make(workspace, path)
            client(workspace).search_experiments(max_results=1)
        except Exception as error:
            raise TrackingError(
                f"MLflow's store {workspace.mlflow_uri} cannot be made: {error}", hint="`nbops doctor` says more."
            ) from error
        _mark(workspace).touch()


def local_path(workspace: Workspace) -> Path | None:
    """Give the file of a store that is a SQLite file."""
    return sqlite_path(workspace.mlflow_uri)


def _make(workspace: Workspace, path: Path) -> None:
    # MLflow cannot go on with tables another process died in the middle of making, so they are made aside.
    # The experiment "Default" gets its files in the workspace, not wherever this process happens to stand.
    new = _aside(path)
    if not mlflow_empty.copy_to(new, workspace.mlflow_artifacts.as_uri()):
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        store = SqlAlchemyStore(sqlite_url(new), workspace.mlflow_artifacts.as_uri())
        store.engine.dispose()
        mlflow_empty.keep(new)
    os.replace(new, path)


def _aside(path: Path) -> Path:
    new = path.with_name(f"{path.name}.new")
    for stale in (new, Path(f"{new}-journal"), Path(f"{new}-wal"), Path(f"{new}-shm")):
        stale.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return new


def _copied(workspace: Workspace) -> bool:
    path = local_path(workspace)
    if path is None or path.exists():
        return False
    # Why it cannot be written, the process says that makes the tables.
    with contextlib.suppress(OSError, WorkspaceError):
        workspace.ensure()
        with file_lock(workspace.locks / "mlflow.lock", timeout=180):
            new = _aside(path)
            if not path.exists() and mlflow_empty.copy_to(new, workspace.mlflow_artifacts.as_uri()):
                os.replace(new, path)
                _mark(workspace).touch()
    return exists(workspace)


def ensure_in_subprocess(workspace: Workspace) -> None:
    """Make the tables without importing mlflow here; takes seconds, but only for the first workspace of a user.

    Raises
    ------
    TrackingError
        The store cannot be made.
    """
    if exists(workspace) or _copied(workspace):
        return
    code = "import sys; from nbops.tracking import mlflow_store as s; from nbops.workspace import find_workspace as f; s.ensure(f(sys.argv[1]))"
    done = subprocess.run(
        # -P: a file beside the notebook must not stand in for a module of MLflow's.
        [sys.executable, "-P", "-c", code, str(workspace.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=environment_of(workspace, os.environ),
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise TrackingError(f"MLflow's store {workspace.mlflow_uri} cannot be made: {said[0]}")


def client(workspace: Workspace) -> MlflowClient:
    """Give a client of the workspace's store."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=workspace.mlflow_uri, registry_uri=workspace.mlflow_uri)


def artifact_location(workspace: Workspace, experiment: str) -> str | None:
    """Give where a new experiment keeps its files: in the workspace for a local store, else where the server says."""
    if not workspace.mlflow_uri.startswith("sqlite:"):
        return None
    folder = hashlib.sha256(experiment.encode()).hexdigest()[:12]
    return (workspace.mlflow_artifacts / folder).as_uri()


def _mark(workspace: Workspace) -> Path:
    # Beside the database, so that both are deleted together; another database has another mark.
    path = local_path(workspace)
    if path is None or not path.exists():
        return workspace.locks / "mlflow-never.made"
    # A workspace that was moved or copied keeps what it has.
    own = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else workspace.mlflow_uri
    name = hashlib.sha256(own.encode()).hexdigest()[:12]
    return workspace.locks / f"mlflow-{name}.made"
