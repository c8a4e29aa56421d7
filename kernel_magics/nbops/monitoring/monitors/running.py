"""Look: claim an occasion, run the checks, keep what they found and let incidents follow, all or nothing."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from nbops.errors import UsageError
from nbops.ledger import Ledger, open_ledger
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.due import plan_due, take_next
from nbops.monitoring.monitors.looking import Look, Seen, look
from nbops.monitoring.monitors.rows import RUNNING, UNFINISHED, C, M, R, monitor_of, read_one, result_values, run_of
from nbops.monitoring.monitors.trouble import Moment, advance
from nbops.records import Monitor, MonitorRun
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# Clocks of two machines differ by so many seconds.
_CLOCKS = 60.0
_NO_CALENDAR = 1e11


def run_monitor(workspace: Workspace, name: str, at: float | None = None) -> MonitorRun:
    """Look now, also where the monitor is paused; what is found is kept and incidents follow from it.

    Parameters
    ----------
    workspace, name
        Which monitor.
    at
        Look as at this time, in seconds since the epoch: the window ends then. Now by default; then, where the data end
        before the window would begin, it ends with them.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    UsageError
        ``at`` is still to come.
    LedgerError
        The ledger does not answer.
    """
    ledger, moment = open_ledger(workspace), _past(at)
    with ledger.begin() as connection:
        monitor = monitor_of(read_one(connection, workspace, name))
        values = {
            "workspace": workspace_id(workspace),
            "monitor": name,
            "occasion": f"manual:{uuid.uuid4().hex}",
            "at": moment,
            "state": RUNNING,
            "owner": process_identity(),
            "attempts": 1,
            "detail": {"model": monitor.model, "by_hand": True},
        }
        key = connection.execute(R.insert().values(**values)).inserted_primary_key
    number = int(key[0]) if key is not None else 0
    return _carry_out(workspace, monitor, number, moment, strict=at is not None)


def _past(at: float | None) -> float:
    """Refuse times to come: until then, every look would count as one at the past, from which no incident follows."""
    now = time.time()
    if at is None:
        return now
    if not at <= now + _CLOCKS:
        said = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at < _NO_CALENDAR else f"{at}"
        raise UsageError(f"A monitor cannot look as at {said}, which is still to come.", hint="Leave the time out.")
    return float(at)


def run_due(workspace: Workspace, now: float | None = None) -> tuple[MonitorRun, ...]:
    """Do the looks that are due, in this process, the longest waiting first; give what they found.

    Any number of processes may do this at the same time; each look is done once.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    plan_due(workspace, time.time() if now is None else now)
    return work(workspace)


def work(workspace: Workspace) -> tuple[MonitorRun, ...]:
    """Do the looks that wait for their turn until there are none; give what they found."""
    found = []
    while (taken := take_next(workspace)) is not None:
        monitor, row = taken
        found.append(_carry_out(workspace, monitor, row.id, row.at, strict=not row.detail.get("by_hand")))
    return tuple(found)


def _carry_out(workspace: Workspace, monitor: Monitor, number: int, at: float, *, strict: bool) -> MonitorRun:
    from nbops.monitoring.monitors.checks import RUNNERS

    seen = look(Look(workspace, monitor, at, strict=strict), RUNNERS)
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        return _keep(connection, ledger, workspace, monitor, number, at, seen)


def _keep(
    connection: Connection, ledger: Ledger, workspace: Workspace, monitor: Monitor, number: int, at: float, seen: Seen
) -> MonitorRun:
    # Held from here on: two looks of one monitor are counted one after the other.
    held = (owned(workspace, M), M.c.name == monitor.name)
    row = connection.execute(select(M).where(*held).with_for_update()).first()
    newest = (owned(workspace, R), R.c.monitor == monitor.name, R.c.state.not_in(UNFINISHED), R.c.id != number)
    last = connection.scalar(select(func.max(R.c.at)).where(*newest))
    detail: dict[str, Any] = {
        "model": monitor.model,
        "version": seen.version,
        "sentence": seen.sentence,
        "report": seen.report,
        "ended_at": time.time(),
    }
    values = {
        "state": seen.state,
        "rows": seen.rows,
        "window_start": seen.start,
        "window_end": seen.end,
        "detail": detail,
        "owner": "",
    }
    mine = (R.c.id == number, R.c.state == RUNNING, R.c.owner == process_identity())
    done = connection.execute(R.update().where(*mine).values(**values)).rowcount == 1
    if done and seen.checks:
        connection.execute(C.insert(), [result_values(number, result) for result in seen.checks])
    # The monitor may have been changed meanwhile, or removed; a look at the past changes nothing that came after it.
    if done and row is not None and (last is None or at >= last):
        now_is = monitor_of(row)
        wanted = {check.name for check in now_is.checks}
        moment = Moment(at=at, run=number, version=seen.version, report=seen.report)
        checks = [result for result in seen.checks if result.check in wanted]
        advance(connection, ledger, workspace, now_is, moment, checks)
    ledger.touch(connection)
    kept = connection.execute(select(R).where(R.c.id == number)).first()
    if kept is None:
        # It was removed with its history while it looked.
        return _untold(monitor, number, at, seen)
    return run_of(kept, seen.checks)


def _untold(monitor: Monitor, number: int, at: float, seen: Seen) -> MonitorRun:
    return MonitorRun(
        id=number,
        monitor=monitor.name,
        model=monitor.model,
        version=seen.version,
        at=at,
        window_start=seen.start,
        window_end=seen.end,
        rows=seen.rows,
        state=seen.state,
        sentence=seen.sentence,
        report=seen.report,
        checks=seen.checks,
    )
