"""When a model is trained anew: causes, cool-down, budget, and each occasion once."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from nbops.cli import main
from nbops.errors import NotFoundError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import read_events
from nbops.monitoring.monitors import acknowledge, monitor_report
from nbops.monitoring.predictions import record_labels
from nbops.scheduling import emit
from nbops.scheduling.retraining import (
    decide_due,
    decision,
    decisions,
    pause_policy,
    retrain_now,
)
from nbops.workspace.ownership import workspace_id

HOUR, DAY, START = 3600.0, 86_400.0, 1_760_000_000.0


def test_drift_decides_once_and_then_cools_down(shared, declare, end):
    declare(shared, cool_down_hours=24)
    emit(shared, "drift", "churn", {"message": "a moved"}, at=START + 10)
    emit(shared, "drift", "other", {"message": "not ours"}, at=START + 11)
    (first,) = decide_due(shared, START + 20)
    assert (first.cause, first.message) == ("drift", "a moved")
    assert decide_due(shared, START + 21) == ()
    emit(shared, "performance", "churn", {"message": "worse"}, at=START + 30)
    assert decide_due(shared, START + 40) == ()
    assert decisions(shared)[0].outcome == "busy"
    end(shared, first.id, "not better", START + HOUR)
    emit(shared, "drift", "churn", {"message": "again"}, at=START + 5 * HOUR)
    assert decide_due(shared, START + 5 * HOUR) == ()
    assert decisions(shared)[0].outcome == "cooling down"
    assert "4.0 hours ago, 24 are to pass" in decisions(shared)[0].message
    emit(shared, "drift", "churn", {"message": "later"}, at=START + 26 * HOUR)
    assert len(decide_due(shared, START + 26 * HOUR)) == 1
    told = [event.detail["outcome"] for event in read_events(shared) if event.action == "retrain-decide"]
    assert told == ["queued", "busy", "cooling down", "queued"]


def test_what_happened_before_the_policy_or_while_it_rested_does_not_count(shared, declare):
    emit(shared, "drift", "churn", {}, at=START - 1)
    declare(shared)
    assert decide_due(shared, START + 1) == ()
    pause_policy(shared, "churn")
    emit(shared, "drift", "churn", {}, at=START + 2)
    assert decide_due(shared, START + 3) == ()
    pause_policy(shared, "churn", paused=False)
    assert decide_due(shared, START + 4) == ()
    assert decisions(shared) == ()


def test_the_budget_is_kept_and_a_person_may_spend_more(shared, declare, end):
    declare(shared, cool_down_hours=0, budget=2, budget_days=30)
    for day in (1, 2, 3):
        emit(shared, "drift", "churn", {"message": f"day {day}"}, at=START + day * DAY)
        for one in decide_due(shared, START + day * DAY):
            end(shared, one.id, "not better", START + day * DAY + 60)
    assert [one.outcome for one in decisions(shared)] == ["over budget", "not better", "not better"]
    asked = retrain_now(shared, "churn", "the auditor wants it", now=START + 4 * DAY)
    assert (asked.outcome, asked.cause, asked.message) == ("queued", "manual", "the auditor wants it")
    assert retrain_now(shared, "churn", now=START + 4 * DAY + 1).outcome == "busy"


def test_it_comes_due_by_the_clock(shared, declare, end):
    declare(shared, on=["schedule"], cron="0 4 * * *", cool_down_hours=0)
    assert decide_due(shared, START + 60) == ()
    (due,) = decide_due(shared, START + DAY)
    assert due.cause == "schedule"
    end(shared, due.id, "not better", START + DAY)
    assert decide_due(shared, START + DAY + 60) == ()
    assert len(decide_due(shared, START + 2 * DAY)) == 1


def test_enough_newly_labelled_rows(shared, declare, end):
    declare(shared, on=["volume"], volume=50, cool_down_hours=0)
    record_labels(shared, "churn", [f"p{i}" for i in range(40)], [1] * 40)
    # Those that were there when it was first counted do not count.
    assert decide_due(shared, START) == ()
    record_labels(shared, "churn", [f"p{i}" for i in range(40, 89)], [0] * 49)
    assert decide_due(shared, START + 100) == ()
    record_labels(shared, "churn", ["p89"], [0])
    assert decide_due(shared, START + 200, count=False) == ()
    (due,) = decide_due(shared, START + 201)
    assert due.message == "50 rows were labelled since, 50 asked for"
    end(shared, due.id, "not better", START + 300)
    assert decide_due(shared, START + 400) == ()


def test_labels_that_were_taken_back_are_counted_from_there(alone, declare, end):
    file = alone.root / "rows.csv"

    def labelled(count):
        pd.DataFrame({"a": range(count), "y": [1] * count}).to_csv(file, index=False)

    labelled(100)
    declare(alone, source="rows.csv", label="y", on=["volume"], volume=50, cool_down_hours=0)
    found = []
    # A shorter file takes its place; and as many as once before are new again.
    for step, count in enumerate((100, 10, 60, 10, 60)):
        labelled(count)
        made = decide_due(alone, START + 100 * step)
        found.append([one.message for one in made])
        for one in made:
            end(alone, one.id, "not better", START + 100 * step + 1)
    told = "50 rows were labelled since, 50 asked for"
    assert found == [[], [], [told], [], [told]]


def test_racing_leaders_decide_once(shared, declare):
    declare(shared)
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


def test_one_model_whose_data_are_gone_holds_up_no_other(alone, declare):
    file = alone.root / "rows.csv"
    pd.DataFrame({"a": [1], "y": [1]}).to_csv(file, index=False)
    declare(alone, source="rows.csv", label="y", on=["volume", "drift"], volume=5)
    file.unlink()
    emit(alone, "drift", "churn", {"message": "a moved"}, at=START + 10)
    assert [one.cause for one in decide_due(alone, START + 100)] == ["drift"]


@pytest.mark.parametrize("outcome", ["cooling down", "failed"])
def test_trouble_that_goes_on_is_decided_on_once_more(alone, outcome, declare, end):
    declare(alone, cool_down_hours=24)
    number = _incident(alone)
    if outcome == "cooling down":
        emit(alone, "drift", "churn", {"message": "before"}, at=START + 10)
        (first,) = decide_due(alone, START + 20)
        end(alone, first.id, "not better", START + 30)
    emit(alone, "drift", "churn", {"message": "a moved", "incident": number}, at=START + 40)
    for one in decide_due(alone, START + 50):
        end(alone, one.id, "failed", START + 60)
    assert decisions(alone)[0].outcome == outcome
    assert decide_due(alone, START + HOUR) == ()
    (again,) = decide_due(alone, START + DAY + HOUR)
    assert again.message == "a moved"
    end(alone, again.id, "failed", START + DAY + HOUR)
    assert decide_due(alone, START + 3 * DAY) == ()


def test_trouble_that_is_over_is_not_decided_on_again(alone, declare, end):
    declare(alone, cool_down_hours=24)
    number = _incident(alone, closed="1")
    emit(alone, "drift", "churn", {"message": "a moved", "incident": number}, at=START + 40)
    (first,) = decide_due(alone, START + 50)
    end(alone, first.id, "failed", START + 60)
    assert decide_due(alone, START + 3 * DAY) == ()


def _incident(place, closed=""):
    values = {"workspace": workspace_id(place), "monitor": "churn", "check": "drift", "state": "open", "closed": closed}
    with open_ledger(place).begin() as connection:
        row = connection.execute(tables.incidents.insert().values(**values, opened_at=START, last_at=START, detail={}))
        return int(row.inserted_primary_key[0])


@pytest.mark.parametrize("number", [-1, 2**31, 2**63, 10**30])
def test_a_number_that_no_row_has_is_not_found(shared, number):
    with pytest.raises(NotFoundError, match="no decision"):
        decision(shared, number)
    with pytest.raises(NotFoundError, match="no incident"):
        acknowledge(shared, number, "seen to")
    with pytest.raises(NotFoundError, match="no look"):
        monitor_report(shared, number)


def test_as_many_decisions_as_asked_for(alone, capsys):
    assert main(["retrain", "list", "-n", "0", "-C", str(alone.root)]) == 1
    assert "-n must be at least 1" in capsys.readouterr().err
