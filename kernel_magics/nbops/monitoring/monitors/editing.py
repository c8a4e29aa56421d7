"""Add, change, pause, mute and remove monitors: each in one transaction with the audit event that tells of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from nbops.errors import UsageError
from nbops.ledger.audit import AuditedChange, audited
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.checking import check_monitor
from nbops.monitoring.monitors.rows import LOOKED, QUEUED, A, M, R, T, locked, monitor_of, values_of
from nbops.monitoring.monitors.subject import split_model
from nbops.pipelines.cron import Cron
from nbops.records import Identity, Monitor, to_wire
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id
from nbops.workspace.trust import trust

# What an audit event tells of a monitor.
_TOLD = ("model", "source", "reference", "time", "window", "cron", "timezone", "checks", "routes", "remind_hours")
_LONGEST_MUTE = 366 * 86400.0
_LONGEST_REASON = 1000


def add_monitor(
    workspace: Workspace, monitor: Monitor, *, identity: Identity | None = None, now: float | None = None
) -> Monitor:
    """Keep a new monitor; it comes due from now on.

    Raises
    ------
    UsageError
        The name is taken, or something of the monitor cannot be used.
    NotFoundError
        There is no such model or reference.
    """
    monitor, actor, now = _checked(workspace, monitor), identity or who(workspace), _now(now)
    with audited(workspace, actor, "monitor-add", model=split_model(monitor.model)[0]) as change:
        if change.connection.execute(select(M.c.name).where(owned(workspace, M), M.c.name == monitor.name)).first():
            raise UsageError(
                f"There is a monitor {monitor.name!r} already.", hint="Remove it first, or choose another name."
            )
        monitor = replace(monitor, author=actor.name, created_at=now, next_at=first_next(monitor, now))
        values = values_of(monitor, now) | {"workspace": workspace_id(workspace)}
        change.connection.execute(M.insert().values(**values))
        change.detail |= _told(monitor)
    trust(workspace)
    return monitor


def update_monitor(
    workspace: Workspace, monitor: Monitor, *, identity: Identity | None = None, now: float | None = None
) -> Monitor:
    """Put a monitor in the place of the one that has its name. What comes due counts from now on.

    Who added it, whether it is paused or muted and, unless another is given, the file that declares it stay as they are.
    Incidents of checks that it no longer has are closed.

    Raises
    ------
    NotFoundError
        There is no monitor of that name, no such model or reference.
    UsageError
        Something of the monitor cannot be used.
    """
    monitor, actor, now = _checked(workspace, monitor), identity or who(workspace), _now(now)
    with audited(workspace, actor, "monitor-change", model=split_model(monitor.model)[0]) as change:
        row = locked(change.connection, workspace, monitor.name)
        before = monitor_of(row)
        kept = ("author", "created_at", "paused", "muted_until", "mute_reason", "problem")
        monitor = replace(
            monitor, **{name: getattr(before, name) for name in kept}, origin=monitor.origin or before.origin
        )
        monitor = replace(monitor, next_at=before.next_at)
        if monitor == before:
            change.nothing()
            return before
        looked = row.detail.get(LOOKED)
        if (monitor.cron, monitor.timezone) != (before.cron, before.timezone):
            monitor, looked = replace(monitor, next_at=first_next(monitor, now)), now
        _write(change, workspace, monitor, looked)
        gone = {check.name for check in before.checks} - {check.name for check in monitor.checks}
        _close(change, workspace, monitor.name, now, "the monitor has this check no longer", gone)
        change.detail |= {"name": monitor.name, "from": _told(before), "to": _told(monitor)}
    trust(workspace)
    return monitor


def remove_monitor(
    workspace: Workspace, name: str, *, purge: bool = False, identity: Identity | None = None, now: float | None = None
) -> None:
    """Remove a monitor. What its looks found stays, unless it is to be purged; its open incidents are closed untold.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    """
    with audited(workspace, identity or who(workspace), "monitor-remove") as change:
        before = monitor_of(locked(change.connection, workspace, name))
        connection = change.connection
        connection.execute(M.delete().where(owned(workspace, M), M.c.name == name))
        connection.execute(R.delete().where(owned(workspace, R), R.c.monitor == name, R.c.state == QUEUED))
        if purge:
            of_it = select(T.c.id).where(owned(workspace, T), T.c.monitor == name)
            connection.execute(A.delete().where(owned(workspace, A), A.c.incident.in_(of_it)))
            connection.execute(T.delete().where(owned(workspace, T), T.c.monitor == name))
            connection.execute(R.delete().where(owned(workspace, R), R.c.monitor == name))
        else:
            _close(change, workspace, name, _now(now), "the monitor was removed")
        change.detail |= _told(before) | {"purged": purge}


def pause_monitor(workspace: Workspace, name: str, *, identity: Identity | None = None) -> Monitor:
    """Let a monitor rest: nothing comes due and nobody is reminded; it can still be run by hand.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    """
    with audited(workspace, identity or who(workspace), "monitor-pause", detail={"name": name}) as change:
        row = locked(change.connection, workspace, name)
        monitor = monitor_of(row)
        if monitor.paused:
            change.nothing()
            return monitor
        monitor = replace(monitor, paused=True, next_at=None)
        _write(change, workspace, monitor, row.detail.get(LOOKED))
        waiting = (owned(workspace, R), R.c.monitor == name, R.c.state == QUEUED)
        change.connection.execute(R.delete().where(*waiting))
    return monitor


def resume_monitor(
    workspace: Workspace, name: str, *, identity: Identity | None = None, now: float | None = None
) -> Monitor:
    """Let a paused monitor come due again from now on; what would have come due meanwhile was not missed.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    """
    now = _now(now)
    with audited(workspace, identity or who(workspace), "monitor-resume", detail={"name": name}) as change:
        monitor = monitor_of(locked(change.connection, workspace, name))
        if not monitor.paused:
            change.nothing()
            return monitor
        monitor = replace(monitor, paused=False)
        monitor = replace(monitor, next_at=first_next(monitor, now))
        _write(change, workspace, monitor, now)
    trust(workspace)
    return monitor


def mute_monitor(
    workspace: Workspace,
    name: str,
    until: float,
    reason: str,
    *,
    identity: Identity | None = None,
    now: float | None = None,
) -> Monitor:
    """Tell nobody of a monitor's incidents until a time. It goes on looking, and signals still start what waits for them.

    Parameters
    ----------
    workspace, name
        Which monitor.
    until
        In seconds since the epoch, a year from now at most.
    reason
        Why, in a sentence.
    identity
        Who does it; this process's user by default.
    now
        The time in seconds since the epoch.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    UsageError
        There is no reason, or the time is past or too far away.
    """
    now, reason = _now(now), reason_of(reason, "Muting")
    if not now < until <= now + _LONGEST_MUTE:
        raise UsageError("A monitor is muted until a time to come, a year away at most.", hint="Such as --for 8h.")
    with audited(workspace, identity or who(workspace), "monitor-mute", reason=reason) as change:
        row = locked(change.connection, workspace, name)
        monitor = replace(monitor_of(row), muted_until=until, mute_reason=reason)
        _write(change, workspace, monitor, row.detail.get(LOOKED))
        change.detail |= {"name": name, "until": until}
    return monitor


def unmute_monitor(workspace: Workspace, name: str, *, identity: Identity | None = None) -> Monitor:
    """Tell of a monitor's incidents again.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    """
    with audited(workspace, identity or who(workspace), "monitor-unmute", detail={"name": name}) as change:
        row = locked(change.connection, workspace, name)
        monitor = monitor_of(row)
        if monitor.muted_until is None:
            change.nothing()
            return monitor
        monitor = replace(monitor, muted_until=None, mute_reason="")
        _write(change, workspace, monitor, row.detail.get(LOOKED))
    return monitor


