"""All columns together, and the relation to a target: what no column shows alone."""

import json
import random as plain_random

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.randomness import kept_random
from nbops.errors import DataError, UsageError
from nbops.monitoring.matrix import Matrix
from nbops.monitoring.multivariate.classifier import domain_classifier


def _pair(random, n, correlation):
    x = random.normal(size=(n, 4))
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1 - correlation**2) * x[:, 1]
    return pd.DataFrame(x, columns=list("abcd")).assign(g=random.choice(list("uvw"), n))


def _together(reference, current):
    found = nbops.drift(reference, current, multivariate=True).to_dict()
    return found["drifted"], json.loads(json.dumps(found["multivariate"], allow_nan=False))


def test_a_correlation_that_broke_is_seen_by_both_though_no_column_moved():
    random = np.random.default_rng(0)
    drifted, found = _together(_pair(random, 1_500, 0.9), _pair(random, 1_500, 0.0))
    assert not drifted
    assert found["classifier"]["drifted"]
    assert found["classifier"]["low"] > 0.55
    assert {column["name"] for column in found["classifier"]["columns"][:2]} == {"a", "b"}
    assert found["pca"]["drifted"]
    assert found["pca"]["error"] > found["pca"]["high"]


def test_neither_raises_an_alarm_without_drift():
    random = np.random.default_rng(1)
    found = [_together(_pair(random, 600, 0.7), _pair(random, 500, 0.7))[1] for _ in range(4)]
    assert not any(one["classifier"]["drifted"] for one in found)
    assert sum(one["pca"]["drifted"] for one in found) <= 1
    assert sum(one["classifier"]["low"] <= 0.5 <= one["classifier"]["high"] for one in found) >= 3


