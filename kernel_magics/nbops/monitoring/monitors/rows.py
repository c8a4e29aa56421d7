"""Monitors, looks and incidents as rows of the ledger, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, meant
from nbops.ledger import tables
from nbops.ledger.owning import owned
from nbops.records import CheckResult, Incident, Monitor, MonitorRun, from_wire, to_wire
from nbops.workspace import Workspace

M, R, C, T, A = tables.monitors, tables.monitor_runs, tables.check_results, tables.incidents, tables.incident_alerts
# Fields that have a column; the rest lies in ``detail``.
_MONITOR = ("name", "model", "paused", "created_at", "next_at")
_RUN = ("id", "monitor", "at", "window_start", "window_end", "rows", "state")
_INCIDENT = ("id", "monitor", "check", "state", "opened_at", "last_at", "recovered_at", "reminded_at")
# A look that is not over: it waits for its turn, or somebody owns it.
QUEUED, RUNNING = "queued", "running"
UNFINISHED = (QUEUED, RUNNING)
# In a monitor's detail, beside its fields: up to when what has come due is written down.
LOOKED = "looked"


def values_of(monitor: Monitor, looked: float | None = None) -> dict[str, Any]:
    """Give the columns of a monitor."""
    facts = to_wire(monitor)
    detail = {name: value for name, value in facts.items() if name not in _MONITOR}
    return {name: facts[name] for name in _MONITOR} | {"detail": {**detail, LOOKED: looked}}


def monitor_of(row: Row[Any]) -> Monitor:
    """Read a monitor from its row."""
    return from_wire(Monitor, {**row.detail, **{name: getattr(row, name) for name in _MONITOR}})


def run_of(row: Row[Any], checks: Iterable[CheckResult] = ()) -> MonitorRun:
    """Read a look from its row."""
    facts = {"model": "", "version": None, "sentence": "", **row.detail}
    facts |= {name: getattr(row, name) for name in _RUN}
    return from_wire(MonitorRun, {**facts, "checks": [to_wire(check) for check in checks]})


def result_of(row: Row[Any]) -> CheckResult:
    """Read what a check found from its row."""
    facts = {"message": "", **row.detail}
    return from_wire(
        CheckResult,
        {**facts, "check": row.check, "kind": row.kind, "state": row.state, "value": row.value, "limit": row.limit},
    )


def result_values(run: int, result: CheckResult) -> dict[str, Any]:
    """Give the columns of what a check found."""
    facts = to_wire(result)
    columns = ("check", "kind", "state", "value", "limit")
    detail = {name: value for name, value in facts.items() if name not in columns}
    # A value that is no number cannot be drawn, and not every database keeps it.
    numbers = {name: facts[name] if isinstance(facts[name], float | int) else None for name in ("value", "limit")}
    return {"run": run, **{name: facts[name] for name in columns}, **numbers, "detail": detail}


def incident_of(row: Row[Any], undelivered: str = "") -> Incident:
    """Read an incident from its row."""
    facts = {"model": "", "kind": "drift", "message": "", **row.detail}
    facts |= {name: getattr(row, name) for name in _INCIDENT}
    return from_wire(Incident, {**facts, "undelivered": undelivered})


def locked(connection: Connection, workspace: Workspace, name: str) -> Row[Any]:
    """Give the row of a monitor, which nobody else can change before this transaction ends.

    Raises
    ------
    NotFoundError
        There is no monitor of that name; the hint names the closest.
    """
    row = connection.execute(select(M).where(owned(workspace, M), M.c.name == name).with_for_update()).first()
    if row is None:
        raise missing(name, connection.scalars(select(M.c.name).where(owned(workspace, M))))
    return row


def missing(name: str, known: Iterable[str]) -> NotFoundError:
    """Give the error of a monitor that does not exist."""
    return NotFoundError(f"There is no monitor {name!r}.", hint=meant(name, known) or "`nbops monitor list` has all.")


def read_one(connection: Connection, workspace: Workspace, name: str) -> Row[Any]:
    """Give the row of a monitor.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    """
    row = connection.execute(select(M).where(owned(workspace, M), M.c.name == name)).first()
    if row is None:
        raise missing(name, connection.scalars(select(M.c.name).where(owned(workspace, M))))
    return row
