"""Run a pipeline, or say what a run would do."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import PipelineBusy
from nbops.pipelines.result import PipelineEvent, PipelineResult
from nbops.pipelines.running.options import Options, checked, with_parameters
from nbops.pipelines.running.state import States, states_name
from nbops.pipelines.spec import Pipeline, load_pipeline
from nbops.pipelines.staleness.unchanged import unchanged
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.locks import HeldLock, try_lock

if TYPE_CHECKING:
    from nbops.records import PipelineRun

OnEvent = Callable[[PipelineEvent], None]


def run_pipeline(path: str | Path | Pipeline, **options: Any) -> PipelineResult:
    """Run a pipeline; stages that succeeded and are unchanged since are skipped.

    Takes what :func:`execute_pipeline` takes.

    Raises
    ------
    StageFailed
        A cell raised. What ran before it is kept, and running again goes on from there.
    PipelineError
        The file is wrong, an input is missing, or the pipeline is running already.
    """
    result = execute_pipeline(path, **options)
    if result.failure is not None:
        raise result.failure
    return result


def execute_pipeline(
    path: str | Path | Pipeline,
    *,
    force: bool = False,
    only: Sequence[str] = (),
    start: str = "",
    resume: bool = False,
    parameters: Mapping[str, Any] | None = None,
    on: str = "local",
    jobs: int | None = None,
    keep_going: bool = False,
    warm: bool = True,
    retry: bool = True,
    on_event: OnEvent | None = None,
    workspace: Workspace | None = None,
    trigger: str = "manual",
    schedule: str = "",
    run_id: str = "",
) -> PipelineResult:
    """Do as :func:`run_pipeline` does, but give a failed stage as part of the result instead of raising it.

    Parameters
    ----------
    path
        A pipeline file, a notebook with stage tags, the name of a pipeline in ``nbops.toml``, or a pipeline declared in
        Python.
    force
        Run every stage (with ``only``: every one of those).
    only
        Stages to run; of the others the last results are used.
    start
        The stage from which on everything runs again.
    resume
        Go on from the failed cell of a stage that failed last time, where the state before it is kept.
    parameters
        Set in place of those of the file, by ``NAME`` or ``STAGE.NAME``.
    on
        Where stages run: ``local``, ``dask`` (a cluster of this machine) or ``dask://HOST:PORT``.
    jobs
        How many stages run beside each other at most; by default what the pipeline says, else one a processor.
    keep_going
        After a failure go on with the stages that do not depend on it.
    warm
        Let kernels be forked from a warm parent where that can be done.
    retry
        Try a stage again as often as it says; not where another engine does that.
    on_event
        Called with each :class:`~nbops.pipelines.result.PipelineEvent`.
    workspace
        Where runs, executed notebooks and outputs go; the workspace of the file by default.
    trigger, schedule, run_id
        What started it, for the history; and the id it is to have.

    Raises
    ------
    PipelineError
        The file is wrong or the pipeline is running already.
    LedgerError
        The ledger does not answer.
    """
    pipeline, workspace = located(path, workspace)
    pipeline = with_parameters(pipeline, parameters or {})
    options = checked(
        pipeline,
        Options(
            force=force,
            only=tuple(only),
            start=start,
            resume=resume,
            parameters=dict(parameters or {}),
            on=on,
            jobs=jobs,
            keep_going=keep_going,
            trigger=trigger,
            schedule=schedule,
            run_id=run_id,
            warm=warm,
            retry=retry,
        ),
    )
    workspace.ensure()
    folder = states_name(workspace, pipeline.name, pipeline.path)
    tell: OnEvent = on_event or _silent
    lock = _locked(workspace, pipeline, folder)
    try:
        states = States(workspace, folder)
        if not options.selective and not run_id:
            result = unchanged(pipeline, states, tell, word="" if parameters else _word(path))
            if result is not None:
                return result
        # Loaded late: most of the time nothing has changed, and this brings the database.
        coordinator = importlib.import_module("nbops.pipelines.running.coordinator")
        done: PipelineResult = coordinator.Coordinator(workspace, pipeline, states, options, tell).run()
        return done
    finally:
        lock.release()


def plan_pipeline(
    path: str | Path | Pipeline,
    *,
    parameters: Mapping[str, Any] | None = None,
    force: bool = False,
    only: Sequence[str] = (),
    start: str = "",
    workspace: Workspace | None = None,
) -> PipelineRun:
    """Say what a run would do; nothing runs.

    Returns
    -------
    PipelineRun
        Its stages are ``skipped`` when they are up to date, else ``pending`` with the reason.

    Raises
    ------
    PipelineError
        The file is wrong.
    """
    from nbops.pipelines.running.foreseeing import foresee

    pipeline, workspace = located(path, workspace)
    pipeline = with_parameters(pipeline, parameters or {})
    options = checked(pipeline, Options(force=force, only=tuple(only), start=start))
    states = States(workspace, states_name(workspace, pipeline.name, pipeline.path, claim=False))
    return foresee(pipeline, states, options)


def located(path: str | Path | Pipeline, workspace: Workspace | None = None) -> tuple[Pipeline, Workspace]:
    """Give the pipeline that is meant, and the workspace it belongs to.

    Raises
    ------
    NotFoundError, PipelineError
        There is none, or its file is wrong.
    """
    if isinstance(path, Pipeline):
        return path, workspace or find_workspace(path.path)
    file = Path(path).expanduser()
    workspace = workspace or find_workspace(file if file.is_file() else None)
    return load_pipeline(path, root=workspace.root), workspace


def _locked(workspace: Workspace, pipeline: Pipeline, folder: str) -> HeldLock:
    lock = try_lock(workspace.locks / f"pipeline-{folder}.lock")
    if lock is None:
        raise PipelineBusy(
            f"pipeline {pipeline.name!r} is running already.",
            hint="Wait until that run is over, or stop it: nbops pipeline stop last",
        )
    return lock


def _word(path: str | Path | Pipeline) -> str:
    """Give how a pipeline is named, for the witness of a build in which nothing had to run."""
    if isinstance(path, Pipeline):
        return ""
    file = Path(path).expanduser()
    return os.path.abspath(file) if file.is_file() else str(path)


def _silent(event: PipelineEvent) -> None:
    """Tell nobody."""
