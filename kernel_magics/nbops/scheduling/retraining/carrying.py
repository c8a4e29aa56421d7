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
from nbops.records import Identity, IdentitySource, RetrainDecision, RetrainOutcome, RetrainPolicy
from nbops.scheduling.checking import pipeline_of, pipeline_path
from nbops.scheduling.retraining.beating import beating
from nbops.scheduling.retraining.editing import policy as policy_named
from nbops.scheduling.retraining.gathering import gather
from nbops.scheduling.retraining.history import decision as decision_numbered
from nbops.scheduling.retraining.judging import challenger_of, champion_of, contest, crown, predicted
from nbops.scheduling.retraining.rows import D, decision_values
from nbops.scheduling.retraining.settling import done_since
from nbops.scheduling.retraining.training import stages_that_train
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
    training = _Training(workspace, replace(decision, run_id=run_id))
    try:
        with beating(workspace, number):
            ended = training.run(policy_named(workspace, decision.model))
    except NbopsError as error:
        ended = training.failed(str(error))
    except Exception as error:
        # A fitted model may raise anything; its words are the end of this decision, not of the scheduler.
        _log.exception("retraining %s stumbled", decision.model)
        ended = training.failed(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return _end(workspace, ended)


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


class _Training:
    """One training under way; what it has come to know until something goes wrong is evidence too."""

    def __init__(self, workspace: Workspace, decision: RetrainDecision) -> None:
        self._workspace, self._decision = workspace, decision

    def run(self, policy: RetrainPolicy) -> RetrainDecision:
        """Gather, train, compare, and promote or propose; give the decision with its end."""
        import pandas as pd

        workspace = self._workspace
        champion = champion_of(workspace, policy)
        self._note(champion=champion.version)
        gathered = gather(workspace, policy, self._decision.at, folder_of(workspace, self._decision.id))
        self._note(evidence={**self._decision.evidence, "data": gathered.facts})
        stages = stages_that_train(pipeline_of(workspace, policy.pipeline))
        result = execute_pipeline(
            pipeline_path(workspace, policy.pipeline),
            only=stages,
            parameters={policy.data_parameter: str(gathered.learn), **policy.parameters},
            workspace=workspace,
            trigger="retrain",
            run_id=self._decision.run_id,
        )
        if result.status != "succeeded":
            return self.failed(f"training failed: {result.error}")
        challenger = challenger_of(workspace, policy, result, stages)
        learn = pd.read_parquet(gathered.learn)
        found = contest(workspace, policy, champion, challenger, gathered.judge, learn)
        self._note(comparison=found.to_dict(), challenger=challenger.version)
        if not found.better:
            said = (
                f"the retrained model is not clearly better than v{champion.version}: {found.metric} {found.challenger:.4g} "
                f"against {found.champion:.4g} on {found.rows:,} newest rows (gain {found.low:.3g} to {found.high:.3g}); "
                f"{self._done()}"
            )
            return self._ended("not better", said)
        mine = _in_whose_name(workspace, self._decision)
        told = predicted(policy, challenger, gathered.judge, learn) if challenger.reference else {}
        outcome, number, said = crown(workspace, policy, champion, challenger, found, outputs=told, identity=mine)
        self._note(challenger=number)
        return self._ended(outcome, said)

    def failed(self, why: str) -> RetrainDecision:
        """Give the decision as failed, with what is known of it and what was done to the model all the same."""
        return self._ended("failed", f"{why.rstrip('.')}; {self._done()}")

    def _done(self) -> str:
        # A pipeline may register, and a notebook promote, by itself.
        return done_since(self._workspace, self._decision.model, self._decision.id)

    def _ended(self, outcome: RetrainOutcome, said: str) -> RetrainDecision:
        return replace(self._decision, outcome=outcome, message=f"{self._decision.message}; {said}")

    def _note(self, **facts: Any) -> None:
        self._decision = replace(self._decision, **facts)


def _in_whose_name(workspace: Workspace, decision: RetrainDecision) -> Identity:
    """Give the person who asked for a training, whoever's process carries it out; else who runs this process."""
    name, source = (str(decision.evidence.get(key, "")) for key in ("asked_by", "vouched_for_by"))
    if decision.cause != "manual" or not name or source not in get_args(IdentitySource):
        return who(workspace)
    return identity_again(workspace, name, cast("IdentitySource", source))


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
