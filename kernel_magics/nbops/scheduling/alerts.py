"""What is to be told of scheduled runs that failed; it stands in the ledger until it has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.ledger import Ledger, tables
from nbops.ledger.owning import owned
from nbops.records import Schedule, to_wire
from nbops.tracking.notices import Notice
from nbops.tracking.routes import LAB
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
_A, _R = tables.alerts, tables.schedule_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A scheduled run that failed, as others are told of it."""

    schedule: str
    pipeline: str
    status: str
    error: str
    evidence: str
    run_id: str
    due_at: float
    ended_at: float | None

    def notice(self) -> Notice:
        """Give what a person is told."""
        verb = "was lost" if self.status == "lost" else "failed"
        facts = {
            "Schedule": self.schedule,
            "Pipeline": self.pipeline,
            "Due": datetime.fromtimestamp(self.due_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "Because": self.evidence,
            "Run": self.run_id,
            "Error": self.error,
        }
        return Notice(
            event=f"schedule-{self.status}",
            headline=f"Schedule {self.schedule}: {self.pipeline} {verb}",
            facts=facts,
            closing="What ran is listed by `nbops pipeline runs`, and in JupyterLab's sidebar." if self.run_id else "",
            payload={"alert": to_wire(self)},
        )


def note_failures(
    connection: Connection, ledger: Ledger, workspace: Workspace, failed: Sequence[tuple[int, Schedule]], now: float
) -> None:
    """Write down, within a transaction, that the alerts of schedules are to tell of runs that failed.

    JupyterLab needs nothing written: its page sees the run itself.
    """
    rows: list[dict[str, Any]] = [
        {
            "workspace": workspace_id(workspace),
            "schedule_run": number,
            "channel": channel,
            "state": WAITING,
            "next_at": now,
            "detail": {"pipeline": schedule.pipeline},
        }
        for number, schedule in failed
        for channel in schedule.alerts
        if channel != LAB
    ]
    if rows:
        connection.execute(ledger.upsert(_A).on_conflict_do_nothing(), rows)


def notice_of(connection: Connection, row: Row[Any]) -> Notice | None:
    """Give what a row of the alerts tells; nothing when that run is no longer there."""
    run = connection.execute(select(_R).where(_R.c.id == row.schedule_run)).first()
    if run is None:
        return None
    return Alert(
        schedule=run.schedule,
        pipeline=str(row.detail.get("pipeline", "")),
        status=run.status,
        error=run.error,
        evidence=run.evidence,
        run_id=run.run_id,
        due_at=run.due_at,
        ended_at=run.ended_at,
    ).notice()


def undelivered(connection: Connection, workspace: Workspace, runs: Sequence[int]) -> dict[int, str]:
    """Say, by the number of a scheduled run, which of its alerts have not arrived and why."""
    query = select(_A).where(
        owned(workspace, _A), _A.c.schedule_run.in_(runs), _A.c.error != "", _A.c.state != DELIVERED
    )
    found: dict[int, str] = {}
    for row in connection.execute(query.order_by(_A.c.id)):
        state = "was given up" if row.state == GIVEN_UP else "has not arrived yet"
        found[row.schedule_run] = f"The alert to {row.channel} {state}: {row.error}"
    return found
