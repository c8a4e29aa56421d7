"""Trouble of a check from when it begins until it has passed: opened once, counted, reminded of, recovered from.

What people last heard is kept true: an incident is told when it opens, again every ``remind_hours`` while nobody has
acknowledged it, and once when it is over. A check that is in trouble again within ``remind_hours`` of its recovery has
its incident opened again instead of a new one; of that nothing is told before ``remind_hours`` have passed since the last
word, so that a check that flaps is told of once in that time. What starts automation, the signal, is given once for each
incident that opens, also while people are not to be told.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, UsageError
from nbops.ledger import Ledger, open_ledger
from nbops.ledger.audit import audited
from nbops.ledger.numbered import numbered
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.editing import reason_of
from nbops.monitoring.monitors.rows import M, T, incident_of, monitor_of
from nbops.monitoring.monitors.subject import split_model
from nbops.monitoring.monitors.telling import OPENED, RECOVERED, REMINDER, tell
from nbops.records import Check, CheckResult, Identity, Incident, Monitor
from nbops.tracking.signals import SignalKind, write_signal
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id

_HOUR = 3600.0
# What was last heard of an incident: nothing, that there is trouble, that it is over.
_TROUBLE, _OVER = "trouble", "over"
_SIGNALS: dict[str, SignalKind] = {"drift": "drift", "prediction": "drift", "performance": "performance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One finished look, as incidents see it: when it stands for, what it found, and where its evidence lies."""

    at: float
    run: int
    version: int | None
    report: str = ""


def advance(
    connection: Connection,
    ledger: Ledger,
    workspace: Workspace,
    monitor: Monitor,
    moment: Moment,
    results: Sequence[CheckResult],
) -> None:
    """Let incidents follow from what a look found, within the transaction that keeps it.

    The caller holds the monitor's row, so that looks of one monitor are counted one after the other.
    """
    query = select(T).where(owned(workspace, T), T.c.monitor == monitor.name, T.c.closed == "")
    opened = {row.check: row for row in connection.execute(query)}
    checks = {check.name: check for check in monitor.checks}
    step = _Step(connection, ledger, workspace, monitor, moment)
    for result in results:
        row = opened.get(result.check)
        if result.state in ("alert", "error"):
            step.bad(row, result)
        elif row is not None and result.state in ("ok", "warning"):
            step.good(row, result, checks.get(result.check))


