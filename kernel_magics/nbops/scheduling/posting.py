"""Send alerts: each channel by itself, tried again for hours, given up visibly; scheduling never waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select

from nbops.errors import NbopsError, SettingsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.records import to_wire
from nbops.scheduling.alerts import DELIVERED, GIVEN_UP, WAITING, Alert, alert_of
from nbops.scheduling.clock import Clock
from nbops.scheduling.mail import read_smtp, send_mail
from nbops.scheduling.rows import owned
from nbops.tracking.hooks import read_hooks
from nbops.tracking.webhooks import LONGEST_ERROR, PAUSES, send
from nbops.workspace import Workspace

_A = tables.alerts
_TICK, _CLAIM, _TRIES = 2.0, 180.0, 12
_log = logging.getLogger("nbops.scheduler")


class AlertPost:
    """Sends what waits to be told by webhook and e-mail.

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
        ledger, now = open_ledger(self._workspace), self._clock.now()
        due = (owned(self._workspace, _A), _A.c.state == WAITING, _A.c.next_at <= now)
        with ledger.connect() as connection:
            rows = connection.execute(select(_A).where(*due).order_by(_A.c.id)).all()
        return sum(self._deliver(ledger, row, now) for row in rows)

    def _deliver(self, ledger: Ledger, row: Row[Any], now: float) -> bool:
        mine = (_A.c.id == row.id, _A.c.state == WAITING, _A.c.attempts == row.attempts)
        with ledger.begin() as connection:
            claim = _A.update().where(*mine).values(attempts=row.attempts + 1, next_at=now + _CLAIM)
            if not connection.execute(claim).rowcount:
                return False
            alert = alert_of(connection, row)
        problem, final = ("its run is no longer in the ledger", True) if alert is None else self._send(alert, row, now)
        self._book(ledger, row, problem, final, now)
        return not problem

    def _send(self, alert: Alert, row: Row[Any], now: float) -> tuple[str, bool]:
        kind, _, target = row.channel.partition(":")
        try:
            if kind == "webhook":
                return self._call(alert, target, row.id, now)
            send_mail(read_smtp(self._workspace), target, alert)
            return "", False
        except NbopsError as error:
            return str(error), False

    def _call(self, alert: Alert, name: str, number: int, now: float) -> tuple[str, bool]:
        hook = next((hook for hook in read_hooks(self._workspace) if hook.name == name), None)
        if hook is None:
            raise SettingsError(f"There is no webhook {name!r} any more.")
        event = f"schedule-{alert.status}"
        return send(hook, event, f"{name}-alert-{number}", {"hook": name, "alert": to_wire(alert)}, now)

    def _book(self, ledger: Ledger, row: Row[Any], problem: str, final: bool, now: float) -> None:
        attempts = row.attempts + 1
        state = DELIVERED if not problem else GIVEN_UP if final or attempts >= _TRIES else WAITING
        pause = PAUSES[min(attempts, len(PAUSES)) - 1]
        values = {"state": state, "error": problem[:LONGEST_ERROR], "next_at": now + pause}
        with ledger.begin() as connection:
            connection.execute(_A.update().where(_A.c.id == row.id).values(**values))
        if problem:
            after = "given up" if state == GIVEN_UP else f"next try in {pause:.0f} s"
            _log.warning("alert to %s: %s (%s)", row.channel, problem, after)
