"""All monitors in one table, the most troubled first, in a fixed number of queries however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.engine import Connection

from nbops.ledger import open_ledger
from nbops.ledger.owning import owned
from nbops.monitoring.monitors.looking import RANK
from nbops.monitoring.monitors.reading import checks_of, undelivered
from nbops.monitoring.monitors.rows import UNFINISHED, C, M, R, T, incident_of, monitor_of, read_one, run_of
from nbops.records import CheckResult, CheckSeries, Incident, Monitor, MonitorRun, MonitorState, MonitorSummary
from nbops.workspace import Workspace

# So many of the last looks are drawn.
LOOKS = 30


def summaries(workspace: Workspace, *, looks: int = LOOKS) -> tuple[MonitorSummary, ...]:
    """Give every monitor with its state, its last look, its open incidents and the last values of its checks.

    Sorted by trouble: alerts before errors, warnings, those that wait and those in order; among equals what nobody has
    acknowledged or muted first.

    Parameters
    ----------
    workspace
        Whose monitors.
    looks
        How many of the last values of each check are given.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    with open_ledger(workspace).snapshot() as connection:
        rows = connection.execute(select(M).where(owned(workspace, M))).all()
        found = _read(connection, workspace, rows, looks) if rows else []
    return tuple(sorted(found, key=_trouble))


def summary(workspace: Workspace, name: str, *, looks: int = LOOKS) -> MonitorSummary:
    """Give one monitor as :func:`summaries` does.

    Raises
    ------
    NotFoundError
        There is none of that name; the hint names the closest.
    """
    with open_ledger(workspace).snapshot() as connection:
        return _read(connection, workspace, [read_one(connection, workspace, name)], looks)[0]


def _read(connection: Connection, workspace: Workspace, rows: Sequence[Row[Any]], looks: int) -> list[MonitorSummary]:
    only = rows[0].name if len(rows) == 1 else ""
    recent = _recent(connection, workspace, looks, only)
    checks = checks_of(connection, [runs[0].id for runs in recent.values()])
    series = _values(connection, recent)
    opened = _opened(connection, workspace, only)
    return [
        _summary(monitor_of(row), recent.get(row.name, ()), checks, series, opened.get(row.name, ())) for row in rows
    ]


def _recent(connection: Connection, workspace: Workspace, looks: int, only: str) -> dict[str, list[Row[Any]]]:
    """Give the last looks of each monitor, the last first."""
    order = func.row_number().over(partition_by=R.c.monitor, order_by=(R.c.at.desc(), R.c.id.desc())).label("place")
    wanted = [owned(workspace, R), R.c.state.not_in(UNFINISHED), *([R.c.monitor == only] if only else [])]
    ranked = select(R, order).where(*wanted).subquery()
    found: dict[str, list[Row[Any]]] = {}
    query = select(ranked).where(ranked.c.place <= looks).order_by(ranked.c.monitor, ranked.c.place)
    for row in connection.execute(query):
        found.setdefault(row.monitor, []).append(row)
    return found


def _values(connection: Connection, recent: dict[str, list[Row[Any]]]) -> dict[int, dict[str, float | None]]:
    """Give, by the number of a look, the value of each of its checks."""
    numbers = [row.id for rows in recent.values() for row in rows]
    found: dict[int, dict[str, float | None]] = {}
    # Databases take so many values in one question.
    for start in range(0, len(numbers), 10_000):
        some = select(C.c.run, C.c.check, C.c.value).where(C.c.run.in_(numbers[start : start + 10_000]))
        for run, check, value in connection.execute(some):
            found.setdefault(run, {})[check] = value
    return found


def _opened(connection: Connection, workspace: Workspace, only: str) -> dict[str, list[Incident]]:
    wanted = [owned(workspace, T), T.c.closed == "", *([T.c.monitor == only] if only else [])]
    query = select(T).where(*wanted).order_by(T.c.opened_at.desc(), T.c.id.desc())
    rows = connection.execute(query).all()
    untold = undelivered(connection, workspace, [row.id for row in rows])
    found: dict[str, list[Incident]] = {}
    for row in rows:
        found.setdefault(row.monitor, []).append(incident_of(row, untold.get(row.id, "")))
    return found


def _summary(
    monitor: Monitor,
    rows: Sequence[Row[Any]],
    checks: dict[int, list[CheckResult]],
    values: dict[int, dict[str, float | None]],
    opened: Sequence[Incident],
) -> MonitorSummary:
    last = run_of(rows[0], _in_order(monitor, checks.get(rows[0].id, []))) if rows else None
    state: MonitorState = "paused" if monitor.paused else last.state if last is not None else "waiting"
    labelled = (
        next((c.value for c in last.checks if c.kind == "volume" and c.check.endswith("labelled")), None)
        if last
        else None
    )
    return MonitorSummary(
        monitor=monitor,
        state=state,
        sentence=last.sentence if last is not None else "It has not looked yet.",
        version=last.version if last is not None else None,
        last=last,
        incidents=tuple(opened),
        series=_series(last, rows, values),
        labelled=labelled,
    )


def _in_order(monitor: Monitor, found: Sequence[CheckResult]) -> list[CheckResult]:
    places = {check.name: place for place, check in enumerate(monitor.checks)}
    return sorted(found, key=lambda one: places.get(one.check, len(places)))


def _series(
    last: MonitorRun | None, rows: Sequence[Row[Any]], values: dict[int, dict[str, float | None]]
) -> tuple[CheckSeries, ...]:
    if last is None:
        return ()
    oldest_first = rows[::-1]
    return tuple(
        CheckSeries(
            check=one.check,
            kind=one.kind,
            state=one.state,
            message=one.message,
            values=tuple(values.get(row.id, {}).get(one.check) for row in oldest_first),
            at=tuple(row.at for row in oldest_first),
            limit=one.limit,
        )
        for one in last.checks
    )


def _trouble(summary: MonitorSummary) -> tuple[Any, ...]:
    waits = any(incident.state == "open" for incident in summary.incidents)
    muted = summary.monitor.muted_until is not None
    return -RANK[summary.state], not waits, muted, -len(summary.incidents), summary.monitor.name
