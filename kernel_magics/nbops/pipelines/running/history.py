"""Runs of pipelines as the ledger has them, whoever carries or carried them."""

from __future__ import annotations

import os
import platform
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.engine import Connection

from nbops.errors import NbopsError, NotFoundError, PipelineError, WorkspaceError
from nbops.ledger import open_ledger, tables
from nbops.pipelines.declared import declared_pipelines
from nbops.pipelines.running.rows import COLUMNS
from nbops.records import PipelineRun, PipelineSummary, StageRun
from nbops.tracking.process import is_alive
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

# Without a sign of life for so long (seconds) a run on another machine counts as lost.
_PATIENCE = 120.0
_RUNS, _STAGES = tables.pipeline_runs, tables.stage_runs
LOST = "The process that carried it ended without a word."


def pipelines(workspace: Workspace) -> tuple[PipelineSummary, ...]:
    """Give the pipelines of a workspace: those declared in its root and ``nbops.toml``, and those that have run.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    reconcile(workspace)
    found: dict[tuple[str, str], PipelineSummary] = {}
    for name, path, problem in declared_pipelines(workspace.root):
        found[name, path] = PipelineSummary(name=name, path=path, problem=problem)
    for name, path, count, last in _ran(workspace):
        summary = found.get((name, path)) or PipelineSummary(name=name, path=path, problem=_gone(path))
        found[name, path] = PipelineSummary(
            name=name, path=path, problem=summary.problem, runs=count, last=pipeline_run(workspace, last)
        )
    return tuple(sorted(found.values(), key=lambda one: (-(one.last.started_at if one.last else 0.0), one.name)))


def pipeline_runs(
    workspace: Workspace, *, pipeline: str = "", limit: int = 50, stages: bool = True
) -> tuple[PipelineRun, ...]:
    """Give the last runs, the newest first, of all pipelines or of one.

    Parameters
    ----------
    workspace
        Whose runs.
    pipeline
        The name of a pipeline, or the path of its file; all of them by default.
    limit
        At most so many.
    stages
        Whether their stages are wanted; a run may have thousands.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    reconcile(workspace)
    query = select(_RUNS).where(_RUNS.c.workspace == workspace_id(workspace))
    if pipeline:
        query = query.where(or_(_RUNS.c.pipeline == pipeline, _RUNS.c.path == pipeline))
    query = query.order_by(_RUNS.c.started_at.desc(), _RUNS.c.run_id).limit(limit)
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query).all()
        return _with_stages(connection, rows) if stages else tuple(_run_of(row, ()) for row in rows)


def stage_counts(workspace: Workspace, run_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Give how many stages of each run stand where, by their status.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    found: dict[str, dict[str, int]] = {run_id: {} for run_id in run_ids}
    query = (
        select(_STAGES.c.run_id, _STAGES.c.status, func.count())
        .where(_STAGES.c.run_id.in_(list(found)))
        .group_by(_STAGES.c.run_id, _STAGES.c.status)
    )
    with open_ledger(workspace).connect() as connection:
        for run_id, status, count in connection.execute(query):
            found[run_id][status] = int(count)
    return found


def pipeline_run(workspace: Workspace, which: str) -> PipelineRun:
    """Give one run by its id, the beginning of it, or ``last``.

    Raises
    ------
    NotFoundError
        There is none, or several begin like that.
    LedgerError
        The ledger does not answer.
    """
    reconcile(workspace)
    query = select(_RUNS).where(_RUNS.c.workspace == workspace_id(workspace))
    if which != "last":
        query = query.where(_RUNS.c.run_id.startswith(which, autoescape=True))
    query = query.order_by(_RUNS.c.started_at.desc()).limit(1 if which == "last" else 2)
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query).all()
        if not rows:
            what = "No pipeline has run here yet." if which == "last" else f"No pipeline run begins with {which!r}."
            raise NotFoundError(what, hint="`nbops pipeline runs` lists them.")
        if len(rows) > 1 and rows[0].run_id != which:
            raise NotFoundError(f"Several pipeline runs begin with {which!r}.", hint="Give more of the id.")
        return _with_stages(connection, rows[:1])[0]


def reconcile(workspace: Workspace) -> int:
    """Close as lost the runs whose process is dead or has given no sign of life for two minutes; give how many.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    running = select(_RUNS.c.run_id, _RUNS.c.owner, _RUNS.c.heartbeat_at).where(
        _RUNS.c.status == "running", _RUNS.c.workspace == workspace_id(workspace)
    )
    with ledger.connect() as connection:
        dead = [row.run_id for row in connection.execute(running) if not _lives(row.owner, row.heartbeat_at)]
    if not dead:
        return 0
    now = time.time()
    with ledger.begin() as connection:
        for run_id in dead:
            # Its own last word, written since we looked, counts.
            closed = connection.execute(
                _RUNS.update()
                .where(_RUNS.c.run_id == run_id, _RUNS.c.status == "running")
                .values(status="lost", ended_at=now, error=LOST)
            )
            if closed.rowcount:
                connection.execute(
                    _STAGES.update()
                    .where(_STAGES.c.run_id == run_id, _STAGES.c.status == "running")
                    .values(status="lost", ended_at=now)
                )
        ledger.touch(connection)
    return len(dead)


def refuse(workspace: Workspace, run_id: str, error: NbopsError) -> None:
    """Close a run that was launched and could not begin.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        connection.execute(
            _RUNS.update()
            .where(_RUNS.c.run_id == run_id, _RUNS.c.status == "running")
            .values(status="failed", ended_at=time.time(), error=str(error))
        )
        ledger.touch(connection)