def remind(workspace: Workspace, now: float) -> int:
    """Remind of open incidents that nobody has acknowledged, between looks; give how many.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger, reminded = open_ledger(workspace), 0
    due = (owned(workspace, T), T.c.state == "open", T.c.reminded_at.is_not(None), T.c.reminded_at < now)
    with ledger.connect() as connection:
        query = select(T.c.id, T.c.reminded_at, M).join(M, (M.c.workspace == T.c.workspace) & (M.c.name == T.c.monitor))
        rows = connection.execute(query.where(*due, M.c.paused.is_(False))).all()
    for row in rows:
        monitor = monitor_of(row)
        if not monitor.remind_hours or now - row.reminded_at < monitor.remind_hours * _HOUR:
            continue
        with ledger.begin() as connection:
            held = connection.execute(select(T).where(T.c.id == row.id).with_for_update()).first()
            if held is None or held.state != "open" or held.reminded_at != row.reminded_at:
                continue
            step = _Step(connection, ledger, workspace, monitor, Moment(at=now, run=0, version=None))
            if step.heard(held, dict(held.detail)):
                reminded += 1
                ledger.touch(connection)
    return reminded


def acknowledge(
    workspace: Workspace, number: int, reason: str, *, identity: Identity | None = None, now: float | None = None
) -> Incident:
    """Say that somebody sees to an incident: it is counted on, but nobody is reminded of it.

    Parameters
    ----------
    workspace
        Whose incident.
    number
        Its number.
    reason
        What is done about it, in a sentence.
    identity
        Who says so; this process's user by default.
    now
        The time in seconds since the epoch.

    Raises
    ------
    NotFoundError
        There is no such incident.
    UsageError
        It has recovered already, or there is no reason.
    """
    reason, actor = reason_of(reason, "Acknowledging"), identity or who(workspace)
    now = time.time() if now is None else now
    with audited(workspace, actor, "monitor-acknowledge", reason=reason) as change:
        wanted = (owned(workspace, T), numbered(T.c.id, number))
        row = change.connection.execute(select(T).where(*wanted).with_for_update()).first()
        if row is None:
            raise NotFoundError(f"There is no incident {number}.", hint="`nbops monitor list` has the open ones.")
        if row.closed:
            raise UsageError(f"Incident {number} of {row.monitor} is over.", hint="There is nothing to acknowledge.")
        detail = {**row.detail, "acknowledged_by": actor.name, "acknowledged_at": now, "reason": reason}
        change.connection.execute(T.update().where(*wanted).values(state="acknowledged", detail=detail))
        change.detail |= {"incident": number, "monitor": row.monitor, "check": row.check}
        fresh = change.connection.execute(select(T).where(*wanted)).one()
    return incident_of(fresh)


class _Step:
    """What one look does to the incidents of its monitor."""

    def __init__(
        self, connection: Connection, ledger: Ledger, workspace: Workspace, monitor: Monitor, moment: Moment
    ) -> None:
        self._connection, self._ledger, self._workspace = connection, ledger, workspace
        self._monitor, self._moment = monitor, moment
        self._muted = monitor.muted_until is not None and moment.at < monitor.muted_until

    def bad(self, row: Row[Any] | None, result: CheckResult) -> None:
        """Open an incident, or count one window more."""
        at = self._moment.at
        if row is not None and row.detail.get("trouble") == "error" and result.state == "alert":
            # That it could not look is over; what it sees now is another matter.
            self._update(row, state="recovered", closed=str(row.id), recovered_at=at)
            row = None
        if row is None:
            row = self._again(result) or self._open(result)
        else:
            windows = int(row.detail.get("windows", 1)) + 1
            found = {"windows": windows, "good": 0, **self._found(result)}
            row = self._update(row, last_at=at, detail={**row.detail, **found})
        self.heard(row, dict(row.detail))

    def good(self, row: Row[Any], result: CheckResult, check: Check | None) -> None:
        """Count a good window; after as many as the check wants it is over."""
        wanted = int(check.options.get("recover", 1)) if check is not None else 1
        good = int(row.detail.get("good", 0)) + 1
        detail = {**row.detail, "good": good}
        if good < wanted:
            self._update(row, detail=detail)
            return
        at = self._moment.at
        detail |= {"over": result.message, "recovered_run": self._moment.run}
        values: dict[str, Any] = {"state": "recovered", "closed": str(row.id), "recovered_at": at}
        if detail.get("heard") == _TROUBLE and not self._muted:
            self._tell(row, detail, RECOVERED)
            values["reminded_at"] = at
            detail["heard"] = _OVER
        self._update(row, **values, detail=detail)

    def heard(self, row: Row[Any], detail: dict[str, Any]) -> bool:
        """Tell of trouble if people are to hear of it now; give whether it was told."""
        if self._muted or row.state != "open":
            return False
        at, last = self._moment.at, row.reminded_at
        if last is not None and (not self._monitor.remind_hours or at - last < self._monitor.remind_hours * _HOUR):
            return False
        self._tell(row, detail, OPENED if last is None else REMINDER)
        self._update(row, reminded_at=at, detail={**detail, "heard": _TROUBLE})
        return True

    def _open(self, result: CheckResult) -> Row[Any]:
        at, model = self._moment.at, self._monitor.model
        found = self._found(result)
        detail = {
            "model": model,
            "kind": result.kind,
            "version": self._moment.version,
            "trouble": result.state,
            "windows": 1,
            "opened_run": self._moment.run,
            "opened_report": self._moment.report,
            "opened_message": result.message,
            **found,
        }
        values = {
            "workspace": workspace_id(self._workspace),
            "monitor": self._monitor.name,
            "check": result.check,
            "state": "open",
            "opened_at": at,
            "last_at": at,
            "detail": detail,
        }
        key = self._connection.execute(T.insert().values(**values)).inserted_primary_key
        row = self._connection.execute(select(T).where(T.c.id == (key[0] if key is not None else 0))).one()
        self._signal(row, result)
        return row

    def _again(self, result: CheckResult) -> Row[Any] | None:
        """Give the last incident of the check, opened again, if it has only just recovered from the same trouble."""
        at, window = self._moment.at, self._monitor.remind_hours * _HOUR
        last = (owned(self._workspace, T), T.c.monitor == self._monitor.name, T.c.check == result.check)
        row = self._connection.execute(select(T).where(*last).order_by(T.c.id.desc()).limit(1)).first()
        if row is None or row.recovered_at is None or not 0 <= at - row.recovered_at < window:
            return None
        detail = row.detail
        # What another version does is another matter, and so is what was closed because a check was taken out.
        if detail.get("version") != self._moment.version or detail.get("trouble") != result.state or "closed" in detail:
            return None
        found = {
            "windows": int(detail.get("windows", 1)) + 1,
            "good": 0,
            "reopened": int(detail.get("reopened", 0)) + 1,
            **self._found(result),
        }
        known = {k: v for k, v in detail.items() if k not in ("acknowledged_by", "acknowledged_at", "reason")}
        return self._update(row, state="open", closed="", recovered_at=None, last_at=at, detail={**known, **found})

    def _found(self, result: CheckResult) -> dict[str, Any]:
        return {
            "message": result.message,
            "value": result.value,
            "limit": result.limit,
            "columns": list(result.columns)[:20],
            "run": self._moment.run,
        }

    def _signal(self, row: Row[Any], result: CheckResult) -> None:
        kind = _SIGNALS.get(result.kind)
        if kind is None or result.state != "alert":
            return
        name = split_model(self._monitor.model)[0] or self._monitor.name
        said = {
            "message": result.message,
            "monitor": self._monitor.name,
            "check": result.check,
            "incident": row.id,
            "run": self._moment.run,
            "columns": list(result.columns)[:20],
            "value": result.value,
        }
        write_signal(self._connection, self._workspace, kind, name, said, at=time.time())

    def _tell(self, row: Row[Any], detail: dict[str, Any], event: str) -> None:
        detail["told"] = int(detail.get("told", 0)) + 1
        tell(self._connection, self._ledger, self._workspace, self._monitor, row, event, detail, self._moment.at)

    def _update(self, row: Row[Any], **values: Any) -> Row[Any]:
        self._connection.execute(T.update().where(T.c.id == row.id).values(**values))
        return self._connection.execute(select(T).where(T.c.id == row.id)).one()
