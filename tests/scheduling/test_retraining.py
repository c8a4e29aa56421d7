"""When a model is trained anew: causes, cool-down, budget, each occasion once, and what is wrong with a policy."""

from __future__ import annotations

import platform
import threading

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.errors import DataError, NbopsError, NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.monitoring.monitors import acknowledge, monitor_report
from nbops.monitoring.predictions import record_labels
from nbops.registry import promote, register
from nbops.scheduling import emit
from nbops.scheduling.retraining import (
    apply_policies,
    build,
    carry_out,
    decide_due,
    decision,
    decisions,
    pause_policy,
    policies,
    remove_policy,
    retrain_now,
    set_policy,
)
from nbops.scheduling.retraining.gathering import gather
from nbops.scheduling.retraining.rows import D
from nbops.scheduling.retraining.settling import settle
from nbops.scheduling.retraining.watching import RetrainWatch
from nbops.workspace import find_workspace
from nbops.workspace.ownership import workspace_id

HOUR, DAY, START = 3600.0, 86_400.0, 1_760_000_000.0


@pytest.fixture
def shared(shared):
    """The workspace of the schedules' tests, with a registered model, its ledger in each database in turn."""
    return _with_model(shared)


@pytest.fixture
def alone(place):
    """The same with a ledger of its own."""
    return _with_model(place)


def _with_model(shared):
    (shared.root / "churn.toml").write_text(
        'name = "churn"\n[stages.only]\nnotebook = "stage.ipynb"\nparameters = {n = ""}\n'
    )
    for name, facts in (("predicts", 'template = "ingest"\nparameters = {target = "churned"}'), ("promotes", 'template = "promote"')):
        (shared.root / f"{name}.toml").write_text(f'name = "{name}"\n[stages.only]\n{facts}\n')
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('n: str = ""', metadata={"tags": ["parameters"]})])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, shared.root / "stage.ipynb")
    random = np.random.default_rng(0)
    X = pd.DataFrame({"a": random.normal(size=60)})
    with nbops.track("first", workspace=shared) as run:
        model = LogisticRegression().fit(X, (X["a"] > 0).astype(int))
    assert model is not None
    register("churn", run_id=run.run_id, workspace=shared)
    return shared


def _policy(place, **given):
    return set_policy(place, build("churn", {"pipeline": "churn.toml", "data_parameter": "n"} | given), now=START)


def _end(place, number, outcome, at):
    with open_ledger(place).begin() as connection:
        connection.execute(D.update().where(D.c.id == number).values(outcome=outcome, ended_at=at))


def test_drift_decides_once_and_then_cools_down(shared):
    _policy(shared, cool_down_hours=24)
    emit(shared, "drift", "churn", {"message": "a moved"}, at=START + 10)
    emit(shared, "drift", "other", {"message": "not ours"}, at=START + 11)
    (first,) = decide_due(shared, START + 20)
    assert (first.cause, first.message) == ("drift", "a moved")
    assert decide_due(shared, START + 21) == ()
    emit(shared, "performance", "churn", {"message": "worse"}, at=START + 30)
    assert decide_due(shared, START + 40) == ()
    assert decisions(shared)[0].outcome == "busy"
    _end(shared, first.id, "not better", START + HOUR)
    emit(shared, "drift", "churn", {"message": "again"}, at=START + 5 * HOUR)
    assert decide_due(shared, START + 5 * HOUR) == ()
    assert decisions(shared)[0].outcome == "cooling down"
    assert "4.0 hours ago, 24 are to pass" in decisions(shared)[0].message
    emit(shared, "drift", "churn", {"message": "later"}, at=START + 26 * HOUR)
    assert len(decide_due(shared, START + 26 * HOUR)) == 1
    told = [event.detail["outcome"] for event in read_events(shared) if event.action == "retrain-decide"]
    assert told == ["queued", "busy", "cooling down", "queued"]