def stop_run(workspace: Workspace, which: str) -> PipelineRun:
    """Ask the process of a run to stop; it closes what it runs and ends.

    Raises
    ------
    NotFoundError
        There is no such run.
    PipelineError
        It is over, or runs on another machine.
    """
    run = pipeline_run(workspace, which)
    with open_ledger(workspace).connect() as connection:
        owner = str(connection.scalar(select(_RUNS.c.owner).where(_RUNS.c.run_id == run.run_id)))
    if run.status != "running":
        raise PipelineError(f"run {run.run_id[:8]} of {run.pipeline} is over: {run.status}.")
    pid, _, rest = owner.partition(":")
    if rest.rpartition(":")[2] != platform.node():
        raise PipelineError(f"run {run.run_id[:8]} runs on {rest.rpartition(':')[2]}.", hint="Stop it there.")
    if int(pid) == os.getpid():
        raise PipelineError(f"run {run.run_id[:8]} is run by this kernel.", hint="Interrupt the kernel.")
    try:
        os.kill(int(pid), signal.SIGINT)
    except ProcessLookupError:
        reconcile(workspace)
    except OSError as error:
        raise PipelineError(f"run {run.run_id[:8]} cannot be stopped: {error.strerror}.") from error
    return run


def stage_page(workspace: Workspace, which: str, stage: str) -> str:
    """Give the executed notebook of a stage as a static page, as far as it is.

    Raises
    ------
    NotFoundError
        There is no such run or stage, or it has not begun.
    WorkspaceError
        The notebook lies outside of the workspace.
    """
    from nbops.pipelines.executing.execution import read_executed
    from nbops.pipelines.executing.page import page_of

    run, found, path = executed_notebook(workspace, which, stage)
    told = " · ".join(part for part in (found.status, found.reason and f"ran because: {found.reason}") if part)
    return page_of(read_executed(path), f"{run.pipeline} / {stage}", told, failed=found.status == "failed")


def executed_notebook(workspace: Workspace, which: str, stage: str) -> tuple[PipelineRun, StageRun, Path]:
    """Give a run, a stage of it, and the path of that stage's executed notebook, which exists.

    Raises
    ------
    NotFoundError
        There is no such run or stage, or it has not begun.
    WorkspaceError
        The notebook lies outside of the workspace.
    """
    run = pipeline_run(workspace, which)
    found = next((one for one in run.stages if one.stage == stage), None)
    if found is None:
        raise NotFoundError(f"Run {run.run_id[:8]} has no stage {stage!r}.")
    path = Path(found.notebook) if found.notebook else None
    if path is None or not path.is_file():
        raise NotFoundError(f"Stage {stage!r} of run {run.run_id[:8]} has no notebook yet.")
    # The path comes from a database that others may write to.
    if not path.resolve().is_relative_to(workspace.pipelines.resolve()):
        raise WorkspaceError(f"The notebook of stage {stage!r} lies outside of this workspace.")
    return run, found, path


def _ran(workspace: Workspace) -> list[tuple[str, str, int, str]]:
    query = (
        select(_RUNS.c.pipeline, _RUNS.c.path, func.count(), func.max(_RUNS.c.started_at))
        .where(_RUNS.c.workspace == workspace_id(workspace))
        .group_by(_RUNS.c.pipeline, _RUNS.c.path)
    )
    found = []
    with open_ledger(workspace).connect() as connection:
        for name, path, count, newest in connection.execute(query).all():
            last = connection.scalar(
                select(_RUNS.c.run_id).where(
                    _RUNS.c.pipeline == name, _RUNS.c.path == path, _RUNS.c.started_at == newest
                )
            )
            found.append((str(name), str(path), int(count), str(last)))
    return found


def _with_stages(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[PipelineRun, ...]:
    rows = list(rows)
    stages: dict[str, list[StageRun]] = {row.run_id: [] for row in rows}
    query = select(_STAGES).where(_STAGES.c.run_id.in_(list(stages))) if stages else None
    if query is not None:
        for row in connection.execute(query.order_by(_STAGES.c.position)):
            facts = {name: getattr(row, name) for name in COLUMNS} | dict(row.detail)
            stages[row.run_id].append(StageRun(**facts | {"after": tuple(facts.get("after", ()))}))
    return tuple(_run_of(row, stages[row.run_id]) for row in rows)


def _run_of(row: Row[Any], stages: Iterable[StageRun]) -> PipelineRun:
    names = [name for name in PipelineRun.__dataclass_fields__ if name != "stages"]
    return PipelineRun(**{name: getattr(row, name) for name in names}, stages=tuple(stages))


def _lives(owner: str, heartbeat: float) -> bool:
    if owner.rpartition(":")[2] == platform.node():
        return is_alive(owner)
    return time.time() - heartbeat < _PATIENCE


def _gone(path: str) -> str:
    return "" if Path(path).is_file() else f"{path} is not there any more."
