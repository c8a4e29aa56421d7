"""Add, change, pause and remove schedules: each in one transaction with the audit event that tells of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select

from nbops.errors import NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.ledger.owning import owned
from nbops.records import Identity, Schedule
from nbops.scheduling.checking import check, relative_pipeline
from nbops.scheduling.circles import refuse_circle
from nbops.scheduling.clock import SYSTEM, Clock
from nbops.scheduling.data import measure
from nbops.scheduling.rows import read_schedules, schedule_of, values_of, words_of
from nbops.scheduling.triggers import first_mark, first_next
from nbops.scheduling.wording import meant
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id
from nbops.workspace.trust import trust

# What an audit event tells of a schedule; values of parameters may say too much.
_TOLD = ("pipeline", "trigger", "cron", "timezone", "subject", "measure", "threshold", "missed", "overlap", "alerts")


def add_schedule(
    workspace: Workspace, schedule: Schedule, *, identity: Identity | None = None, clock: Clock = SYSTEM
) -> Schedule:
    """Keep a new schedule; it counts from now on.

    Raises
    ------
    UsageError
        The name is taken, or something of the schedule cannot be used.
    NotFoundError
        There is no such pipeline.
    PipelineError
        The pipeline's file is wrong.
    """
    schedule, actor = _checked(workspace, schedule), identity or who(workspace)
    seen = _seen(workspace, schedule)
    with audited(workspace, actor, "schedule-add") as change:
        schedule = replace(schedule, author=actor.name, created_at=clock.now())
        if _exists(change, workspace, schedule.name):
            raise UsageError(
                f"There is a schedule {schedule.name!r} already.", hint="Remove it first, or choose another name."
            )
        _insert(change, workspace, schedule, seen, clock.now())
        change.detail |= _told(schedule)
    trust(workspace)
    return _read(workspace, schedule.name)


def update_schedule(
    workspace: Workspace, schedule: Schedule, *, identity: Identity | None = None, clock: Clock = SYSTEM
) -> Schedule:
    """Put a schedule in the place of the one that has its name. What comes due counts from now on.

    Who added it, whether it is paused and, unless another is given, the file that declares it stay as they are.

    Raises
    ------
    NotFoundError
        There is no schedule of that name, or no such pipeline.
    UsageError
        Something of the schedule cannot be used.
    PipelineError
        The pipeline's file is wrong.
    """
    schedule, actor = _checked(workspace, schedule), identity or who(workspace)
    seen = _seen(workspace, schedule)
    with audited(workspace, actor, "schedule-change") as change:
        before = _one(change, workspace, schedule.name)
        kept: dict[str, Any] = {"author": before.author, "created_at": before.created_at, "paused": before.paused}
        schedule = replace(schedule, **kept, origin=schedule.origin or before.origin)
        if _same(before, schedule):
            change.nothing()
        else:
            s = tables.schedules
            if (before.trigger, before.subject, before.measure) == ("data", schedule.subject, schedule.measure):
                # What has come since the last successful run still has.
                seen = _mark(change, workspace, schedule.name)
            change.connection.execute(s.delete().where(owned(workspace, s), s.c.name == schedule.name))
            _insert(change, workspace, schedule, seen, clock.now())
            change.detail |= {"name": schedule.name, "from": _told(before), "to": _told(schedule)}
    trust(workspace)
    return _read(workspace, schedule.name)


def remove_schedule(workspace: Workspace, name: str, *, identity: Identity | None = None) -> None:
    """Remove a schedule. Its history stays; what waited for its turn is dropped, what runs goes on.

    Raises
    ------
    NotFoundError
        There is no schedule of that name.
    """
    with audited(workspace, identity or who(workspace), "schedule-remove") as change:
        before = _one(change, workspace, name)
        s = tables.schedules
        change.connection.execute(s.delete().where(owned(workspace, s), s.c.name == name))
        _drop_waiting(change, workspace, name, "the schedule was removed")
        change.detail |= _told(before)


def pause_schedule(workspace: Workspace, name: str, *, identity: Identity | None = None) -> Schedule:
    """Let a schedule rest: nothing comes due, what waited for its turn is dropped, what runs goes on.

    Raises
    ------
    NotFoundError
        There is no schedule of that name.
    """
    with audited(workspace, identity or who(workspace), "schedule-pause", detail={"name": name}) as change:
        if _one(change, workspace, name).paused:
            change.nothing()
        else:
            _set(change, workspace, name, paused=True, next_at=None)
            _drop_waiting(change, workspace, name, "the schedule was paused")
    return _read(workspace, name)


def resume_schedule(
    workspace: Workspace, name: str, *, identity: Identity | None = None, clock: Clock = SYSTEM
) -> Schedule:
    """Let a paused schedule count again from now on; what would have come due meanwhile was not missed.

    Raises
    ------
    NotFoundError
        There is no schedule of that name.
    """
    with audited(workspace, identity or who(workspace), "schedule-resume", detail={"name": name}) as change:
        schedule = _one(change, workspace, name)
        if not schedule.paused:
            change.nothing()
        else:
            mark = first_mark(change.connection, schedule, clock.now()) or _mark(change, workspace, name)
            _set(change, workspace, name, paused=False, mark=mark, next_at=first_next(schedule, clock.now()))
    trust(workspace)
    return _read(workspace, name)


def _checked(workspace: Workspace, schedule: Schedule) -> Schedule:
    schedule = replace(
        _without_idle_facts(schedule),
        name=schedule.name.strip(),
        pipeline=relative_pipeline(workspace, schedule.pipeline),
        alerts=tuple(dict.fromkeys(schedule.alerts)),
        problem="",
        words="",
        last=None,
    )
    check(workspace, schedule)
    if schedule.trigger == "pipeline":
        with open_ledger(workspace).connect() as connection:
            others = read_schedules(connection, workspace)
        refuse_circle(workspace, schedule, others)
    return schedule


def _without_idle_facts(schedule: Schedule) -> Schedule:
    """Drop what belongs to other triggers than the schedule's own."""
    trigger = schedule.trigger
    if trigger != "cron":
        schedule = replace(schedule, cron="", timezone="UTC")
    if trigger in ("cron", "manual"):
        schedule = replace(schedule, subject="")
    return schedule if trigger == "data" else replace(schedule, measure="", threshold=0.0)