def test_what_happened_before_the_policy_or_while_it_rested_does_not_count(shared):
    emit(shared, "drift", "churn", {}, at=START - 1)
    _policy(shared)
    assert decide_due(shared, START + 1) == ()
    pause_policy(shared, "churn")
    emit(shared, "drift", "churn", {}, at=START + 2)
    assert decide_due(shared, START + 3) == ()
    pause_policy(shared, "churn", paused=False)
    assert decide_due(shared, START + 4) == ()
    assert decisions(shared) == ()


def test_the_budget_is_kept_and_a_person_may_spend_more(shared):
    _policy(shared, cool_down_hours=0, budget=2, budget_days=30)
    for day in (1, 2, 3):
        emit(shared, "drift", "churn", {"message": f"day {day}"}, at=START + day * DAY)
        for one in decide_due(shared, START + day * DAY):
            _end(shared, one.id, "not better", START + day * DAY + 60)
    assert [one.outcome for one in decisions(shared)] == ["over budget", "not better", "not better"]
    asked = retrain_now(shared, "churn", "the auditor wants it", now=START + 4 * DAY)
    assert (asked.outcome, asked.cause, asked.message) == ("queued", "manual", "the auditor wants it")
    assert retrain_now(shared, "churn", now=START + 4 * DAY + 1).outcome == "busy"


def test_it_comes_due_by_the_clock(shared):
    _policy(shared, on=["schedule"], cron="0 4 * * *", cool_down_hours=0)
    assert decide_due(shared, START + 60) == ()
    (due,) = decide_due(shared, START + DAY)
    assert due.cause == "schedule"
    _end(shared, due.id, "not better", START + DAY)
    assert decide_due(shared, START + DAY + 60) == ()
    assert len(decide_due(shared, START + 2 * DAY)) == 1


def test_enough_newly_labelled_rows(shared):
    _policy(shared, on=["volume"], volume=50, cool_down_hours=0)
    record_labels(shared, "churn", [f"p{i}" for i in range(40)], [1] * 40)
    # Those that were there when it was first counted do not count.
    assert decide_due(shared, START) == ()
    record_labels(shared, "churn", [f"p{i}" for i in range(40, 89)], [0] * 49)
    assert decide_due(shared, START + 100) == ()
    record_labels(shared, "churn", ["p89"], [0])
    assert decide_due(shared, START + 200, count=False) == ()
    (due,) = decide_due(shared, START + 201)
    assert due.message == "50 rows were labelled since, 50 asked for"
    _end(shared, due.id, "not better", START + 300)
    assert decide_due(shared, START + 400) == ()


def test_racing_leaders_decide_once(shared):
    _policy(shared)
    emit(shared, "drift", "churn", {"message": "a moved"}, at=START + 10)
    emit(shared, "performance", "churn", {"message": "worse"}, at=START + 11)
    found, ready = [], threading.Barrier(4)

    def lead():
        ready.wait()
        found.extend(decide_due(shared, START + 20))

    threads = [threading.Thread(target=lead) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert [one.outcome for one in decisions(shared)] == ["queued"]


def test_the_scheduler_starts_what_waits_and_closes_what_was_lost(shared):
    _policy(shared)
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


def test_without_a_champion_or_rows_it_fails_and_says_why(alone):
    _policy(alone)
    failed = carry_out(alone, retrain_now(alone, "churn").id)
    assert failed.outcome == "failed"
    assert "Nobody holds Production of churn" in failed.message
    assert carry_out(alone, failed.id) == decision(alone, failed.id)
    with pytest.raises(NotFoundError, match="no decision 99"):
        carry_out(alone, 99)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pipeline": "none.toml"}, "none.toml"),
        ({"data_parameter": "sourc"}, "sourc"),
        ({"pipeline": "predicts.toml", "data_parameter": "source"}, "--label churned"),
        ({"pipeline": "promotes.toml", "data_parameter": "reason"}, "nothing would train"),
        ({"on": ["dirft"]}, "'dirft'"),
        ({"on": ["schedule"]}, "needs cron"),
        ({"cron": "0 4 * * *"}, "does not start on schedule"),
        ({"volume": 50}, "does not start on volume"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"source": ""}, "none is named"),
        ({"on": ["volume"]}, "number of rows"),
        ({"window": "soon"}, "soon"),
        ({"holdout": 0.99}, "holdout must be from 0.05 to 0.9"),
        ({"budget": 0}, "budget must be"),
        ({"mode": "perhaps"}, "promote or approval"),
        ({"metric": "beauty"}, "beauty"),
        ({"source": "none/*.csv"}, "none"),
        ({"parameters": {"nothing": 1}}, "nothing"),
        ({"parameters": {"password": "hunter2hunter2"}}, "looks like a secret"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"holdout": "much"}, "holdout cannot be 'much'"),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(alone, given, said):
    with pytest.raises(NbopsError, match=".") as raised:
        _policy(alone, **given)
    assert said in str(raised.value) + raised.value.hint
    assert policies(alone) == ()


