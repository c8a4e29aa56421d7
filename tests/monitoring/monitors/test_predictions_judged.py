"""The prediction's own distribution: against what the version predicted when it was trained, or its first window."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sqlalchemy import select

import nbops
from nbops.errors import UsageError
from nbops.ledger import open_ledger, tables
from nbops.monitoring.monitors import monitor_report, run_monitor
from nbops.monitoring.monitors.building import read_check
from nbops.monitoring.predictions import PredictionLog
from nbops.registry import register
from nbops.registry.facts import outputs_profile, training_profile

DAY = 86400.0
GIVEN = {"model": "churn@1", "source": None, "time": None, "reference": None}


def customers(seed: int, count: int = 1000, shift: float = 0.0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame({"income": draw.normal(shift, 1.0, count), "age": draw.normal(40, 10, count)})


def trained(monkeypatch, shop, *, held_out: bool):
    """A registered version whose run shows its predictions of other rows, or does not."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(shop.workspace.root))
    train, test = customers(1, 2000), customers(2, 2000)
    y = (train["income"] + np.random.default_rng(3).normal(0, 0.5, 2000) > 0).astype(int)
    with nbops.track("train") as run:
        model = LogisticRegression().fit(train, y)
        if held_out:
            found = model.predict(test)
            shares = model.predict_proba(test)
    if held_out:
        assert len(found) == len(shares)
    register("churn", run_id=run.run_id)
    return model


def predict(shop, evening, model, *days, version=1, **options):
    """Log a thousand predictions a day; ``days`` are their inputs."""
    with PredictionLog(shop.workspace, "churn", **options) as log:
        for day, rows in enumerate(days):
            scores = model.predict_proba(rows)[:, 1] if hasattr(model, "predict_proba") else None
            at = evening(day) + np.linspace(1, DAY - 1, len(rows))
            log.log(rows=rows, outputs=model.predict(rows), scores=scores, version=version, at=at)


def verdict(report, name):
    return next(column for column in report["columns"] if column["name"] == name)


def test_predictions_are_judged_against_those_of_when_the_version_was_trained(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=True)
    predict(shop, evening, model, customers(4), customers(5, shift=1.0))
    shop.watch("churn", checks=["drift", "prediction"], **GIVEN)
    calm, moved = (run_monitor(shop.workspace, "churn", at=evening(day)) for day in (1, 2))
    assert calm.state == "ok" and calm.checks[0].message.startswith("The prediction has not moved")
    assert [one.state for one in moved.checks] == ["alert", "alert"]
    report = monitor_report(shop.workspace, moved.id)
    assert [column["role"] for column in report["columns"][:2]] == ["prediction", "prediction"]
    assert report["sentence"].startswith("The prediction has drifted: ") and "score (" in report["sentence"]
    assert "predictions are compared with what version 1 predicted of 'test' when it was trained" in report["note"]
    assert moved.checks[1].message.startswith("The prediction has drifted")


def test_predictions_that_move_while_inputs_do_not_are_seen(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=True)
    predict(shop, evening, model, customers(4))
    other = LogisticRegression().fit(customers(6), np.arange(1000) % 2)
    predict(shop, lambda day: evening(day + 1), other, customers(7))
    shop.watch("churn", checks=["drift"], **GIVEN)
    run = run_monitor(shop.workspace, "churn", at=evening(2))
    assert run.state == "alert"
    assert [name for name in run.checks[0].columns if name not in ("output", "score")] == []


def test_without_them_the_first_window_of_the_version_is_the_reference_and_stays_it(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=False)
    predict(shop, evening, model, customers(4), customers(5), customers(6, shift=1.0))
    shop.watch("churn", checks=["prediction"], **GIVEN)
    first, second, third = (run_monitor(shop.workspace, "churn", at=evening(day)) for day in (1, 2, 3))
    assert first.state == "waiting" and "no earlier predictions" in first.sentence
    assert (second.state, third.state) == ("ok", "alert")
    with open_ledger(shop.workspace).connect() as connection:
        # What retrains on drift does so on that of predictions.
        assert connection.scalars(select(tables.signals.c.kind)).all() == ["drift"]
    note = monitor_report(shop.workspace, third.id)["note"]
    assert "the first window of predictions of version 1, 2026-03-01 00:00 to 2026-03-02 00:00, 1,000 rows" in note
    # The log drops its oldest days; what they were compared with does not go with them.
    from nbops.monitoring.monitors import outputs

    monkeypatch.setattr(outputs, "_first", lambda *_: pytest.fail("read again"))
    assert run_monitor(shop.workspace, "churn", at=evening(3)).state == "alert"


def test_the_first_window_may_be_so_many_rows(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=False)
    predict(shop, evening, model, customers(4), customers(5, shift=1.0))
    shop.watch("churn", checks=["prediction"], window="500 rows", **GIVEN)
    assert run_monitor(shop.workspace, "churn", at=evening(2)).state == "alert"
    shop.watch("all", checks=["prediction", "drift"], window="all", **GIVEN)
    # A reference was written by the first monitor, and lies within what this one looks at.
    assert [one.state for one in run_monitor(shop.workspace, "all", at=evening(2)).checks] == ["waiting", "alert"]


def test_predictions_of_another_version_do_not_count(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=True)
    predict(shop, evening, model, customers(4, shift=2.0), version=7)
    shop.watch("churn", checks=["prediction"], **GIVEN)
    assert run_monitor(shop.workspace, "churn", at=evening(1)).state == "waiting"


def test_numbers_are_judged_as_numbers_beside_a_feature_called_output(shop, monkeypatch, evening):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(shop.workspace.root))
    train = customers(1).rename(columns={"age": "output"})
    test = customers(2).rename(columns={"age": "output"})
    with nbops.track("train") as run:
        model = Ridge().fit(train, train["income"] * 3)
        found = model.predict(test)
    assert len(found) == len(test)
    version = register("churn", run_id=run.run_id)
    profile, name = outputs_profile(shop.workspace, version)
    assert name == "test" and profile.columns[0].kind == "number"
    assert training_profile("churn", 1, workspace=shop.workspace).rows == 1000
    predict(shop, evening, model, test.assign(income=test["income"] + 1))
    shop.watch("churn", checks=["drift"], **GIVEN)
    run = run_monitor(shop.workspace, "churn", at=evening(1))
    report = monitor_report(shop.workspace, run.id)
    assert (
        verdict(report, "predicted output")["role"] == "prediction" and verdict(report, "predicted output")["drifted"]
    )
    assert not verdict(report, "output")["drifted"] and not verdict(report, "output")["role"]


def test_limits_by_hand_of_the_data_leave_predictions_to_their_own_check(shop, monkeypatch, evening):
    model = trained(monkeypatch, shop, held_out=True)
    predict(shop, evening, model, customers(4, shift=1.0))
    checks = [
        "drift columns<=1",
        "prediction effect<=0.9 name=far",
        "prediction effect<=0.05",
        "drift columns=age name=age",
    ]
    shop.watch("churn", checks=checks, **GIVEN)
    columns, far, near, age = run_monitor(shop.workspace, "churn", at=evening(1)).checks
    assert (columns.state, columns.value) == ("ok", 1.0) and age.state == "ok"
    assert (far.state, near.state) == ("ok", "alert") and far.value == near.value
    assert read_check("prediction effect<=0.1").kind == "prediction"
    with pytest.raises(UsageError, match="looks at the prediction log"):
        shop.watch("files", model="churn@1", checks=["prediction"])
