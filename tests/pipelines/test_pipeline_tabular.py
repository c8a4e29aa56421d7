"""Task, metrics and resampling agree with scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbops.errors import UsageError
from nbops.pipelines.tabular import interval, measure, metric_of, predict, resample, task_of


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
            "accuracy": metrics.accuracy_score(names, predicted),
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
