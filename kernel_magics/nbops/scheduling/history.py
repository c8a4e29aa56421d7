"""Read schedules and what became of them; run one now."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.owning import owned
from nbops.pipelines.cron import Cron
from nbops.pipelines.spec import Pipeline
from nbops.records import Identity, Schedule, ScheduleRun
from nbops.scheduling.alerts import undelivered
from nbops.scheduling.checking import problem_of
from nbops.scheduling.clock import SYSTEM, Clock
from nbops.scheduling.editing import missing
from nbops.scheduling.rows import read_schedules, run_of
from nbops.scheduling.settling import settle
from nbops.scheduling.starting import Starter, launch_pipeline, start_waiting
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id

_R, _S = tables.schedule_runs, tables.schedules
_LONGEST_KEY = 200


def schedules(workspace: Workspace) -> tuple[Schedule, ...]:
    """Give the schedules of a workspace, each with its next time, its last run and what is wrong with it.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    settle(workspace, time.time())
    with open_ledger(workspace).connect() as connection:
        return _with_problems(connection, workspace, read_schedules(connection, workspace))


def schedule(workspace: Workspace, name: str) -> Schedule:
    """Give one schedule.

    Raises
    ------
    NotFoundError
        There is none of that name.
    """
    settle(workspace, time.time())
    with open_ledger(workspace).connect() as connection:
        found = read_schedules(connection, workspace, name)
        if not found:
            raise missing(name, list(connection.scalars(select(_S.c.name).where(owned(workspace, _S)))))
        return _with_problems(connection, workspace, found)[0]


def schedule_runs(workspace: Workspace, name: str = "", limit: int = 50) -> tuple[ScheduleRun, ...]:
    """Give what became of a schedule, or of all, the last first.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    settle(workspace, time.time())
    query = select(_R).where(owned(workspace, _R))
    if name:
        query = query.where(_R.c.schedule == name)
    with open_ledger(workspace).connect() as connection:
        return tuple(run_of(row) for row in connection.execute(query.order_by(_R.c.id.desc()).limit(limit)))


def schedule_run(workspace: Workspace, number: int) -> ScheduleRun | None:
    """Give one scheduled run by its number."""
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(_R).where(owned(workspace, _R), _R.c.id == number)).first()
    return run_of(row) if row is not None else None


def next_times(schedule: Schedule, count: int = 5, now: float | None = None) -> tuple[float, ...]:
    """Give the next times of a schedule by the clock, in seconds since the epoch; none for other triggers or a paused one.

    Raises
    ------
    UsageError
        Its expression or time zone cannot be used.
    """
    if schedule.trigger != "cron" or schedule.paused:
        return ()
    times = Cron(schedule.cron, schedule.timezone).after(time.time() if now is None else now)
    return tuple(at for _, at in zip(range(count), times, strict=False))


def run_now(
    workspace: Workspace,
    name: str,
    *,
    identity: Identity | None = None,
    key: str = "",
    start: Starter = launch_pipeline,
    clock: Clock = SYSTEM,
) -> ScheduleRun:
    """Run a schedule's pipeline now, also when the schedule is paused; behind a run of it that goes on.

    Needs no scheduler: what need not wait is started from here.

    Parameters
    ----------
    workspace, name
        Which schedule.
    identity
        Who asks; this process's user by default.
    key
        A word of who asks: of several requests with the same one the first counts, the others get its run.
    start
        Starts the run.
    clock
        What time it is.

    Raises
    ------
    NotFoundError
        There is no schedule of that name.
    UsageError
        The key is too long.
    """
    if len(key) > _LONGEST_KEY:
        raise UsageError(f"A key has at most {_LONGEST_KEY} letters.")
    actor, now = identity or who(workspace), clock.now()
    schedule(workspace, name)
    occasion = f"manual:{key or uuid.UUID(bytes=os.urandom(16)).hex}"
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        asked = ledger.upsert(_R).values(
            workspace=workspace_id(workspace),
            schedule=name,
            occasion=occasion,
            due_at=now,
            status="queued",
            evidence=f"asked for by {actor.name}",
        )
        connection.execute(asked.on_conflict_do_nothing())
        ledger.touch(connection)
    start_waiting(workspace, now, start, at_once=_at_once(workspace))
    with ledger.connect() as connection:
        mine = (owned(workspace, _R), _R.c.schedule == name, _R.c.occasion == occasion)
        return run_of(connection.execute(select(_R).where(*mine)).one())


def _with_problems(connection: Connection, workspace: Workspace, found: list[Schedule]) -> tuple[Schedule, ...]:
    """Say of each schedule what is wrong with it, its pipeline, or the alerts of its last run."""
    untold = undelivered(connection, workspace, [one.last.id for one in found if one.last is not None])
    # Many schedules of one pipeline have its file read once.
    pipelines: dict[str, Pipeline | NbopsError] = {}

    def problem(one: Schedule) -> str:
        last = untold.get(one.last.id, "") if one.last is not None else ""
        return problem_of(workspace, one, pipelines) or one.problem or last

    return tuple(replace(one, problem=problem(one)) for one in found)


def _at_once(workspace: Workspace) -> int:
    from nbops.scheduling.settings import read_scheduler

    return read_scheduler(workspace).at_once
