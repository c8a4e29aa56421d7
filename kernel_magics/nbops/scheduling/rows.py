"""Schedules and their runs as rows of the ledger, and back."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.engine import Connection

from nbops.errors import UsageError
from nbops.ledger import tables
from nbops.ledger.owning import owned
from nbops.pipelines.cron import Cron
from nbops.records import Schedule, ScheduleRun
from nbops.workspace import Workspace

# Fields of a Schedule that have a column; those that are worked out when one is read have none at all.
_COLUMNS = ("name", "pipeline", "trigger", "paused", "author", "created_at", "next_at")
_WORKED_OUT = ("words", "last")
ACTIVE = ("queued", "running")


def values_of(schedule: Schedule) -> dict[str, Any]:
    """Give the columns of a schedule."""
    facts = asdict(schedule)
    detail = {name: value for name, value in facts.items() if name not in (*_COLUMNS, *_WORKED_OUT)}
    return {name: facts[name] for name in _COLUMNS} | {"detail": detail}


def schedule_of(row: Row[Any]) -> Schedule:
    """Read a schedule from its row."""
    detail = {name: value for name, value in row.detail.items() if name in Schedule.__dataclass_fields__}
    detail["alerts"] = tuple(detail.get("alerts", ()))
    return Schedule(**{name: getattr(row, name) for name in _COLUMNS}, **detail)


def run_of(row: Row[Any]) -> ScheduleRun:
    """Read a scheduled run from its row."""
    return ScheduleRun(**{name: getattr(row, name) for name in ScheduleRun.__dataclass_fields__})


def read_schedules(connection: Connection, workspace: Workspace, name: str = "") -> list[Schedule]:
    """Give the schedules of a workspace in order of their names, with what became of each the last time."""
    s = tables.schedules
    query = select(s).where(owned(workspace, s)).order_by(s.c.name)
    if name:
        query = query.where(s.c.name == name)
    last = _last_runs(connection, workspace, name)
    found = (schedule_of(row) for row in connection.execute(query))
    return [replace(one, words=words_of(one), last=last.get(one.name)) for one in found]


def words_of(schedule: Schedule) -> str:
    """Say in a sentence when a schedule runs."""
    many = f"{schedule.threshold:g} {schedule.measure}"
    subject = schedule.subject
    if schedule.trigger == "cron":
        try:
            return Cron(schedule.cron, schedule.timezone).words()
        except UsageError as error:
            return error.message
    return {
        "data": f"When {many} have come to {subject}",
        "drift": f"When drift of {subject} is found",
        "performance": f"When the performance of {subject} is lost",
        "promotion": f"When {subject} is promoted",
        "pipeline": f"After {subject}",
        "manual": "When asked to",
    }[schedule.trigger]


def _last_runs(connection: Connection, workspace: Workspace, name: str) -> dict[str, ScheduleRun]:
    r = tables.schedule_runs
    newest = select(func.max(r.c.id)).where(owned(workspace, r)).group_by(r.c.schedule)
    if name:
        newest = newest.where(r.c.schedule == name)
    rows = connection.execute(select(r).where(r.c.id.in_(newest)))
    return {row.schedule: run_of(row) for row in rows}
