"""Tell webhooks of audit events: signed, tried again for hours, at least once each, given up visibly.

What is to be told stands in the ledger, so it survives whatever happens to the courier. A delivery is claimed before it
is sent; a courier that dies while sending leaves a claim that runs out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from nbops.errors import LedgerError, NbopsError, SettingsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.audit import event_of
from nbops.records import to_wire
from nbops.tracking.hooks import Hook, read_hooks
from nbops.tracking.signed import send
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME

WAITING, DELIVERED, GIVEN_UP, SKIPPED = "waiting", "delivered", "given up", "skipped"
PAUSES = (2.0, 10.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 10800.0, 14400.0, 21600.0)
LONGEST_ERROR = 300
_BATCH, _TICK = 200, 0.5
_log = logging.getLogger("nbops.courier")


class Postman:
    """Delivers what webhooks are to be told. Lives in the courier, in a thread of its own.

    Parameters
    ----------
    workspace
        Whose webhooks and audit log.
    at_home
        Tells whether the workspace is still there.
    clock
        Gives the time in seconds since the epoch.
    """

    def __init__(
        self,
        workspace: Workspace,
        at_home: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._workspace, self._at_home, self._clock = workspace, at_home, clock
        self._stop = threading.Event()
        self._busy = True
        self._said = ""

    def stop(self) -> None:
        """End after the delivery at hand."""
        self._stop.set()

    def busy(self) -> bool:
        """Whether something waits to be told, now or later."""
        return self._busy

    def run(self) -> None:
        """Work until :meth:`stop`."""
        while not self._stop.is_set():
            problem = ""
            try:
                self._busy = self._at_home() and self.round()
            except NbopsError as error:
                problem, self._busy = str(error), False
            except Exception as error:
                _log.exception("webhooks stumbled")
                problem = type(error).__name__
            if problem and problem != self._said:
                _log.warning("webhooks: %s", problem)
            self._said = problem
            self._stop.wait(_TICK)

    def round(self) -> bool:
        """Note what is to be told and tell what is due; give whether something is left.

        Raises
        ------
        SettingsError
            ``nbops.toml`` declares a webhook that cannot be used.
        LedgerError
            The ledger does not answer.
        """
        hooks = read_hooks(self._workspace)
        if not hooks:
            return False
        ledger, declared = open_ledger(self._workspace), _declared(self._workspace)
        for hook in hooks:
            _note(ledger, hook, declared)
            self._tell(ledger, hook)
        d = tables.webhook_deliveries
        left = select(d.c.seq).where(d.c.state == WAITING, d.c.hook.in_([hook.name for hook in hooks])).limit(1)
        with ledger.connect() as connection:
            return connection.execute(left).first() is not None

    def _tell(self, ledger: Ledger, hook: Hook) -> None:
        d = tables.webhook_deliveries
        due = select(d.c.seq, d.c.attempts).where(
            d.c.hook == hook.name, d.c.state == WAITING, d.c.next_at <= self._clock()
        )
        with ledger.connect() as connection:
            rows = connection.execute(due.order_by(d.c.seq).limit(_BATCH)).all()
        for row in rows:
            if self._stop.is_set() or not self._claim(ledger, hook, row.seq, row.attempts):
                continue
            problem, final = self._send(ledger, hook, row.seq)
            self._book(ledger, hook, row.seq, row.attempts + 1, problem, final)
            if problem and not final:
                # It is away: asking it for each event would only take longer.
                return

    def _claim(self, ledger: Ledger, hook: Hook, seq: int, attempts: int) -> bool:
        """Keep the couriers of other machines from sending the same, for as long as it can take."""
        d = tables.webhook_deliveries
        mine = (d.c.hook == hook.name, d.c.seq == seq, d.c.state == WAITING, d.c.attempts == attempts)
        until = self._clock() + 2 * hook.timeout + 30
        with ledger.begin() as connection:
            claimed = connection.execute(d.update().where(*mine).values(attempts=attempts + 1, next_at=until))
        return claimed.rowcount == 1

    def _send(self, ledger: Ledger, hook: Hook, seq: int) -> tuple[str, bool]:
        """Send one event; give what went wrong, and whether that is for good."""
        e = tables.audit_events
        with ledger.connect() as connection:
            row = connection.execute(select(e.c.body, e.c.mac).where(e.c.seq == seq)).first()
        if row is None:
            return "the event is no longer in the audit log", True
        try:
            event = event_of(row.body, row.mac)
        except LedgerError as error:
            return str(error), True
        try:
            delivery = f"{hook.name}-{event.seq}-{event.mac[:12]}"
            return send(hook, event.action, delivery, {"hook": hook.name, "event": to_wire(event)}, self._clock())
        except SettingsError as error:
            return str(error), False

    def _book(self, ledger: Ledger, hook: Hook, seq: int, attempts: int, problem: str, final: bool) -> None:
        d = tables.webhook_deliveries
        state = DELIVERED if not problem else GIVEN_UP if final or attempts >= hook.tries else WAITING
        pause = PAUSES[min(attempts, len(PAUSES)) - 1]
        values = {"state": state, "error": problem[:LONGEST_ERROR], "next_at": self._clock() + pause}
        with ledger.begin() as connection:
            connection.execute(d.update().where(d.c.hook == hook.name, d.c.seq == seq).values(**values))
            if state == GIVEN_UP:
                ledger.touch(connection)
        if problem:
            after = "given up" if state == GIVEN_UP else f"next try in {pause:.0f} s"
            _log.warning("webhook %s, event %s: %s (%s)", hook.name, seq, problem, after)


def summary(workspace: Workspace) -> list[dict[str, Any]]:
    """Give each webhook with how many events it was told of, still waits for, and was given up on.

    Raises
    ------
    SettingsError
        ``nbops.toml`` declares a webhook that cannot be used.
    LedgerError
        The ledger does not answer.
    """
    hooks = read_hooks(workspace)
    if not hooks:
        return []
    d = tables.webhook_deliveries
    counted = select(d.c.hook, d.c.state, func.count().label("number")).group_by(d.c.hook, d.c.state)
    failed = select(d.c.hook, d.c.error).where(d.c.error != "", d.c.state != DELIVERED).order_by(d.c.seq)
    with open_ledger(workspace).connect() as connection:
        counts = {(row.hook, row.state): row.number for row in connection.execute(counted)}
        errors = {row.hook: row.error for row in connection.execute(failed)}
    return [
        {
            "name": hook.name,
            "url": hook.shown,
            "events": sorted(hook.events),
            "format": hook.format,
            "delivered": counts.get((hook.name, DELIVERED), 0),
            "waiting": counts.get((hook.name, WAITING), 0),
            "given_up": counts.get((hook.name, GIVEN_UP), 0),
            "error": errors.get(hook.name, ""),
        }
        for hook in hooks
    ]


def retry(workspace: Workspace, name: str = "") -> int:
    """Try at once what was given up or waits; give how many events that are.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    d = tables.webhook_deliveries
    which = d.c.state.in_((WAITING, GIVEN_UP)) & (d.c.hook == name if name else d.c.hook != "")
    with open_ledger(workspace).begin() as connection:
        return connection.execute(d.update().where(which).values(state=WAITING, attempts=0, next_at=0.0)).rowcount


