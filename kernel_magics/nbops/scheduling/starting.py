"""Start what waits for its turn: claimed by one process, launched as a process of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.capture.naming import new_run_id
from nbops.errors import NbopsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.owning import owned
from nbops.pipelines.running.history import reconcile
from nbops.pipelines.running.launching import launch
from nbops.records import Schedule
from nbops.scheduling.alerts import note_failures
from nbops.scheduling.building import read_parameters
from nbops.scheduling.checking import pipeline_path
from nbops.scheduling.rows import schedule_of
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

_log = logging.getLogger("nbops.scheduler")
_R, _S, _P = tables.schedule_runs, tables.schedules, tables.pipeline_runs


class Starter(Protocol):
    """Starts a run of a pipeline under a given id and comes back when the run stands in ``pipeline_runs``."""

    def __call__(self, workspace: Workspace, schedule: Schedule, run_id: str, trigger: str) -> None:
        """Start it, or raise what is wrong as :class:`~nbops.errors.NbopsError`."""
        ...


def launch_pipeline(workspace: Workspace, schedule: Schedule, run_id: str, trigger: str) -> None:
    """Start a run as a process that outlives this one.

    Raises
    ------
    NbopsError
        The pipeline's file is wrong, or no process can be started.
    """
    launch(
        workspace,
        pipeline_path(workspace, schedule.pipeline),
        parameters=read_parameters(schedule.parameters),
        trigger=trigger,
        schedule=schedule.name,
        run_id=run_id,
    )


def start_waiting(workspace: Workspace, now: float, start: Starter, *, at_once: int) -> int:
    """Start what is queued and may run now, the longest waiting first; give how many were started.

    A pipeline runs once at a time in a workspace, whoever started it, and at most ``at_once`` scheduled ones run beside
    each other. Several processes may do this at the same time.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    started = 0
    with ledger.connect() as connection:
        waiting = _waiting(connection, workspace)
    if not waiting:
        return 0
    # Nobody waits for a run whose process is gone.
    reconcile(workspace)
    with ledger.connect() as connection:
        running, busy = _busy(connection, workspace)
        wanted = (owned(workspace, _S), _S.c.name.in_({row.schedule for row in waiting}))
        schedules = {row.name: schedule_of(row) for row in connection.execute(select(_S).where(*wanted))}
    for row in waiting:
        schedule = schedules.get(row.schedule)
        if schedule is None or running >= at_once:
            continue
        key = _key(workspace, schedule.pipeline)
        if key in busy:
            continue
        # Started or not: what comes after it waits, so that turns are kept.
        busy.add(key)
        run_id = _claim(ledger, workspace, schedule, row, now)
        if run_id:
            running += 1
            started += _start(ledger, workspace, schedule, row, run_id, now, start)
    return started


def _waiting(connection: Connection, workspace: Workspace) -> list[Row[Any]]:
    query = select(_R).where(owned(workspace, _R), _R.c.status == "queued").order_by(_R.c.due_at, _R.c.id)
    return list(connection.execute(query))


def _busy(connection: Connection, workspace: Workspace) -> tuple[int, set[str]]:
    """Give how many scheduled runs go on, and which pipelines run."""
    claimed = select(_R.c.run_id, _S.c.pipeline).where(owned(workspace, _R), _R.c.status == "running")
    claimed = claimed.outerjoin(_S, (_S.c.workspace == _R.c.workspace) & (_S.c.name == _R.c.schedule))
    mine = connection.execute(claimed).all()
    busy = {_key(workspace, row.pipeline) for row in mine if row.pipeline}
    runs = select(_P.c.pipeline, _P.c.path).where(_P.c.workspace == workspace_id(workspace), _P.c.status == "running")
    for row in connection.execute(runs):
        busy |= {row.path, row.pipeline}
    return len(mine), busy


def _key(workspace: Workspace, pipeline: str) -> str:
    """Give what ``pipeline_runs`` knows a pipeline by: the path of its file, or its name in ``nbops.toml``."""
    path = pipeline_path(workspace, pipeline)
    return path.as_posix() if path.is_absolute() else pipeline


def _claim(ledger: Ledger, workspace: Workspace, schedule: Schedule, row: Row[Any], now: float) -> str:
    """Take a waiting run for this process; give the id its pipeline run is to have, nothing if somebody was first."""
    # An id that it has already is of a start that came to nothing: kept, so that two starts can never be two runs.
    run_id = row.run_id or new_run_id()
    values = {"status": "running", "run_id": run_id, "owner": process_identity(), "started_at": now}
    with ledger.begin() as connection:
        # Whoever starts runs of a pipeline holds the rows of all its schedules.
        held = select(_S.c.name).where(owned(workspace, _S), _S.c.pipeline == schedule.pipeline).order_by(_S.c.name)
        names = connection.scalars(held.with_for_update()).all()
        others = select(_R.c.id).where(owned(workspace, _R), _R.c.schedule.in_(names), _R.c.status == "running")
        if row.schedule not in names or connection.execute(others).first() is not None:
            return ""
        claimed = connection.execute(_R.update().where(_R.c.id == row.id, _R.c.status == "queued").values(**values))
        if claimed.rowcount:
            ledger.touch(connection)
        return run_id if claimed.rowcount else ""


def _start(
    ledger: Ledger, workspace: Workspace, schedule: Schedule, row: Row[Any], run_id: str, now: float, start: Starter
) -> bool:
    trigger = "manual" if str(row.occasion).startswith("manual:") else schedule.trigger
    try:
        start(workspace, schedule, run_id, trigger)
        return True
    except NbopsError as error:
        problem = str(error)
    except Exception as error:
        # The others that wait must not suffer from it.
        _log.exception("schedule %r cannot start its pipeline", schedule.name)
        problem = f"It cannot be started: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    failed: Mapping[str, Any] = {"status": "failed", "error": problem, "ended_at": now, "run_id": ""}
    with ledger.begin() as connection:
        connection.execute(_R.update().where(_R.c.id == row.id, _R.c.status == "running").values(**failed))
        note_failures(connection, ledger, workspace, [(row.id, schedule)], now)
        ledger.touch(connection)
    return False
