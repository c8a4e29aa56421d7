"""Tell of scheduled runs that failed: what is to be told stands in the ledger and is tried again until it has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from nbops.ledger import Ledger, tables
from nbops.records import Schedule
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
_A = tables.alerts


def note_failures(
    connection: Connection, ledger: Ledger, workspace: Workspace, failed: Sequence[tuple[int, Schedule]], now: float
) -> None:
    """Write down, within a transaction, that the alerts of schedules are to tell of runs that failed."""
    rows: list[dict[str, Any]] = [
        {
            "workspace": workspace_id(workspace),
            "schedule_run": number,
            "channel": channel,
            "state": WAITING,
            "next_at": now,
            "detail": {},
        }
        for number, schedule in failed
        for channel in schedule.alerts
    ]
    if rows:
        connection.execute(ledger.upsert(_A).on_conflict_do_nothing(), rows)
