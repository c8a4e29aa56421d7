"""Come due by data that have arrived: looked at now and then, and only taken when nobody is still writing."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from sqlalchemy import Row, select

from nbops.errors import NbopsError
from nbops.ledger import open_ledger, tables
from nbops.ledger.owning import owned
from nbops.records import Schedule
from nbops.scheduling.data import Measured, grown, measure
from nbops.scheduling.planning import Plan, counted
from nbops.scheduling.policy import Entry, Occasion
from nbops.scheduling.rows import schedule_of
from nbops.workspace import Workspace

_S = tables.schedules
# Counting the rows of many files may take longer than this (seconds); the scheduler goes on meanwhile.
_PATIENCE = 1.0


class DataWatch:
    """Looks at the data that schedules of a workspace wait for.

    Parameters
    ----------
    workspace
        Which one.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="nbops-data")
        self._looks: dict[str, Future[Measured]] = {}
        self._last: dict[str, Measured] = {}
        self._next = 0.0
        self._doubtful: set[str] = set()

    @property
    def undecided(self) -> bool:
        """Whether another look is needed to know if something is due."""
        return bool(self._looks or self._doubtful)

    def hurry(self) -> None:
        """Look again as soon as asked."""
        self._next = 0.0

    def due(self, now: float) -> bool:
        """Whether it is time to look."""
        return now >= self._next or any(look.done() for look in self._looks.values())

    def look(self, now: float, every: float) -> int:
        """Look, and write down what has come due; give how many runs that made.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        self._next = now + every
        wanted = (owned(self._workspace, _S), _S.c.trigger == "data", _S.c.paused.is_(False))
        with open_ledger(self._workspace).connect() as connection:
            rows = connection.execute(select(_S).where(*wanted)).all()
            active = counted(connection, self._workspace, rows)
        # While its run goes on, what comes is gathered for the next one.
        rows = [row for row in rows if row.name not in active]
        # A look for one that was removed or paused meanwhile is for nobody.
        names = {row.name for row in rows}
        self._looks = {name: look for name, look in self._looks.items() if name in names}
        self._doubtful &= names
        for row in rows:
            if row.name not in self._looks:
                schedule = schedule_of(row)
                known = self._last.get(row.name) or row.mark.get("baseline") or {}
                self._looks[row.name] = self._threads.submit(
                    measure, self._workspace, schedule.subject, schedule.measure, known
                )
        wait(self._looks.values(), timeout=_PATIENCE)
        return sum(self._taken(row, now) for row in rows)

    def close(self) -> None:
        """Look no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _taken(self, row: Row[Any], now: float) -> int:
        look = self._looks.get(row.name)
        if look is None or not look.done():
            return 0
        del self._looks[row.name]
        try:
            found = look.result()
        except (NbopsError, OSError, ValueError) as error:
            # The other schedules must not suffer from it.
            self._note(row, " ".join(str(error).split()))
            return 0
        self._note(row, "")
        quiet, self._last[row.name] = self._last.get(row.name) == found, found
        self._doubtful.discard(row.name)
        if not _enough(row, found):
            return 0
        if not quiet:
            self._doubtful.add(row.name)
            return 0
        return self._fire(row, found, now)

    def _fire(self, row: Row[Any], found: Measured, now: float) -> int:
        schedule = schedule_of(row)
        amount, files = grown(row.mark.get("baseline") or {}, found, schedule.measure)
        evidence = f"{_amount(amount, schedule)} come to {schedule.subject}"
        if schedule.measure != "files":
            evidence += f", in {files} file{'s' * (files != 1)}"
        ledger = open_ledger(self._workspace)
        with ledger.begin() as connection:
            where = (owned(self._workspace, _S), _S.c.name == row.name, _S.c.paused.is_(False))
            held = connection.execute(select(_S).where(*where).with_for_update()).all()
            if not held or held[0].mark != row.mark or counted(connection, self._workspace, held).get(row.name):
                return 0
            key = f"data:{now:.3f}"
            plan = Plan(connection, ledger, self._workspace)
            plan.add(schedule, [Entry(Occasion(key, now, evidence), "queued")], now)
            plan.move(schedule, {**row.mark, "fired": found, "occasion": key}, None)
            return plan.write()

    def _note(self, row: Row[Any], problem: str) -> None:
        if row.detail.get("problem", "") == problem:
            return
        ledger = open_ledger(self._workspace)
        with ledger.begin() as connection:
            where = (owned(self._workspace, _S), _S.c.name == row.name)
            connection.execute(_S.update().where(*where).values(detail={**row.detail, "problem": problem}))
            ledger.touch(connection)


def _enough(row: Row[Any], found: Measured) -> bool:
    schedule = schedule_of(row)
    if grown(row.mark.get("baseline") or {}, found, schedule.measure)[0] < schedule.threshold:
        return False
    # After a run that failed the same data do not start the next one.
    fired = row.mark.get("fired")
    return fired is None or grown(fired, found, schedule.measure)[0] > 0


def _amount(amount: float, schedule: Schedule) -> str:
    one = amount == 1
    return f"{amount:,.0f} {schedule.measure.removesuffix('s') if one else schedule.measure} {'has' if one else 'have'}"