def test_identifiers_and_times_give_nothing_away_and_states_stay():
    random = np.random.default_rng(2)
    frame = _pair(random, 800, 0.5)
    frame["id"] = np.arange(800)
    frame["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(800), unit="h")
    before = np.random.get_state()[1].copy(), plain_random.getstate()
    _, found = _together(frame[:400], frame[400:])
    assert not found["classifier"]["drifted"]
    assert (np.random.get_state()[1] == before[0]).all()
    assert plain_random.getstate() == before[1]


def test_rows_that_both_sides_have_are_no_drift():
    random = np.random.default_rng(3)
    frame = _pair(random, 600, 0.5).assign(c=random.choice(list("ab"), 600))
    for current in (frame, frame[:200]):
        found = _together(frame, current)[1]
        assert not found["pca"]["drifted"]
        assert found["classifier"]["low"] <= 0.5 <= found["classifier"]["high"]
    codes = frame[["c"]]
    assert not _together(codes, codes)[1]["classifier"]["drifted"]


def test_few_rows_of_few_codes_are_not_told_apart_without_drift():
    random = np.random.default_rng(12)

    def drawn(rows):
        return np.column_stack([random.integers(0, 2, (rows, 3)), random.integers(0, 4, rows)]).astype(float)

    named = sum(
        domain_classifier(Matrix(tuple("abcd"), drawn(600), drawn(100), np.zeros(4, bool)), seed=seed)["drifted"]
        for seed in range(8)
    )
    assert named == 0


def test_what_an_import_draws_is_given_back():
    before = plain_random.getstate()
    with kept_random():
        plain_random.random()
    assert plain_random.getstate() == before


def test_few_rows_and_one_column():
    frame = pd.DataFrame({"x": np.arange(30) % 7})
    assert "Too few rows" in _together(frame, frame)[1]["classifier"]["sentence"]
    one = pd.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
    assert "One column alone" in _together(one, one)[1]["pca"]["sentence"]


def _related(random, n, slope):
    x = random.normal(size=(n, 3))
    y = slope * x[:, 0] + x[:, 1] + random.normal(size=n)
    frame = pd.DataFrame(x, columns=list("abc")).assign(g=random.choice(list("uvw"), n))
    return frame.assign(y=y, said=np.where(y > 0, "yes", "no"))


def _concept(reference, current, target, other, **options):
    found = nbops.drift(reference.drop(columns=other), current.drop(columns=other), concept=target, **options).to_dict()
    return json.loads(json.dumps(found["concept"], allow_nan=False))


@pytest.mark.parametrize(("target", "other"), [("y", "said"), ("said", "y")])
def test_the_feature_whose_relation_turned_is_named(target, other):
    random = np.random.default_rng(3)
    found = _concept(_related(random, 1_500, 1.0), _related(random, 1_500, -1.0), target, other)
    assert [column["name"] for column in found["columns"] if column["drifted"]] == ["a"]
    assert f"The relation of a to {target} changed" in found["sentence"]


def test_features_that_moved_and_a_level_that_rose_are_no_new_relation():
    random = np.random.default_rng(4)
    named = levels = 0
    for _ in range(3):
        reference, current = _related(random, 600, 1.0), _related(random, 900, 1.0)
        current = current[random.random(len(current)) < 1 / (1 + np.exp(-current.a))]
        found = _concept(reference, current, "y", "said")
        named += any(column["drifted"] for column in found["columns"])
        levels += found["level"]["drifted"]
    assert named <= 1
    assert levels <= 1
    risen = _concept(reference, current.assign(y=current.y + 1.0), "y", "said")
    assert risen["level"]["drifted"]
    assert abs(risen["level"]["shift"] - 1.0) < 0.2
    assert not any(column["drifted"] for column in risen["columns"])


def test_more_hires_at_other_hours_by_month(shared_data):
    hours = pd.read_csv(shared_data("bike_sharing_hour.csv"))
    hours = hours[["dteday", "hr", "workingday", "temp", "hum", "cnt"]]
    reference, current = hours[hours.dteday < "2011-07-01"], hours[hours.dteday >= "2012-01-01"]
    found = _concept(reference, current, "cnt", [], by="month", time="dteday")
    assert found["level"]["drifted"]
    assert found["level"]["shift"] > 50
    assert "hr" in [column["name"] for column in found["columns"] if column["drifted"]]
    assert found["labels"][0] == "2012-01"
    assert all(len(column["effects"]) == len(found["labels"]) for column in found["columns"])


@pytest.mark.parametrize("as_type", [float, bool, object, "category"])
def test_a_target_or_feature_of_another_type_is_the_same_relation(as_type):
    random = np.random.default_rng(4)
    a, b = (
        pd.DataFrame({"x": random.normal(size=600), "f": random.random(600) < 0.5, "y": random.integers(0, 2, 600)})
        for _ in range(2)
    )
    b = b.assign(y=b["y"].astype(as_type), f=b["f"].astype(float))
    b.loc[:9, ["f"]] = np.nan
    report = nbops.drift(a, b, concept="y", multivariate=True, segments=True, errors=("y", "f"))
    assert report.concept["sentence"] == "No sign that the relation of the features to y changed."
    assert not report.multivariate["classifier"]["drifted"]
    assert not any(node["drifted"] for node in report.segments["nodes"])


@pytest.mark.filterwarnings("error")
def test_an_infinite_target_is_left_out():
    random = np.random.default_rng(5)
    a, b = (pd.DataFrame({"x": random.normal(size=400), "y": random.normal(size=400)}) for _ in range(2))
    b.loc[3, "y"] = np.inf
    assert nbops.drift(a, b, concept="y").concept["sentence"].startswith("No sign")


def test_targets_that_cannot_be_related():
    random = np.random.default_rng(5)
    frame = _related(random, 200, 1.0)
    with pytest.raises(UsageError, match="no target 'z'"):
        nbops.drift(frame, frame, concept="z")
    with pytest.raises(UsageError, match="1 classes"):
        nbops.drift(frame.assign(z="one"), frame.assign(z="one"), concept="z")
    with pytest.raises(DataError, match="Too few rows have a y"):
        nbops.drift(frame, frame.assign(y=np.where(frame.index < 20, frame.y, np.nan)), concept="y")
