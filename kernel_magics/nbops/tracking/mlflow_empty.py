"""An empty store of MLflow, kept once per user: a new workspace copies it where MLflow would run all its migrations.

Nothing depends on it. It lies in the folder ``NBOPS_CACHE`` names, else in the user's cache folder, may be deleted at any
time, and is known by MLflow's list of migrations, so that another MLflow has another one.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import sqlite3
import time
from pathlib import Path

from nbops.errors import WorkspaceError
from nbops.workspace.blobs import write_atomically

_MIGRATIONS = Path("store") / "db_migrations" / "versions"


def keep(database: Path) -> None:
    """Keep a database that MLflow has just made and nobody has used; where that cannot be, nothing is kept."""
    kept = _path()
    if kept is None or kept.exists():
        return
    with contextlib.suppress(OSError, WorkspaceError):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(kept, database.read_bytes(), mode=0o600)


def copy_to(database: Path, artifacts: str) -> bool:
    """Copy the one that is kept, if there is one and it is sound; whether there is a database now.

    Parameters
    ----------
    database
        The new file; a file that is there is overwritten.
    artifacts
        URI of the folder in which the experiment "Default" keeps its files.
    """
    kept = _path()
    if kept is None or not kept.exists():
        return False
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, database)
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            if not _is_sound(connection):
                raise ValueError(kept)
            now = int(time.time() * 1000)
            connection.execute(
                "UPDATE experiments SET artifact_location = ?, creation_time = ?, last_update_time = ?",
                (f"{artifacts.rstrip('/')}/0", now, now),
            )
    except (OSError, sqlite3.Error, ValueError):
        for useless in (database, kept):
            with contextlib.suppress(OSError):
                useless.unlink(missing_ok=True)
        return False
    return True


def _is_sound(connection: sqlite3.Connection) -> bool:
    experiments = connection.execute("SELECT experiment_id, name FROM experiments").fetchall()
    (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    (health,) = connection.execute("PRAGMA quick_check").fetchone()
    return experiments == [(0, "Default")] and runs == 0 and health == "ok"


def _path() -> Path | None:
    package = importlib.util.find_spec("mlflow")
    if package is None or package.origin is None:
        return None
    try:
        names = sorted(path.name for path in (Path(package.origin).parent / _MIGRATIONS).glob("*.py"))
    except OSError:
        return None
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    return _folder() / f"mlflow-{digest}.db" if names else None


def _folder() -> Path:
    named = os.environ.get("NBOPS_CACHE")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("nbops", appauthor=False)
