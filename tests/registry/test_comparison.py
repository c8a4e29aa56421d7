"""A model that is not registered yet against the version now held."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge

import nbops
from nbops.errors import DataError
from nbops.registry import register
from nbops.registry.comparison import compare


@pytest.fixture
def rows():
    """Three columns, of which the first tells a class."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(draw.normal(size=(400, 3)), columns=["a", "b", "c"])


def _held(model, workspace):
    with nbops.track("held", workspace=workspace) as run:
        run.model(model, "model")
    return register("m", run_id=run.run_id, workspace=workspace)


def test_two_several_and_no_classes(workspace, rows):
    noise = np.random.default_rng(1).normal(size=400)
    several = pd.Series(np.digitize(rows["a"] + noise, [-0.7, 0.7])).map({0: "low", 1: "mid", 2: "high"})
    for truth in (several, (rows["a"] + noise > 0).map({True: "yes", False: "no"})):
        weak = LogisticRegression().fit(rows[["b"]], truth)
        strong = LogisticRegression().fit(rows[["c", "a"]], truth)
        held = _held(weak, workspace)
        better = compare(held, (weak, rows[["b"]]), (strong, rows[["c", "a"]]), truth, "roc_auc")
        assert better.better and better.low > 0 and better.challenger > better.champion and better.rows == 400
        same = compare(held, (weak, rows[["b"]]), (weak, rows[["b"]]), truth, "accuracy")
        assert not same.better and same.gain == 0
        worse = compare(held, (strong, rows[["c", "a"]]), (weak, rows[["b"]]), truth, "log_loss")
        assert not worse.better and worse.high < 0
        assert not compare(held, (weak, rows[["b"]]), (strong, rows[["c", "a"]]), truth, "roc_auc", min_gain=0.9).better
    assert better.method == "DeLong" and better.to_dict()["metric"] == "roc_auc"
    number = rows["a"] * 3 + noise
    one, other = (Ridge().fit(rows[[name]], number) for name in ("b", "a"))
    found = compare(_held(one, workspace), (one, rows[["b"]]), (other, rows[["a"]]), number, "mae")
    assert found.better and found.challenger < found.champion and "bootstrap" in found.method


def test_what_cannot_be_compared_is_told(workspace, rows):
    truth = pd.Series(["yes", "no"] * 200)
    model = DummyClassifier(strategy="prior").fit(rows, truth)
    held = _held(model, workspace)
    with pytest.raises(DataError, match="no labelled rows"):
        compare(held, (model, rows.head(0)), (model, rows.head(0)), truth.head(0), "accuracy")
    with pytest.raises(DataError, match="only one class"):
        compare(held, (model, rows), (model, rows), pd.Series(["yes"] * 400), "roc_auc")