def test_a_model_that_is_not_there(alone):
    with pytest.raises(NotFoundError):
        set_policy(alone, build("chrun", {"pipeline": "churn.toml", "data_parameter": "n"}))


def test_policies_that_the_file_declares(alone):
    file = alone.root / "nbops.toml"
    plain = file.read_text()
    file.write_text(plain + '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\non = ["drift"]\n')
    place = find_workspace(alone.root)
    assert apply_policies(place) == {"churn": "added"}
    assert apply_policies(place) == {"churn": "unchanged"}
    file.write_text(file.read_text() + "budget = 9\n")
    assert apply_policies(place) == {"churn": "changed"}
    assert policies(place)[0].budget == 9
    file.write_text(plain)
    assert apply_policies(place) == {"churn": "left"}
    assert apply_policies(place, prune=True) == {"churn": "removed"}
    _policy(place)
    file.write_text(plain + '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\n')
    with pytest.raises(UsageError, match="by hand"):
        apply_policies(place)
    remove_policy(place, "churn")
    with pytest.raises(NotFoundError, match="no policy"):
        retrain_now(place, "churn")


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


def test_only_so_many_are_trained_beside_each_other(alone):
    (alone.root / "nbops.toml").write_text("courier = false\n[scheduler]\nat_once = 2\n")
    _policy(alone)
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
    _end(alone, started[0], "promoted", START + 30)
    watch.see(due=0, going_on=4, signals=-1, now=START + 31)
    assert len(started) == 3


def test_one_model_whose_data_are_gone_holds_up_no_other(alone):
    file = alone.root / "rows.csv"
    pd.DataFrame({"a": [1], "y": [1]}).to_csv(file, index=False)
    _policy(alone, source="rows.csv", label="y", on=["volume", "drift"], volume=5)
    file.unlink()
    emit(alone, "drift", "churn", {"message": "a moved"}, at=START + 10)
    assert [one.cause for one in decide_due(alone, START + 100)] == ["drift"]


@pytest.mark.parametrize("outcome", ["cooling down", "failed"])
def test_trouble_that_goes_on_is_decided_on_once_more(alone, outcome):
    _policy(alone, cool_down_hours=24)
    number = _incident(alone)
    if outcome == "cooling down":
        emit(alone, "drift", "churn", {"message": "before"}, at=START + 10)
        (first,) = decide_due(alone, START + 20)
        _end(alone, first.id, "not better", START + 30)
    emit(alone, "drift", "churn", {"message": "a moved", "incident": number}, at=START + 40)
    for one in decide_due(alone, START + 50):
        _end(alone, one.id, "failed", START + 60)
    assert decisions(alone)[0].outcome == outcome
    assert decide_due(alone, START + HOUR) == ()
    (again,) = decide_due(alone, START + DAY + HOUR)
    assert again.message == "a moved"
    _end(alone, again.id, "failed", START + DAY + HOUR)
    assert decide_due(alone, START + 3 * DAY) == ()


