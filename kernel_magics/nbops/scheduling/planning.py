"""Write down what has come due, each occasion once, however many processes see it.

Every step is one transaction that holds the rows of the schedules it looks at, moves their marks on and adds their runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.owning import owned
from nbops.pipelines.cron import Cron
from nbops.records import Schedule
from nbops.scheduling.policy import ON_TIME, Entry, Occasion, admit
from nbops.scheduling.rows import ACTIVE, schedule_of
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_S, _R = tables.schedules, tables.schedule_runs
# A schedule that has become unusable is looked at again after an hour.
_BROKEN = 3600.0
_MOVE = (
    _S.update()
    .where(_S.c.workspace == bindparam("b_workspace"), _S.c.name == bindparam("b_name"))
    .values(mark=bindparam("b_mark"), next_at=bindparam("b_next"))
)


class Plan:
    """What one transaction will write: runs to add, and how far each schedule has been looked at."""

    def __init__(self, connection: Connection, ledger: Ledger, workspace: Workspace) -> None:
        self._connection, self._ledger, self._workspace = connection, ledger, workspace_id(workspace)
        self._runs: list[dict[str, Any]] = []
        self._moves: list[dict[str, Any]] = []

    def add(self, schedule: Schedule, entries: Iterable[Entry], now: float) -> None:
        """Note what becomes of occasions of a schedule."""
        self._runs += [
            {
                "workspace": self._workspace,
                "schedule": schedule.name,
                "occasion": entry.occasion.key,
                "due_at": entry.occasion.due_at,
                "status": entry.status,
                "evidence": entry.evidence,
                "ended_at": None if entry.status == "queued" else now,
            }
            for entry in entries
        ]

    def move(self, schedule: Schedule, mark: Mapping[str, Any], next_at: float | None) -> None:
        """Note up to where a schedule has been looked at, and when to look again."""
        self._moves.append(
            {"b_workspace": self._workspace, "b_name": schedule.name, "b_mark": dict(mark), "b_next": next_at}
        )

    def write(self) -> int:
        """Write all of it; give how many runs that are."""
        if self._moves:
            self._connection.execute(_MOVE, self._moves)
        if self._runs:
            self._connection.execute(self._ledger.upsert(_R).on_conflict_do_nothing(), self._runs)
            self._ledger.touch(self._connection)
        return len(self._runs)


def plan_times(workspace: Workspace, now: float) -> int:
    """Write down the times that have come; give how many entries that made.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    due = (owned(workspace, _S), _S.c.paused.is_(False), _S.c.next_at <= now)
    with ledger.begin() as connection:
        rows = connection.execute(select(_S).where(*due).order_by(_S.c.name).with_for_update()).all()
        plan, active = Plan(connection, ledger, workspace), counted(connection, workspace, rows)
        for row in rows:
            _times(connection, plan, row, now, active.get(row.name, (0, 0)))
        return plan.write()


def counted(connection: Connection, workspace: Workspace, rows: Sequence[Row[Any]]) -> dict[str, tuple[int, int]]:
    """Give, by schedule, how many of its runs are queued or running, and how many queued."""
    if not rows:
        return {}
    query = (
        select(_R.c.schedule, _R.c.status, func.count().label("number"))
        .where(owned(workspace, _R), _R.c.status.in_(ACTIVE))
        .group_by(_R.c.schedule, _R.c.status)
    )
    found: dict[str, tuple[int, int]] = {}
    for row in connection.execute(query):
        active, waiting = found.get(row.schedule, (0, 0))
        found[row.schedule] = (active + row.number, waiting + (row.number if row.status == "queued" else 0))
    return found


def _times(connection: Connection, plan: Plan, row: Row[Any], now: float, busy: tuple[int, int]) -> None:
    schedule = schedule_of(row)
    try:
        cron = Cron(schedule.cron, schedule.timezone)
    except NbopsError as error:
        # A time zone may leave the database; the other schedules must not suffer from it.
        _note(connection, row, str(error))
        plan.move(schedule, row.mark, now + _BROKEN)
        return
    _note(connection, row, "")
    looked = float(row.mark.get("looked", now))
    times, count = cron.between(looked, now, schedule.missed_cap + ON_TIME)
    if times:
        occasions = [Occasion(f"{at:.0f}", at) for at in times]
        plan.add(schedule, admit(schedule, occasions, count, now, active=busy[0], waiting=busy[1]), now)
    # A clock that was put back must not make anything come due again.
    end = max(now, looked)
    plan.move(schedule, {**row.mark, "looked": end}, cron.next(end))


def _note(connection: Connection, row: Row[Any], problem: str) -> None:
    if row.detail.get("problem", "") != problem:
        where = (_S.c.workspace == row.workspace, _S.c.name == row.name)
        connection.execute(_S.update().where(*where).values(detail={**row.detail, "problem": problem}))