def first_next(monitor: Monitor, now: float) -> float | None:
    """Give when a monitor comes due by the clock; none when it waits for a person or a pipeline."""
    if not monitor.cron or monitor.paused:
        return None
    return Cron(monitor.cron, monitor.timezone).next(now)


def reason_of(reason: str, what: str) -> str:
    """Give a reason as it is kept.

    Raises
    ------
    UsageError
        There is none.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError(f"{what} needs a reason.", hint="Whoever reads the history wants to know why.")
    return reason[:_LONGEST_REASON]


def _now(now: float | None) -> float:
    return time.time() if now is None else now


def _checked(workspace: Workspace, monitor: Monitor) -> Monitor:
    if not isinstance(monitor, Monitor):
        raise UsageError(f"This is a {type(monitor).__name__}, not a Monitor.", hint="nbops.records.Monitor(name=…)")
    monitor = replace(
        monitor,
        name=monitor.name.strip(),
        model=monitor.model.strip(),
        source=monitor.source.strip() or PREDICTIONS,
        routes=tuple(dict.fromkeys(monitor.routes)),
        muted_until=None,
        mute_reason="",
        next_at=None,
        problem="",
    )
    check_monitor(workspace, monitor)
    return monitor


def _write(change: AuditedChange, workspace: Workspace, monitor: Monitor, looked: float | None) -> None:
    where = (owned(workspace, M), M.c.name == monitor.name)
    change.connection.execute(M.update().where(*where).values(**values_of(monitor, looked)))


def _close(
    change: AuditedChange, workspace: Workspace, name: str, now: float, why: str, checks: set[str] | None = None
) -> None:
    """Close open incidents without telling anybody: nothing was seen to have recovered."""
    query = select(T).where(owned(workspace, T), T.c.monitor == name, T.c.closed == "")
    if checks is not None:
        query = query.where(T.c.check.in_(checks))
    for row in change.connection.execute(query).all():
        values: dict[str, Any] = {"state": "recovered", "closed": str(row.id), "recovered_at": now}
        change.connection.execute(
            T.update().where(T.c.id == row.id).values(**values, detail={**row.detail, "closed": why})
        )


def _told(monitor: Monitor) -> dict[str, Any]:
    facts = to_wire(monitor)
    return {"name": monitor.name, **{name: facts[name] for name in _TOLD if facts[name] not in ("", [])}}