def test_trouble_that_is_over_is_not_decided_on_again(alone):
    _policy(alone, cool_down_hours=24)
    number = _incident(alone, closed="1")
    emit(alone, "drift", "churn", {"message": "a moved", "incident": number}, at=START + 40)
    (first,) = decide_due(alone, START + 50)
    _end(alone, first.id, "failed", START + 60)
    assert decide_due(alone, START + 3 * DAY) == ()


def _incident(place, closed=""):
    values = {"workspace": workspace_id(place), "monitor": "churn", "check": "drift", "state": "open", "closed": closed}
    with open_ledger(place).begin() as connection:
        row = connection.execute(tables.incidents.insert().values(**values, opened_at=START, last_at=START, detail={}))
        return int(row.inserted_primary_key[0])


def test_rows_with_gaps_and_lists_are_gathered_and_none_judges_that_is_learnt_from(alone):
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"a": random.normal(size=400), "w": ["x", None, "z", "x"] * 100, "y": [0, 1] * 200})
    frame.loc[::7, "a"] = np.nan
    frame["v"] = [[one, 1.0] for one in random.normal(size=400)]
    frame.iloc[390:] = frame.iloc[:10]
    frame.to_parquet(alone.root / "rows.parquet")
    policy = _policy(alone, source="rows.parquet", label="y", window="all")
    gathered = gather(alone, policy, START, alone.root / "out")
    assert (gathered.facts["learn_rows"], gathered.facts["judge_rows"]) == (300, 90)


def test_rows_of_few_different_values_can_judge(alone):
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"w": random.choice(["x", "y"], 400), "y": random.choice([0, 1], 400)})
    frame.to_parquet(alone.root / "rows.parquet")
    policy = _policy(alone, source="rows.parquet", label="y", window="all")
    assert gather(alone, policy, START, alone.root / "out").facts["judge_rows"] == 100
    twice = pd.DataFrame({"a": [*random.normal(size=200)] * 2, "y": [0, 1] * 200})
    twice.to_parquet(alone.root / "rows.parquet")
    with pytest.raises(DataError, match="Only 0 of the newest rows"):
        gather(alone, policy, START, alone.root / "out")


def test_a_training_of_a_machine_that_is_gone_is_closed(alone):
    _policy(alone)
    number = retrain_now(alone, "churn", now=START).id
    elsewhere = {"outcome": "running", "owner": "7:1:boot:another-machine", "heartbeat_at": START + 10}
    with open_ledger(alone).begin() as connection:
        connection.execute(D.update().where(D.c.id == number).values(**elsewhere))
    assert settle(alone, START + 600) == 0
    assert settle(alone, START + 1000) == 1
    assert decision(alone, number).outcome == "failed"


@pytest.mark.parametrize("number", [-1, 2**31, 2**63, 10**30])
def test_a_number_that_no_row_has_is_not_found(shared, number):
    with pytest.raises(NotFoundError, match="no decision"):
        decision(shared, number)
    with pytest.raises(NotFoundError, match="no incident"):
        acknowledge(shared, number, "seen to")
    with pytest.raises(NotFoundError, match="no look"):
        monitor_report(shared, number)