def _declared(workspace: Workspace) -> float:
    """Give a time before which no webhook that was not seen yet can have been meant."""
    try:
        return (workspace.root / FILE_NAME).stat().st_mtime
    except OSError:
        return 0.0


def _note(ledger: Ledger, hook: Hook, declared: float) -> None:
    """Write down which events since the last look the webhook is to be told of; at first sight, since it is declared."""
    d, e = tables.webhook_deliveries, tables.audit_events
    with ledger.connect() as connection:
        last = connection.scalar(select(func.max(d.c.seq)).where(d.c.hook == hook.name))
        first = last is None
        if first:
            last = connection.scalar(select(func.max(e.c.seq)).where(e.c.at < declared)) or 0
        query = select(e.c.seq, e.c.action, e.c.model).where(e.c.seq > last).order_by(e.c.seq).limit(_BATCH)
        found = connection.execute(query).all()
    if not found and not first:
        return
    mark = found[-1].seq if found else last
    rows = [{"hook": hook.name, "seq": r.seq, "state": WAITING} for r in found if hook.wants(r.action, r.model)]
    if not rows or rows[-1]["seq"] != mark:
        rows.append({"hook": hook.name, "seq": mark, "state": SKIPPED})
    with ledger.begin() as connection:
        connection.execute(ledger.upsert(d).on_conflict_do_nothing(), rows)
        # Of what was passed over only the last is needed: it says how far the log was read.
        connection.execute(d.delete().where(d.c.hook == hook.name, d.c.state == SKIPPED, d.c.seq < mark))
