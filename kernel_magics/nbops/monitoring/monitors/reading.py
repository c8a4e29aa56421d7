"""Read monitors, their looks, reports and incidents."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError
from nbops.ledger import open_ledger
from nbops.ledger.numbered import numbered
from nbops.ledger.owning import owned
from nbops.monitoring import arguments
from nbops.monitoring.monitors.rows import (
    UNFINISHED,
    A,
    C,
    M,
    R,
    T,
    incident_of,
    monitor_of,
    read_one,
    result_of,
    run_of,
)
from nbops.monitoring.monitors.telling import DELIVERED
from nbops.records import CheckResult, Incident, Monitor, MonitorRun
from nbops.workspace import Workspace
from nbops.workspace.blobs import read

_GIVEN_UP = "given up"


def monitors(workspace: Workspace) -> tuple[Monitor, ...]:
    """Give the monitors of a workspace in order of their names.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(select(M).where(owned(workspace, M)).order_by(M.c.name))
        return tuple(monitor_of(row) for row in rows)


def monitor(workspace: Workspace, name: str) -> Monitor:
    """Give one monitor.

    Raises
    ------
    NotFoundError
        There is none of that name; the hint names the closest.
    """
    with open_ledger(workspace).connect() as connection:
        return monitor_of(read_one(connection, workspace, name))


def monitor_runs(workspace: Workspace, name: str = "", limit: int = 50) -> tuple[MonitorRun, ...]:
    """Give the looks of a monitor, or of all, with what each check found, the last first. Those under way are not among them.

    Raises
    ------
    UsageError
        ``limit`` is no number of looks.
    LedgerError
        The ledger does not answer.
    """
    limit = arguments.count(limit, "limit", least=0)
    query = select(R).where(owned(workspace, R), R.c.state.not_in(UNFINISHED))
    if name:
        query = query.where(R.c.monitor == name)
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query.order_by(R.c.at.desc(), R.c.id.desc()).limit(limit)).all()
        checks = checks_of(connection, [row.id for row in rows])
    return tuple(run_of(row, checks.get(row.id, ())) for row in rows)


def monitor_report(workspace: Workspace, run_id: int, *, name: str = "") -> dict[str, Any]:
    """Give the drift report of a look as :meth:`~nbops.monitoring.report.DriftReport.to_dict` gave it.

    Parameters
    ----------
    workspace
        Whose look.
    run_id
        Its number.
    name
        The monitor that it must be of; any by default.

    Raises
    ------
    NotFoundError
        There is no such look, it compared nothing, or its report is gone.
    WorkspaceError
        The report was changed since it was written.
    """
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(R).where(owned(workspace, R), numbered(R.c.id, run_id))).first()
    if row is None or (name and row.monitor != name):
        said = f"The monitor {name[:80]!r} has no look {run_id}." if name else f"There is no look {run_id}."
        raise NotFoundError(said, hint="`nbops monitor show NAME` has those of a monitor.")
    digest = row.detail.get("report", "")
    if not digest:
        raise NotFoundError(f"The look {run_id} of {row.monitor} compared nothing, so it has no drift report.")
    found: dict[str, Any] = json.loads(read(workspace, digest))
    return found


def incidents(workspace: Workspace, name: str = "", *, opened: bool = False, limit: int = 100) -> tuple[Incident, ...]:
    """Give the incidents of a monitor, or of all, the last first.

    Parameters
    ----------
    workspace, name
        Which monitor; all by default.
    opened
        Only those that are not over.
    limit
        So many at most.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    query = select(T).where(owned(workspace, T))
    if name:
        query = query.where(T.c.monitor == name)
    if opened:
        query = query.where(T.c.closed == "")
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query.order_by(T.c.opened_at.desc(), T.c.id.desc()).limit(limit)).all()
        untold = undelivered(connection, workspace, [row.id for row in rows])
    return tuple(incident_of(row, untold.get(row.id, "")) for row in rows)


def checks_of(connection: Connection, runs: list[int]) -> dict[int, list[CheckResult]]:
    """Give, by the number of a look, what its checks found, in the order of their names."""
    found: dict[int, list[CheckResult]] = {}
    for row in connection.execute(select(C).where(C.c.run.in_(runs)).order_by(C.c.run, C.c.check)):
        found.setdefault(row.run, []).append(result_of(row))
    return found


def undelivered(connection: Connection, workspace: Workspace, numbers: list[int]) -> dict[int, str]:
    """Say, by the number of an incident, which of its alerts have not arrived and why."""
    wanted = (owned(workspace, A), A.c.incident.in_(numbers), A.c.error != "", A.c.state != DELIVERED)
    found: dict[int, str] = {}
    for row in connection.execute(select(A).where(*wanted).order_by(A.c.id)):
        state = "was given up" if row.state == _GIVEN_UP else "has not arrived yet"
        found[row.incident] = f"The alert to {row.channel} {state}: {row.error}"
    return found
