"""Task, metrics and resampling agree with scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbops.errors import UsageError
from nbops.pipelines.tabular.task import (
    importance,
    interval,
    measure,
    metric_of,
    predict,
    require,
    resample,
    task_of,
    unseen,
)


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_classification_measures(load):
    X, y = load(return_X_y=True, as_frame=True)
    names = y.map(lambda value: f"class {value}")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X, names)
    found = measure(predict(model, X, names, "classification"))
    shares, predicted = model.predict_proba(X), model.predict(X)
    area = metrics.roc_auc_score(names, shares if shares.shape[1] > 2 else shares[:, 1], multi_class="ovr")
    assert found == pytest.approx(
        {
            "roc_auc": area,
            "average_precision": metrics.average_precision_score(
                *((pd.get_dummies(names), shares) if shares.shape[1] > 2 else (names == "class 1", shares[:, 1]))
            ),
            "accuracy": metrics.accuracy_score(names, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(names, predicted),
            "f1_macro": metrics.f1_score(names, predicted, average="macro"),
            "log_loss": metrics.log_loss(names, shares),
        }
    )


def test_regression_measures_and_their_interval():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    predictions = predict(Ridge().fit(X, y), X, y, "regression")
    found = measure(predictions)
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(y, predictions.predicted))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, predictions.predicted))
    assert found["r2"] == pytest.approx(metrics.r2_score(y, predictions.predicted))
    samples = resample({"a": predictions, "same": predictions}, "mae", repeats=200)
    assert len(samples["a"]) == 200
    assert (samples["a"] == samples["same"]).all()
    low, high = interval(samples["a"])
    errors = np.abs(y - predictions.predicted)
    spread = 1.96 * errors.std() / len(errors) ** 0.5
    assert (low, high) == pytest.approx((errors.mean() - spread, errors.mean() + spread), rel=0.02)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"] * 30, "classification"),
        ([0, 1] * 30, "classification"),
        ([True, False], "classification"),
        (list(np.arange(60) / 7), "regression"),
        (list(range(60)), "regression"),
        ([f"v{i}" for i in range(60)], "classification"),
    ],
)
def test_task(values, task):
    assert task_of(pd.Series(values)) == task


def test_what_does_not_exist_is_said():
    with pytest.raises(UsageError, match="There are mae, rmse, r2"):
        metric_of("regression", "roc_auc")
    with pytest.raises(UsageError, match="not 'clustering'"):
        task_of(pd.Series([1]), "clustering")
    assert metric_of("classification").name == "roc_auc"
    assert metric_of("regression").name == "mae"


def _iris():
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    return model, X, y


def test_a_class_that_the_model_does_not_know_counts_against_it():
    model, X, y = _iris()
    truth = y.astype(object).where(y.index != 3, "rare")
    predictions = predict(model, X, truth, "classification")
    found = measure(predictions)
    areas = [metrics.roc_auc_score(truth == one, model.predict_proba(X)[:, one]) for one in range(3)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    assert found["accuracy"] == pytest.approx((model.predict(X) == truth).mean())
    assert "log_loss" not in found


def test_importance_where_a_class_is_missing_from_the_rows():
    model, X, y = _iris()
    some = y < 2
    found = importance(model, X[some], y[some], "classification", metric_of("classification", "roc_auc"), seed=0)
    assert set(found) == set(X.columns)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    # Nothing can be said of one class only, and nothing is said.
    assert (
        importance(model, X[y == 0], y[y == 0], "classification", metric_of("classification", "roc_auc"), seed=0) == {}
    )


def test_a_metric_that_cannot_be_told_is_said_in_one_line():
    model, X, y = _iris()
    one = predict(model, X[y == 0], y[y == 0], "classification")
    with pytest.raises(UsageError, match="roc_auc cannot be told of these 50 rows"):
        require({"a": one}, "roc_auc")
    require({"a": one}, "accuracy")


def test_rows_that_were_learnt_from_are_no_later_rows():
    learnt = pd.DataFrame({"a": [1, 2, 2, 3], "w": ["x", "y", "y", None], "t": [1, 2, 2, 3]})
    later = pd.DataFrame({"t": [1.0, 2.0, 4.0, 3.0], "w": ["x", "y", "x", None], "a": [1.0, 2.5, 1.0, 3.0], "p": 0})
    assert list(unseen(later, learnt, ["a", "w", "t"])) == [False, True, True, False]
