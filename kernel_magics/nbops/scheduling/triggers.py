"""When a schedule is looked at first, and from where on things count for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.ledger import tables
from nbops.pipelines.cron import Cron
from nbops.records import Schedule

# Triggers that wait for something that others write into the ledger.
EVENTS = ("drift", "performance", "promotion", "pipeline")


def first_next(schedule: Schedule, at: float) -> float | None:
    """Give when a schedule is due by the clock; none when it waits for something else."""
    return Cron(schedule.cron, schedule.timezone).next(at) if schedule.trigger == "cron" else None


def first_mark(connection: Connection, schedule: Schedule, at: float) -> dict[str, Any]:
    """Give from where on things count for a schedule that begins, or begins again, at a time."""
    if schedule.trigger == "promotion":
        return {"seq": connection.scalar(select(tables.audit_head.c.seq)) or 0, "seen": at}
    if schedule.trigger in EVENTS:
        return {"since": at, "seen": at}
    return {"looked": at} if schedule.trigger == "cron" else {}
