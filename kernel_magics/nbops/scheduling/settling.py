"""See what became of scheduled runs: nothing stays "running" whose pipeline run is over, lost or never began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.ledger import open_ledger, tables
from nbops.ledger.owning import owned
from nbops.pipelines.running.history import reconcile
from nbops.records import Schedule
from nbops.scheduling.alerts import note_failures
from nbops.scheduling.rows import schedule_of
from nbops.tracking.process import is_alive
from nbops.workspace import Workspace

_R, _S, _P = tables.schedule_runs, tables.schedules, tables.pipeline_runs
# A run that was claimed appears in the history of its pipeline within so many seconds, or it was not started: while the
# process that claimed it lives, and where that has ended.
_BUSY, _PATIENCE = 600.0, 120.0
_LOST = "The process that carried it ended without a word."
_NOT_STARTED = "The scheduler ended while it was about to start it."


@dataclass(frozen=True, slots=True)
class _Change:
    row: Row[Any]
    values: dict[str, Any]


def settle(workspace: Workspace, now: float) -> int:
    """Close the scheduled runs whose pipeline run has ended, and give back those that were never begun; give how many.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    query = (
        select(
            _R,
            _P.c.status.label("ran"),
            _P.c.error.label("failure"),
            _P.c.ended_at.label("over"),
            _P.c.owner.label("by"),
            _P.c.heartbeat_at.label("beat"),
        )
        .outerjoin(_P, _P.c.run_id == _R.c.run_id)
        .where(owned(workspace, _R), _R.c.status == "running")
    )
    with ledger.connect() as connection:
        rows = connection.execute(query).all()
    if any(row.ran == "running" and (not is_alive(row.by) or row.beat < now - _PATIENCE) for row in rows):
        reconcile(workspace)
        with ledger.connect() as connection:
            rows = connection.execute(query).all()
    rows = [row for row in rows if not _goes_on(row, now)]
    if not rows:
        return 0
    with ledger.begin() as connection:
        schedules = _schedules(connection, workspace, {row.schedule for row in rows})
        changes = [_change(row, schedules.get(row.schedule), now) for row in rows]
        closed = [change for change in changes if _apply(connection, change)]
        _follow(connection, ledger, workspace, closed, schedules, now)
        if closed:
            ledger.touch(connection)
    return len(closed)


def _schedules(connection: Connection, workspace: Workspace, names: set[str]) -> dict[str, Schedule]:
    query = select(_S).where(owned(workspace, _S), _S.c.name.in_(sorted(names)))
    return {row.name: schedule_of(row) for row in connection.execute(query)}


def _goes_on(row: Row[Any], now: float) -> bool:
    if row.ran is not None:
        return str(row.ran) == "running"
    # What a process that has ended had just let go may still be on its way to the ledger.
    return now - (row.started_at or now) < (_BUSY if is_alive(row.owner) else _PATIENCE)


def _change(row: Row[Any], schedule: Schedule | None, now: float) -> _Change:
    if row.ran is not None:
        # A run that somebody stopped has not failed: nobody need be told.
        known = {"succeeded", "failed", "stopped", "lost"}
        status = row.ran if row.ran in known else "failed"
        error = row.failure or (_LOST if status == "lost" else "")
        return _Change(row, {"status": status, "error": error, "ended_at": row.over or now})
    if schedule is None or schedule.missed == "skip":
        return _Change(row, {"status": "lost", "error": _NOT_STARTED, "ended_at": now})
    return _Change(row, {"status": "queued", "owner": "", "started_at": None})


def _apply(connection: Connection, change: _Change) -> bool:
    row = change.row
    mine = (_R.c.id == row.id, _R.c.status == "running", _R.c.run_id == row.run_id, _R.c.owner == row.owner)
    return connection.execute(_R.update().where(*mine).values(**change.values)).rowcount == 1


def _follow(
    connection: Connection,
    ledger: Any,
    workspace: Workspace,
    closed: list[_Change],
    schedules: dict[str, Schedule],
    now: float,
) -> None:
    """Do what follows from the end of runs: alerts, and for data what was seen counts as done."""
    failed = []
    for change in closed:
        schedule = schedules.get(change.row.schedule)
        if schedule is None:
            continue
        if change.values["status"] in ("failed", "lost"):
            failed.append((change.row.id, schedule))
        if change.values["status"] == "succeeded" and schedule.trigger == "data":
            _rebase(connection, workspace, schedule, str(change.row.occasion))
    note_failures(connection, ledger, workspace, failed, now)


def _rebase(connection: Connection, workspace: Workspace, schedule: Schedule, occasion: str) -> None:
    where = (owned(workspace, _S), _S.c.name == schedule.name)
    mark = connection.scalar(select(_S.c.mark).where(*where).with_for_update())
    if mark and mark.get("fired") is not None and mark.get("occasion") == occasion:
        mark = {**mark, "baseline": mark["fired"], "fired": None}
        connection.execute(_S.update().where(*where).values(mark=mark))
