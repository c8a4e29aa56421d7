"""The file of the outbox: its tables, and how it is opened. Standard library only."""

from __future__ import annotations

import sqlite3
import time

from nbops.errors import TrackingError

_STEPS = (
    """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('start', 'metric', 'finish')),
    at REAL NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX entries_run ON entries (run_id);
CREATE TABLE family (
    cell_key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (cell_key, seq)
);
CREATE TABLE counts (cell_key TEXT PRIMARY KEY, runs INTEGER NOT NULL)
""",
    """
CREATE TABLE aside (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at REAL NOT NULL,
    payload TEXT NOT NULL,
    reason TEXT NOT NULL
)
""",
)
_VERSION = len(_STEPS)


def connect(path: str) -> sqlite3.Connection:
    """Open the file, in WAL mode."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # Entering WAL does not wait for others as statements do.
    for _ in range(200):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.02)
    return connection


def create(connection: sqlite3.Connection) -> None:
    """Make the tables that are not there yet."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        connection.execute("ROLLBACK")
        raise TrackingError("The outbox was written by a newer nbops.", hint="Upgrade nbops.")
    for step in _STEPS[version:]:
        for statement in step.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")
