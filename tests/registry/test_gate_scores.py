"""The statistics of gates against what is known of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import UsageError
from nbops.registry.gates.scores import calibration_error, difference, estimate, metric_named

METRICS = [
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "f1_macro",
    "precision_macro",
    "recall_macro",
    "roc_auc",
    "average_precision",
    "brier",
    "log_loss",
    "mae",
    "mse",
    "rmse",
    "median_absolute_error",
    "r2",
    "mape",
]


def test_the_interval_of_an_accuracy_covers_as_often_as_it_says():
    generator, metric, hits = np.random.default_rng(0), metric_named("accuracy"), 0
    for _ in range(200):
        truth = np.ones(300, dtype=int)
        said = (generator.random(300) < 0.8).astype(int)
        found = estimate(metric, truth, said)
        hits += found.low <= 0.8 <= found.high
    # 95 % of 200 is 190; three standard errors are nine.
    assert 178 <= hits <= 199


def test_the_paired_interval_is_narrower_than_two_intervals():
    generator, metric = np.random.default_rng(1), metric_named("mae")
    truth = generator.normal(size=500)
    old = truth + generator.normal(size=500)
    new = truth + (old - truth) * 0.97
    gain = difference(metric, truth, new, old)
    alone = estimate(metric, truth, new)
    assert gain.value > 0 and gain.low > 0
    assert gain.high - gain.low < (alone.high - alone.low) / 5


@given(st.integers(0, 10_000))
def test_what_is_resampled_is_what_is_shown(seed):
    generator = np.random.default_rng(seed)
    rows = int(generator.integers(8, 60))
    flags = generator.random(rows) < 0.5
    flags[:2] = [True, False]
    labels = generator.integers(0, 3, rows)
    numbers = generator.normal(size=rows).round(1)
    forms = {
        "label": (labels, generator.integers(0, 3, rows)),
        "binary": (flags, generator.random(rows) < 0.5),
        "score": (flags, generator.random(rows).round(1)),
        "value": (numbers, generator.normal(size=rows).round(1)),
    }
    for name in METRICS:
        metric = metric_named(name)
        if metric.needs in forms and metric.quick is not None:
            assert metric.resampled(*forms[metric.needs]) == pytest.approx(metric.function(*forms[metric.needs])), name


def test_two_equal_models_are_not_told_apart():
    generator, metric, wins = np.random.default_rng(2), metric_named("roc_auc"), 0
    for _ in range(100):
        truth = generator.random(200) < 0.5
        old, new = (truth + generator.normal(size=200) for _ in range(2))
        wins += difference(metric, truth, new, old).low > 0
    assert wins <= 9


@given(st.integers(20, 200), st.integers(0, 1000))
def test_the_same_rows_give_the_same_interval(rows, seed):
    generator = np.random.default_rng(seed)
    truth, said = generator.integers(0, 2, rows), generator.integers(0, 2, rows)
    metric = metric_named("accuracy")
    assert estimate(metric, truth, said) == estimate(metric, truth, said)
    assert difference(metric, truth, said, said).value == 0


def test_a_metric_that_is_less_the_better_is_turned_round():
    truth, good, bad = np.zeros(50), np.full(50, 0.1), np.full(50, 0.3)
    assert difference(metric_named("rmse"), truth, good, bad).value == pytest.approx(0.2)
    assert difference(metric_named("rmse"), truth, bad, good).value == pytest.approx(-0.2)


def test_calibration_error():
    generator = np.random.default_rng(3)
    score = generator.random(200_000)
    truth = (generator.random(200_000) < score).astype(float)
    assert calibration_error(truth, score) < 0.01
    assert calibration_error(truth, np.ones(200_000)) == pytest.approx(0.5, abs=0.01)
    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0


def test_unknown_metrics_name_the_closest():
    with pytest.raises(UsageError, match="accuracy"):
        metric_named("acuracy")
    with pytest.raises(ValueError, match="one class"):
        metric_named("auc").function(np.ones(5, dtype=bool), np.ones(5))


def test_the_area_of_several_classes_is_that_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    generator, metric = np.random.default_rng(3), metric_named("roc_auc_ovr")
    truth = generator.integers(0, 3, 200)
    said = generator.random((200, 3)).round(1) + np.eye(3)[truth]
    said /= said.sum(axis=1, keepdims=True)
    assert metric.function(truth, said) == pytest.approx(roc_auc_score(truth, said, multi_class="ovr"))
    gain = difference(metric, truth, said, said[:, ::-1])
    assert gain.low > 0 and gain.repeats > 500
    with pytest.raises(ValueError, match="one class"):
        metric.function(np.zeros(5, int), said[:5])