def _seen(workspace: Workspace, schedule: Schedule) -> dict[str, Any]:
    """Look at the data of a schedule that waits for more, so that what is there already does not count."""
    if schedule.trigger != "data":
        return {}
    return {"baseline": measure(workspace, schedule.subject, schedule.measure, {})}


def _same(before: Schedule, after: Schedule) -> bool:
    old, new = values_of(before), values_of(replace(after, problem=before.problem, next_at=before.next_at))
    return old == new


def _mark(change: AuditedChange, workspace: Workspace, name: str) -> dict[str, Any]:
    s = tables.schedules
    return dict(change.connection.scalar(select(s.c.mark).where(owned(workspace, s), s.c.name == name)) or {})


def _insert(change: AuditedChange, workspace: Workspace, schedule: Schedule, seen: dict[str, Any], now: float) -> None:
    schedule = replace(schedule, next_at=None if schedule.paused else first_next(schedule, now))
    values = values_of(schedule) | {
        "workspace": workspace_id(workspace),
        "mark": first_mark(change.connection, schedule, now) or seen,
    }
    change.connection.execute(tables.schedules.insert().values(**values))


def _set(change: AuditedChange, workspace: Workspace, name: str, **values: Any) -> None:
    s = tables.schedules
    change.connection.execute(s.update().where(owned(workspace, s), s.c.name == name).values(**values))


def _drop_waiting(change: AuditedChange, workspace: Workspace, name: str, why: str) -> None:
    r = tables.schedule_runs
    waiting = (owned(workspace, r), r.c.schedule == name, r.c.status == "queued")
    change.connection.execute(r.update().where(*waiting).values(status="skipped", error=why, ended_at=change.at))


def _exists(change: AuditedChange, workspace: Workspace, name: str) -> bool:
    s = tables.schedules
    query = select(s.c.name).where(owned(workspace, s), s.c.name == name)
    return change.connection.execute(query).first() is not None


def _names(change: AuditedChange, workspace: Workspace) -> list[str]:
    s = tables.schedules
    return list(change.connection.scalars(select(s.c.name).where(owned(workspace, s))))


def _one(change: AuditedChange, workspace: Workspace, name: str) -> Schedule:
    s = tables.schedules
    row = change.connection.execute(select(s).where(owned(workspace, s), s.c.name == name).with_for_update()).first()
    if row is None:
        raise missing(name, _names(change, workspace))
    return schedule_of(row)


def missing(name: str, known: list[str]) -> NotFoundError:
    """Give the error of a schedule that does not exist."""
    return NotFoundError(f"There is no schedule {name!r}.", hint=meant(name, known) or "`nbops schedule list` has all.")


def _read(workspace: Workspace, name: str) -> Schedule:
    with open_ledger(workspace).connect() as connection:
        found = read_schedules(connection, workspace, name)
    if not found:
        raise missing(name, [])
    return found[0]


def _told(schedule: Schedule) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(schedule).items() if name in _TOLD and value not in ("", ())}
    return {"name": schedule.name, "words": words_of(schedule), **facts, "parameters": sorted(schedule.parameters)}
