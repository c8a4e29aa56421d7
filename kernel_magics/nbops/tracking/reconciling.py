"""Runs of this workspace in a ledger that others may write to, and what becomes of those whose process died."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from nbops.ledger import open_ledger, tables
from nbops.tracking.outbox import outbox_of
from nbops.tracking.process import is_alive
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# What is said of a run that was closed here; only its own end may take the place of this one.
WORDLESS = "The process ended without a word."


def own(workspace: Workspace) -> ColumnElement[bool]:
    """Give the condition of runs that belong to a workspace; so do those from before there were owners."""
    return tables.runs.c.workspace.in_(("", workspace_id(workspace)))


def undelivered(workspace: Workspace) -> ColumnElement[bool]:
    """Give the condition of runs of a workspace that have ended and are to go to MLflow."""
    runs = tables.runs
    return (runs.c.delivery != "delivered") & (runs.c.status != "RUNNING") & (runs.c.origin == "nbops") & own(workspace)


def reconcile(workspace: Workspace) -> int:
    """Close as KILLED the runs that are RUNNING in a process that no longer exists; give how many.

    Only those of this workspace: the last words of another one's may wait in its outbox.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    runs = tables.runs
    running = select(runs.c.run_id, runs.c.process, runs.c.started_at).where(
        runs.c.status == "RUNNING", runs.c.origin == "nbops", own(workspace)
    )
    with ledger.connect() as connection:
        dead = [row for row in connection.execute(running) if row.process and not is_alive(row.process)]
    if not dead:
        return 0
    waiting = {e.run_id for e in outbox_of(workspace).entries(limit=100_000)} if workspace.outbox.exists() else set()
    closed = 0
    with ledger.begin() as connection:
        for row in dead:
            # Its last words may have been written after we delivered and before it ended.
            if row.run_id not in waiting:
                closed += _close(connection, row.run_id, row.started_at)
        if closed:
            ledger.touch(connection)
    return closed


def _close(connection: Connection, run_id: str, started_at: float) -> int:
    last = connection.scalar(
        select(tables.metrics.c.timestamp)
        .where(tables.metrics.c.run_id == run_id)
        .order_by(tables.metrics.c.timestamp.desc())
        .limit(1)
    )
    ended = max(last or 0.0, started_at)
    runs = tables.runs
    result = connection.execute(
        runs.update()
        .where(runs.c.run_id == run_id, runs.c.status == "RUNNING")
        .values(
            status="KILLED",
            ended_at=ended,
            duration=ended - started_at,
            error_type="Killed",
            error_message=WORDLESS,
            delivery="ledger",
            updated_at=time.time(),
        )
    )
    return result.rowcount
