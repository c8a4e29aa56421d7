"""What a fitted model tells of its features."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from nbops.capture.importances import importances_of


def _rows():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": draw.normal(size=400), "b": draw.normal(0, 1000, 400), "c": draw.choice(["x", "y"], 400)}
    )
    return frame, frame.a * 3 + frame.b / 1000 + (frame.c == "x") * 0.1


def test_trees_tell_their_own_and_lines_the_size_of_their_terms():
    frame, y = _rows()
    forest = RandomForestClassifier(20, random_state=0).fit(frame[["a", "b"]], y > 0)
    found = importances_of(forest, ["a", "b"], {})
    assert sum(found.values()) == pytest.approx(1) and found["a"] > found["b"]
    line = LinearRegression().fit(frame[["a", "b"]], y)
    found = importances_of(line, ["a", "b"], {"a": 1.0, "b": 1000.0})
    assert found["a"] == pytest.approx(0.75, abs=0.03)


def test_what_a_step_makes_of_a_feature_counts_as_the_feature():
    frame, y = _rows()
    steps = make_column_transformer((StandardScaler(), ["a", "b"]), (OneHotEncoder(), ["c"]))
    model = make_pipeline(steps, LogisticRegression()).fit(frame, y > 0)
    found = importances_of(model, ["a", "b", "c"], {})
    assert set(found) == {"a", "b", "c"} and found["a"] > found["b"] > found["c"] > 0


def test_nothing_where_nothing_is_told():
    class Odd:
        @property
        def coef_(self):
            raise RuntimeError

    assert importances_of(object(), ["a"], {}) == importances_of(Odd(), ["a"], {}) == {}


def test_what_is_called_steps_and_is_no_pipeline():
    """As in our own feature steps; what is known of the training besides must not be lost with it."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    model.steps = (1, 2)
    assert importances_of(model, ["a"], {"a": 1.0}) == {}
