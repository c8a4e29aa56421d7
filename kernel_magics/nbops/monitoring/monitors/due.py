"""What has come due is written down, each occasion once, and handed out one look at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError
from nbops.ledger import Ledger, open_ledger
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.rows import LOOKED, QUEUED, RUNNING, M, R, monitor_of, values_of
from nbops.pipelines.cron import Cron
from nbops.records import Monitor
from nbops.tracking.process import is_alive, process_identity
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# So many windows are made up where nobody looked, the newest ones.
CATCH_UP = 10
# A monitor that has become unusable is looked at again after an hour.
_BROKEN = 3600.0
_TRIES = 3
_LOST = "The process that looked ended without a word"


def plan_due(workspace: Workspace, now: float) -> int:
    """Write down the looks that have come due; give how many.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    due = (owned(workspace, M), M.c.paused.is_(False), M.c.next_at <= now)
    with ledger.begin() as connection:
        rows = connection.execute(select(M).where(*due).order_by(M.c.name).with_for_update()).all()
        planned = [look for row in rows for look in _plan(connection, workspace, row, now)]
        if planned:
            connection.execute(ledger.upsert(R).on_conflict_do_nothing(), planned)
            ledger.touch(connection)
    return len(planned)


def take_next(workspace: Workspace) -> tuple[Monitor, Row[Any]] | None:
    """Take the look that has waited longest; nothing where none waits whose monitor is not being looked at already.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    settle(ledger, workspace)
    with ledger.connect() as connection:
        queued = (owned(workspace, R), R.c.state == QUEUED)
        waiting = connection.execute(select(R).where(*queued).order_by(R.c.at, R.c.id)).all()
        running = (owned(workspace, R), R.c.state == RUNNING, R.c.occasion.not_like("manual:%"))
        busy = set(connection.scalars(select(R.c.monitor).where(*running)))
    for row in waiting:
        if row.monitor not in busy:
            busy.add(row.monitor)
            taken = _take(ledger, workspace, row)
            if taken is not None:
                return taken
    return None


def settle(ledger: Ledger, workspace: Workspace) -> int:
    """Give back the looks whose process has ended; after some tries that is what they found. Give how many wait again."""
    with ledger.connect() as connection:
        running = (owned(workspace, R), R.c.state == RUNNING)
        lost = [row for row in connection.execute(select(R).where(*running)) if not is_alive(row.owner)]
    if not lost:
        return 0
    given_back = 0
    with ledger.begin() as connection:
        for row in lost:
            again = row.attempts < _TRIES and not row.occasion.startswith("manual:")
            detail = row.detail if again else {**row.detail, "sentence": f"{_LOST}.", "error": f"{_LOST}."}
            values = {"state": QUEUED if again else "error", "owner": "", "detail": detail}
            mine = (R.c.id == row.id, R.c.state == RUNNING, R.c.owner == row.owner)
            given_back += connection.execute(R.update().where(*mine).values(**values)).rowcount * again
        ledger.touch(connection)
    return given_back


def _plan(connection: Connection, workspace: Workspace, row: Row[Any], now: float) -> list[dict[str, Any]]:
    monitor, where = monitor_of(row), (owned(workspace, M), M.c.name == row.name)
    looked = float(row.detail.get(LOOKED) or row.created_at)
    try:
        cron = Cron(monitor.cron, monitor.timezone)
    except NbopsError as error:
        # A time zone may leave the database; the other monitors must not suffer from it.
        broken = replace(monitor, problem=str(error), next_at=now + _BROKEN)
        connection.execute(M.update().where(*where).values(**values_of(broken, looked)))
        return []
    times, count = cron.between(looked, now, CATCH_UP)
    problem = ""
    if count > len(times):
        since = datetime.fromtimestamp(times[0], UTC).strftime("%Y-%m-%d %H:%M UTC")
        problem = f"{count - len(times)} windows before {since} were missed; more than {CATCH_UP} are not made up."
    # A clock that was put back must not make anything come due again.
    end = max(now, looked)
    moved = replace(monitor, problem=problem, next_at=cron.next(end))
    connection.execute(M.update().where(*where).values(**values_of(moved, end)))
    return [
        {
            "workspace": workspace_id(workspace),
            "monitor": monitor.name,
            "occasion": f"{at:.0f}",
            "at": at,
            "state": QUEUED,
            "detail": {"model": monitor.model},
        }
        for at in times
    ]


def _take(ledger: Ledger, workspace: Workspace, row: Row[Any]) -> tuple[Monitor, Row[Any]] | None:
    with ledger.begin() as connection:
        held = select(M).where(owned(workspace, M), M.c.name == row.monitor).with_for_update()
        monitor = connection.execute(held).first()
        by_hand = bool(row.detail.get("by_hand"))
        # Who pauses a monitor may still ask it by hand.
        if monitor is None or (monitor.paused and not by_hand):
            connection.execute(R.delete().where(R.c.id == row.id, R.c.state == QUEUED))
            return None
        others = (owned(workspace, R), R.c.monitor == row.monitor, R.c.state == RUNNING)
        if connection.execute(select(R.c.id).where(*others, R.c.occasion.not_like("manual:%"))).first() is not None:
            return None
        values = {"state": RUNNING, "owner": process_identity(), "attempts": row.attempts + 1}
        if not connection.execute(R.update().where(R.c.id == row.id, R.c.state == QUEUED).values(**values)).rowcount:
            return None
        return monitor_of(monitor), connection.execute(select(R).where(R.c.id == row.id)).one()
