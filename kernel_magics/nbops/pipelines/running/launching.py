"""Start a run of a pipeline in a process of its own, which outlives whoever asked for it."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbops.capture.naming import new_run_id
from nbops.errors import LedgerError, PipelineError
from nbops.ledger import open_ledger, tables
from nbops.pipelines.engine import located
from nbops.pipelines.running.history import pipeline_run
from nbops.pipelines.running.options import Options, checked, with_parameters
from nbops.pipelines.secrets import is_marked, kept
from nbops.tracking.detached import detach
from nbops.tracking.launch import plain_environment
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of
from nbops.workspace.ownership import workspace_id
from nbops.workspace.settings import FILE_NAME

# Holds the parameters of a run that was launched, as JSON.
PARAMETERS = "NBOPS_PIPELINE_PARAMETERS"
_log = logging.getLogger("nbops.pipelines")


def launch(
    workspace: Workspace,
    path: str | Path,
    *,
    force: bool = False,
    resume: bool = False,
    only: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    on: str = "local",
    jobs: int | None = None,
    keep_going: bool = False,
    trigger: str = "manual",
    schedule: str = "",
    run_id: str = "",
) -> str:
    """Start a run and give its id; it stands in the history from now on.

    Parameters
    ----------
    workspace
        Whose run it is.
    path
        A pipeline file, a notebook with stage tags, or the name of a pipeline in ``nbops.toml``.
    force, resume, only, parameters, on, jobs, keep_going, trigger, schedule
        As for :func:`~nbops.pipelines.engine.execute_pipeline`.
    run_id
        The id it is to have; a new one by default.

    Raises
    ------
    PipelineError
        The file is wrong, or no process can be started.
    LedgerError
        The ledger does not answer.
    """
    # What is wrong with the file is said to whoever asks, not to a log.
    pipeline, _ = located(path, workspace)
    pipeline = with_parameters(pipeline, parameters or {})
    checked(pipeline, Options(only=tuple(only)))
    workspace.ensure()
    run_id = run_id or new_run_id()
    word = str(Path(path).expanduser().absolute()) if Path(path).expanduser().is_file() else str(path)
    command = [sys.executable, "-P", "-m", "nbops", "pipeline", "run", word, "-C", str(workspace.root)]
    command += ["--run-id", run_id, "--trigger", trigger]
    command += ["--force"] * force + ["--resume"] * resume + ["--keep-going"] * keep_going + ["--on", on]
    command += ["--jobs", str(jobs)] if jobs else []
    for name in only:
        command += ["--only", name]
    if schedule:
        command += ["--schedule", schedule]
    log_file = workspace.pipelines / "logs" / f"{run_id}.log"
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("ab") as log:
            pid = detach(
                command,
                environment=environment_of(workspace, plain_environment()) | _handed(parameters or {}),
                folder=pipeline.folder,
                log=log,
            )
    except OSError as error:
        raise PipelineError(f"the pipeline {pipeline.name!r} cannot be started: {error}.") from error
    try:
        # Who resumes one that has died before it could say so itself must not fall back on other parameters.
        options = {"only": list(only), "parameters": json.loads(json.dumps(kept(parameters or {}), default=str))}
        _announce(workspace, pipeline.name, pipeline.path.as_posix(), run_id, pid, trigger, schedule, options)
    except LedgerError as error:
        # It runs, and writes its row itself; whoever were told that it does not would start it once more.
        _log.warning("run %s cannot be announced: %s", run_id, error)
    return run_id


def launch_resumed(workspace: Workspace, which: str) -> str:
    """Start a run that goes on from where another one ended, with the same parameters; give its id.

    Raises
    ------
    NotFoundError
        There is no such run.
    PipelineError
        It goes on or ended well, it had a secret among its parameters, or the file is wrong by now.
    """
    run = pipeline_run(workspace, which)
    if run.status in {"running", "succeeded"}:
        said = "goes on" if run.status == "running" else "ended well"
        raise PipelineError(f"run {run.run_id[:8]} of {run.pipeline} {said}: there is nothing to resume.")
    parameters = dict(run.options.get("parameters", {}))
    secret = next((name for name, value in parameters.items() if is_marked(value)), None)
    if secret is not None:
        raise PipelineError(
            f"the parameter {secret!r} of run {run.run_id[:8]} is a secret, which is not kept.",
            hint=f"nbops pipeline resume {run.path} --set {secret}=…",
        )
    # A file may hold several pipelines; then their names tell them apart.
    word = run.pipeline if Path(run.path).name == FILE_NAME else run.path
    asked = run.options
    return launch(
        workspace,
        word,
        resume=True,
        only=asked.get("only", ()),
        parameters=parameters,
        on=run.runner,
        jobs=asked.get("jobs"),
        keep_going=asked.get("keep_going", False),
    )


def taken() -> dict[str, Any]:
    """Give the parameters that :func:`launch` handed to this process, and let nobody that it starts see them."""
    text = os.environ.pop(PARAMETERS, "")
    return dict(json.loads(text)) if text else {}


def _handed(parameters: Mapping[str, Any]) -> dict[str, str]:
    # Not as words of the command: those every user of the machine may read, and a parameter may be a secret.
    return {PARAMETERS: json.dumps(dict(parameters))} if parameters else {}


def _announce(
    workspace: Workspace,
    name: str,
    path: str,
    run_id: str,
    pid: int,
    trigger: str,
    schedule: str,
    options: Mapping[str, Any],
) -> None:
    now = time.time()
    ledger = open_ledger(workspace)
    row = {
        "run_id": run_id,
        "workspace": workspace_id(workspace),
        "pipeline": name,
        "path": path,
        "status": "running",
        "trigger": trigger,
        "schedule": schedule,
        # A process that is dead already is found so by whoever looks.
        "owner": process_identity(pid) or f"{pid}:0::{process_identity().rpartition(':')[2]}",
        "heartbeat_at": now,
        "started_at": now,
        "options": dict(options),
    }
    with ledger.begin() as connection:
        # It may have been quicker than we.
        connection.execute(
            ledger.upsert(tables.pipeline_runs).values(**row).on_conflict_do_nothing(index_elements=["run_id"])
        )
        ledger.touch(connection)
