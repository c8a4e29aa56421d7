"""Send alerts: each channel by itself, tried again for hours, given up visibly; scheduling never waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Table, select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.owning import owned
from nbops.monitoring.monitors import telling
from nbops.scheduling import alerts
from nbops.scheduling.alerts import DELIVERED, GIVEN_UP, WAITING
from nbops.scheduling.clock import Clock
from nbops.tracking.notices import Notice
from nbops.tracking.sending import send_notice
from nbops.tracking.webhooks import LONGEST_ERROR, PAUSES
from nbops.workspace import Workspace

_TICK, _CLAIM, _TRIES = 2.0, 180.0, 12
_log = logging.getLogger("nbops.scheduler")


@dataclass(frozen=True, slots=True)
class _Box:
    """A table of what is to be told, what its rows say, and what tells its numbers from those of the others."""

    table: Table
    notice_of: Callable[[Connection, Row[Any]], Notice | None]
    prefix: str = ""


_BOXES = (_Box(tables.alerts, alerts.notice_of), _Box(tables.incident_alerts, telling.notice_of, "incident-"))


class AlertPost:
    """Sends what waits to be told of scheduled runs and of incidents.

    Parameters
    ----------
    workspace
        Whose alerts.
    clock
        What time it is.
    """

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace, self._clock = workspace, clock
        self._said = ""

    def run(self, stop: threading.Event, wanted: Callable[[], bool]) -> None:
        """Send what is due whenever it is wanted, until ``stop`` is set."""
        while not stop.is_set():
            problem = ""
            try:
                if wanted():
                    self.round()
            except NbopsError as error:
                problem = str(error)
            except Exception as error:
                _log.exception("alerts stumbled")
                problem = type(error).__name__
            if problem and problem != self._said:
                _log.warning("alerts: %s", problem)
            self._said = problem
            self._clock.wait(_TICK, stop)

    def round(self) -> int:
        """Send what is due; give how many have arrived.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        ledger, now, arrived = open_ledger(self._workspace), self._clock.now(), 0
        for box in _BOXES:
            a = box.table
            due = (owned(self._workspace, a), a.c.state == WAITING, a.c.next_at <= now)
            with ledger.connect() as connection:
                rows = connection.execute(select(a).where(*due).order_by(a.c.id)).all()
            arrived += sum(self._deliver(ledger, box, row, now) for row in rows)
        return arrived

    def _deliver(self, ledger: Ledger, box: _Box, row: Row[Any], now: float) -> bool:
        a = box.table
        mine = (a.c.id == row.id, a.c.state == WAITING, a.c.attempts == row.attempts)
        with ledger.begin() as connection:
            claim = a.update().where(*mine).values(attempts=row.attempts + 1, next_at=now + _CLAIM)
            if not connection.execute(claim).rowcount:
                return False
            notice = box.notice_of(connection, row)
        if notice is None:
            problem, final = "what it tells of is no longer in the ledger", True
        else:
            problem, final = send_notice(self._workspace, row.channel, notice, f"{box.prefix}{row.id}", now)
        self._book(ledger, a, row, problem, final, now)
        return not problem

    def _book(self, ledger: Ledger, a: Table, row: Row[Any], problem: str, final: bool, now: float) -> None:
        attempts = row.attempts + 1
        state = DELIVERED if not problem else GIVEN_UP if final or attempts >= _TRIES else WAITING
        pause = PAUSES[min(attempts, len(PAUSES)) - 1]
        values = {"state": state, "error": problem[:LONGEST_ERROR], "next_at": now + pause}
        with ledger.begin() as connection:
            connection.execute(a.update().where(a.c.id == row.id).values(**values))
            # Why it has not arrived stands beside the incident, until it has.
            if state == GIVEN_UP or values["error"] != (row.error or ""):
                ledger.touch(connection)
        if problem:
            after = "given up" if state == GIVEN_UP else f"next try in {pause:.0f} s"
            _log.warning("alert to %s: %s (%s)", row.channel, problem, after)