def test_paths_start_in_the_folder_of_the_workspace_that_is_named(alone, tmp_path_factory, monkeypatch, capsys):
    (alone.root / "rows").mkdir()
    pd.DataFrame({"a": [1.0], "target": [0]}).to_csv(alone.root / "rows" / "new.csv", index=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    given = ["--pipeline", "churn.toml", "--data-parameter", "n", "--source", "rows/new.csv"]
    assert main(["retrain", "set", "churn", *given, "-C", str(alone.root)]) == 0
    assert [(one.pipeline, one.source) for one in policies(alone)] == [("churn.toml", "rows/new.csv")]
    monkeypatch.chdir(alone.root / "rows")
    given = ["--pipeline", "../churn.toml", "--data-parameter", "n", "--source", "new.csv"]
    assert main(["retrain", "set", "churn", *given]) == 0
    assert [(one.pipeline, one.source) for one in policies(alone)] == [("churn.toml", "rows/new.csv")]
    capsys.readouterr()


def test_a_file_does_not_resume_what_somebody_paused(alone):
    declared = '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\n'
    (alone.root / "nbops.toml").write_text(declared)
    assert apply_policies(alone) == {"churn": "added"}
    pause_policy(alone, "churn")
    assert apply_policies(alone) == {"churn": "unchanged"}
    (alone.root / "nbops.toml").write_text(declared + "budget = 2\n")
    assert apply_policies(alone) == {"churn": "changed"}
    assert [(one.paused, one.budget) for one in policies(alone)] == [(True, 2)]
    (alone.root / "nbops.toml").write_text(declared + "paused = false\n")
    assert apply_policies(alone) == {"churn": "changed"}
    assert not policies(alone)[0].paused


def test_labels_that_were_taken_back_are_counted_from_there(alone):
    file = alone.root / "rows.csv"

    def labelled(count):
        pd.DataFrame({"a": range(count), "y": [1] * count}).to_csv(file, index=False)

    labelled(100)
    _policy(alone, source="rows.csv", label="y", on=["volume"], volume=50, cool_down_hours=0)
    found = []
    # A shorter file takes its place; and as many as once before are new again.
    for step, count in enumerate((100, 10, 60, 10, 60)):
        labelled(count)
        made = decide_due(alone, START + 100 * step)
        found.append([one.message for one in made])
        for one in made:
            _end(alone, one.id, "not better", START + 100 * step + 1)
    told = "50 rows were labelled since, 50 asked for"
    assert found == [[], [], [told], [], [told]]


@pytest.mark.parametrize("kind", ["seconds", "texts", "years"])
def test_times_of_a_source_are_read_as_everywhere_else(alone, kind):
    hours = np.arange(400)
    at = {
        "seconds": START + HOUR * hours,
        "texts": pd.to_datetime(START + HOUR * hours, unit="s").astype(str),
        "years": 1600 + hours,
    }[kind]
    frame = pd.DataFrame({"a": hours / 7.0, "y": [0, 1] * 200, "at": at})
    frame.loc[0, "y"] = None
    frame.sample(frac=1, random_state=1).to_parquet(alone.root / "rows.parquet")
    policy = _policy(alone, source="rows.parquet", label="y", time="at", window="200 rows")
    gathered = gather(alone, policy, START, alone.root / "out")
    assert gathered.facts["learn_rows"] + gathered.facts["judge_rows"] == 200
    assert gathered.judge["a"].min() > pd.read_parquet(gathered.learn)["a"].max()


_REGISTERS = """
import nbops
from nbops.registry import register
from sklearn.linear_model import LogisticRegression
with nbops.track("second") as run:
    model = LogisticRegression(C=0.5).fit([[0.0], [1.0]], [0, 1])
register("churn", run_id=run.run_id)
"""


def test_what_was_known_when_it_failed_is_evidence(alone, monkeypatch):
    promote("churn", 1, workspace=alone)
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=400), "y": [0, 1] * 200})
    frame.to_parquet(alone.root / "rows.parquet")
    book = nbformat.read(alone.root / "stage.ipynb", 4)
    book.cells.append(nbformat.v4.new_code_cell(_REGISTERS))
    nbformat.write(book, alone.root / "stage.ipynb")
    _policy(alone, source="rows.parquet", label="y")
    ended = carry_out(alone, retrain_now(alone, "churn").id)
    assert ended.outcome == "failed"
    assert "no stage of churn gives a model" in ended.message
    # It was registered by the pipeline itself; to say that nothing was changed would be wrong.
    assert ended.message.endswith("what was done to churn since: register v2")
    assert (ended.champion, ended.evidence["data"]["learn_rows"]) == (1, 300)
    (told,) = [event for event in read_events(alone) if event.action == "retrain-end"]
    assert told.detail["evidence"]["data"]["judge_rows"] == 100


def test_as_many_decisions_as_asked_for(alone, capsys):
    assert main(["retrain", "list", "-n", "0", "-C", str(alone.root)]) == 1
    assert "-n must be at least 1" in capsys.readouterr().err
