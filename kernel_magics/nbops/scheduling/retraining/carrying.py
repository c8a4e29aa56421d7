"""Carry a decision out: gather, train, compare, promote or propose; every end is audited with its evidence."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from nbops.capture.naming import new_run_id
from nbops.errors import NbopsError, PipelineError
from nbops.ledger import open_ledger
from nbops.ledger.audit import audited
from nbops.ledger.owning import owned
from nbops.pipelines.engine import execute_pipeline
from nbops.records import Identity, RetrainDecision, RetrainPolicy
from nbops.records.promotions import IdentitySource
from nbops.scheduling.checking import pipeline_path
from nbops.scheduling.retraining.beating import beating
from nbops.scheduling.retraining.gathering import gather
from nbops.scheduling.retraining.history import decision as decision_numbered
from nbops.scheduling.retraining.judging import challenger_of, champion_of, contest, crown
from nbops.scheduling.retraining.policies import policy as policy_named
from nbops.scheduling.retraining.rows import D, decision_values
from nbops.tracking.detached import detach
from nbops.tracking.launch import plain_environment
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of
from nbops.workspace.identity import identity_again, who

_log = logging.getLogger("nbops.scheduler")


def carry_out(workspace: Workspace, number: int) -> RetrainDecision:
    """Retrain as was decided; whatever goes wrong becomes the decision's end, and the champion stays.

    Raises
    ------
    NotFoundError
        There is no such decision, or the model has no policy any more.
    LedgerError
        The ledger does not answer.
    """
    decision = decision_numbered(workspace, number)
    run_id = decision.run_id or new_run_id()
    if not _claim(workspace, number, run_id):
        return decision_numbered(workspace, number)
    try:
        with beating(workspace, number):
            policy = policy_named(workspace, decision.model)
            ended = _retrain(workspace, policy, replace(decision, run_id=run_id))
    except NbopsError as error:
        ended = _failed(decision, str(error))
    except Exception as error:
        # A fitted model may raise anything; its words are the end of this decision, not of the scheduler.
        _log.exception("retraining %s stumbled", decision.model)
        ended = _failed(decision, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return _end(workspace, replace(ended, run_id=run_id))


def launch_retraining(workspace: Workspace, number: int) -> int:
    """Carry a decision out in a process of its own, which outlives this one; give its number.

    Raises
    ------
    PipelineError
        No process can be started.
    """
    return _launch(workspace, ["carry", str(number)], folder_of(workspace, number) / "log.txt")


def launch_counting(workspace: Workspace) -> int:
    """Decide by the labels that have come, in a process of its own, which may read them; give its number.

    Raises
    ------
    PipelineError
        No process can be started.
    """
    return _launch(workspace, ["decide"], workspace.data / "retraining" / "decide.txt")


def _launch(workspace: Workspace, words: list[str], file: Path) -> int:
    workspace.ensure()
    command = [sys.executable, "-P", "-m", "nbops", "retrain", *words, "-C", str(workspace.root)]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as log:
            return detach(
                command, environment=environment_of(workspace, plain_environment()), folder=workspace.root, log=log
            )
    except OSError as error:
        raise PipelineError(f"Retraining cannot be started: {error}.") from error


def folder_of(workspace: Workspace, number: int) -> Path:
    """Give the folder of what a decision was carried out with."""
    return workspace.data / "retraining" / str(number)


def _retrain(workspace: Workspace, policy: RetrainPolicy, decision: RetrainDecision) -> RetrainDecision:
    import pandas as pd

    champion = champion_of(workspace, policy)
    decision = replace(decision, champion=champion.version)
    gathered = gather(workspace, policy, decision.at, folder_of(workspace, decision.id))
    evidence = {**decision.evidence, "data": gathered.facts}
    parameters = {policy.data_parameter: str(gathered.learn), **policy.parameters}
    result = execute_pipeline(
        pipeline_path(workspace, policy.pipeline),
        parameters=parameters,
        workspace=workspace,
        trigger="retrain",
        run_id=decision.run_id,
    )
    if result.status != "succeeded":
        return _failed(replace(decision, evidence=evidence), f"training failed: {result.error}")
    challenger = challenger_of(workspace, policy, result)
    found = contest(workspace, policy, champion, challenger, gathered.judge, pd.read_parquet(gathered.learn))
    decision = replace(decision, evidence=evidence, comparison=found.to_dict(), challenger=challenger.version)
    if not found.better:
        said = (
            f"the retrained model is not clearly better than v{champion.version}: {found.metric} {found.challenger:.4g} against "
            f"{found.champion:.4g} on {found.rows:,} newest rows (gain {found.low:.3g} to {found.high:.3g}); nothing was changed"
        )
        return replace(decision, outcome="not better", message=f"{decision.message}; {said}")
    outcome, number, said = crown(
        workspace, policy, champion, challenger, found, identity=_in_whose_name(workspace, decision)
    )
    return replace(decision, outcome=outcome, challenger=number, message=f"{decision.message}; {said}")


def _in_whose_name(workspace: Workspace, decision: RetrainDecision) -> Identity:
    """Give the person who asked for a training, whoever's process carries it out; else who runs this process."""
    name, source = (str(decision.evidence.get(key, "")) for key in ("asked_by", "vouched_for_by"))
    if decision.cause != "manual" or not name or source not in get_args(IdentitySource):
        return who(workspace)
    return identity_again(workspace, name, cast("IdentitySource", source))


def _failed(decision: RetrainDecision, why: str) -> RetrainDecision:
    return replace(decision, outcome="failed", message=f"{decision.message}; {why.rstrip('.')}; nothing was changed")


def _claim(workspace: Workspace, number: int, run_id: str) -> bool:
    ledger = open_ledger(workspace)
    waiting = (owned(workspace, D), D.c.id == number, D.c.outcome == "queued")
    values: dict[str, Any] = {
        "outcome": "running",
        "owner": process_identity(),
        "run_id": run_id,
        "heartbeat_at": time.time(),
    }
    with ledger.begin() as connection:
        claimed = connection.execute(D.update().where(*waiting).values(**values)).rowcount == 1
        if claimed:
            ledger.touch(connection)
    return claimed


def _end(workspace: Workspace, ended: RetrainDecision) -> RetrainDecision:
    ended = replace(ended, ended_at=time.time())
    with audited(
        workspace, _in_whose_name(workspace, ended), "retrain-end", model=ended.model, version=ended.challenger
    ) as change:
        mine = (D.c.id == ended.id, D.c.outcome == "running", D.c.owner == process_identity())
        if not change.connection.execute(D.update().where(*mine).values(**decision_values(ended))).rowcount:
            # Somebody took this process for dead.
            change.nothing()
        change.detail |= {
            "decision": ended.id,
            "outcome": ended.outcome,
            "message": ended.message,
            "pipeline_run": ended.run_id,
            "champion": ended.champion,
            "comparison": ended.comparison,
            "evidence": ended.evidence,
        }
    return ended
