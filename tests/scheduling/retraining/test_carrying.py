"""What becomes of a decision: started, ended, lost, failed, and what is said of it."""

from __future__ import annotations

import platform

import nbformat
import numpy as np
import pandas as pd
import pytest

from nbops.errors import NotFoundError
from nbops.ledger import open_ledger
from nbops.ledger.audit import read_events
from nbops.registry import promote
from nbops.scheduling import emit
from nbops.scheduling.retraining import (
    build,
    carry_out,
    decision,
    decisions,
    retrain_now,
    set_policy,
)
from nbops.scheduling.retraining.rows import D
from nbops.scheduling.retraining.settling import settle
from nbops.scheduling.retraining.watching import RetrainWatch

START = 1_760_000_000.0


def test_the_scheduler_starts_what_waits_and_closes_what_was_lost(shared, declare):
    declare(shared)
    emit(shared, "drift", "churn", {"message": "a moved"}, at=START + 10)
    started = []
    watch = RetrainWatch(shared, lambda _, number: started.append(number))
    watch.see(due=0, going_on=0, signals=1, now=START + 20)
    watch.see(due=0, going_on=1, signals=1, now=START + 21)
    assert started == [decisions(shared)[0].id]
    # A process that never came is followed by another one.
    watch.see(due=0, going_on=1, signals=1, now=START + 90)
    assert len(started) == 2
    with open_ledger(shared).begin() as connection:
        gone = {"outcome": "running", "owner": f"999999:1:x:{platform.node()}"}
        connection.execute(D.update().where(D.c.id == started[0]).values(**gone))
    assert settle(shared, START + 100) == 1
    ended = decision(shared, started[0])
    assert (ended.outcome, ended.ended_at) == ("failed", START + 100)
    assert "nothing was changed" in ended.message


def test_only_so_many_are_trained_beside_each_other(alone, declare, end):
    (alone.root / "nbops.toml").write_text("courier = false\n[scheduler]\nat_once = 2\n")
    declare(alone)
    first = retrain_now(alone, "churn", now=START + 1)
    with open_ledger(alone).begin() as connection:
        row = connection.execute(D.select().where(D.c.id == first.id)).one()._mapping
        for number in range(4):
            more = {**row, "model": f"other{number}", "occasion": f"manual:{number}"}
            connection.execute(D.insert().values({k: v for k, v in more.items() if k != "id"}))
    started = []
    watch = RetrainWatch(alone, lambda _, number: started.append(number))
    watch.see(due=0, going_on=5, signals=-1, now=START + 20)
    watch.see(due=0, going_on=5, signals=-1, now=START + 21)
    assert len(started) == 2
    end(alone, started[0], "promoted", START + 30)
    watch.see(due=0, going_on=4, signals=-1, now=START + 31)
    assert len(started) == 3


def test_without_a_champion_or_rows_it_fails_and_says_why(alone, declare):
    declare(alone)
    failed = carry_out(alone, retrain_now(alone, "churn").id)
    assert failed.outcome == "failed"
    assert "Nobody holds Production of churn" in failed.message
    assert carry_out(alone, failed.id) == decision(alone, failed.id)
    with pytest.raises(NotFoundError, match="no decision 99"):
        carry_out(alone, 99)


def test_who_died_after_promoting_is_not_said_to_have_changed_nothing(alone):
    policy = set_policy(alone, build("churn", {"pipeline": "churn.toml", "data_parameter": "n"}))
    asked = retrain_now(alone, policy.model)
    promote("churn", 1, "Production", reason="won", workspace=alone)
    with open_ledger(alone).begin() as connection:
        gone = {"outcome": "running", "owner": f"999999:1:x:{platform.node()}"}
        connection.execute(D.update().where(D.c.id == asked.id).values(**gone))
    assert settle(alone, asked.at + 100) == 1
    message = decision(alone, asked.id).message
    assert "promote v1" in message and "nothing was changed" not in message


def test_a_training_of_a_machine_that_is_gone_is_closed(alone, declare):
    declare(alone)
    number = retrain_now(alone, "churn", now=START).id
    elsewhere = {"outcome": "running", "owner": "7:1:boot:another-machine", "heartbeat_at": START + 10}
    with open_ledger(alone).begin() as connection:
        connection.execute(D.update().where(D.c.id == number).values(**elsewhere))
    assert settle(alone, START + 600) == 0
    assert settle(alone, START + 1000) == 1
    assert decision(alone, number).outcome == "failed"


_REGISTERS = """
import nbops
from nbops.registry import register
from sklearn.linear_model import LogisticRegression
with nbops.track("second") as run:
    model = LogisticRegression(C=0.5).fit([[0.0], [1.0]], [0, 1])
register("churn", run_id=run.run_id)
"""


def test_what_was_known_when_it_failed_is_evidence(alone, monkeypatch, declare):
    promote("churn", 1, workspace=alone)
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=400), "y": [0, 1] * 200})
    frame.to_parquet(alone.root / "rows.parquet")
    book = nbformat.read(alone.root / "stage.ipynb", 4)
    book.cells.append(nbformat.v4.new_code_cell(_REGISTERS))
    nbformat.write(book, alone.root / "stage.ipynb")
    declare(alone, source="rows.parquet", label="y")
    ended = carry_out(alone, retrain_now(alone, "churn").id)
    assert ended.outcome == "failed"
    assert "no stage of churn gives a model" in ended.message
    # It was registered by the pipeline itself; to say that nothing was changed would be wrong.
    assert ended.message.endswith("what was done to churn since: register v2")
    assert (ended.champion, ended.evidence["data"]["learn_rows"]) == (1, 300)
    (told,) = [event for event in read_events(alone) if event.action == "retrain-end"]
    assert told.detail["evidence"]["data"]["judge_rows"] == 100
