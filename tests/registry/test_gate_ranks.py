"""Intervals of rank metrics against what they stand in for: the resampling of rows, and scikit-learn's figures."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from nbops.registry.gates.ranked import average_precision_of_rows, roc_auc_error
from nbops.registry.gates.scores import difference, estimate, metric_named

AUC, PRECISION = metric_named("roc_auc"), metric_named("average_precision")


def _rows(count, seed, digits=2):
    """Truth and the scores of a better and a worse model that share most of their noise, with ties."""
    generator = np.random.default_rng(seed)
    truth = generator.random(count) < 0.4
    noise = generator.normal(size=count)
    old = (truth + 1.2 * noise + 0.4 * generator.normal(size=count)).round(digits)
    new = (truth + 1.2 * noise + 0.2 * generator.normal(size=count)).round(digits)
    return truth, new, old


def _area(truth, score):
    above, below = score[truth][:, None], score[~truth][None, :]
    return ((above > below).sum() + 0.5 * (above == below).sum()) / (above.size * below.size)


def _bootstrap(function, truth, *scores, repeats=800):
    generator, found = np.random.default_rng(1), []
    for _ in range(repeats):
        drawn = generator.integers(0, len(truth), len(truth))
        values = [function(truth[drawn], score[drawn]) for score in scores]
        found.append(values[0] - sum(values[1:]))
    return np.quantile(found, [0.025, 0.975])


def test_the_interval_of_an_auc_is_that_of_resampled_rows():
    truth, new, old = _rows(200, 3)
    for found, scores, value in (
        (estimate(AUC, truth, new), (new,), roc_auc_score(truth, new)),
        (difference(AUC, truth, new, old), (new, old), roc_auc_score(truth, new) - roc_auc_score(truth, old)),
    ):
        low, high = _bootstrap(_area, truth, *scores)
        assert found.value == pytest.approx(value) and found.repeats == 0
        assert found.low == pytest.approx(low, abs=0.1 * (high - low))
        assert found.high == pytest.approx(high, abs=0.1 * (high - low))


@given(st.integers(0, 10_000))
def test_delong_is_the_covariance_of_all_pairs(seed):
    truth, new, old = _rows(int(np.random.default_rng(seed).integers(12, 40)), seed, digits=1)
    truth[:4] = [True, True, False, False]

    def compared(score):
        above, below = score[truth][:, None], score[~truth][None, :]
        return (above > below) + 0.5 * (above == below)

    def error(pairs):
        rows, columns = pairs.mean(axis=1), pairs.mean(axis=0)
        return math.sqrt(rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns))

    assert compared(new).mean() == pytest.approx(roc_auc_score(truth, new))
    assert roc_auc_error(truth, new) == pytest.approx(error(compared(new)), abs=1e-12)
    assert roc_auc_error(truth, new, old) == pytest.approx(error(compared(new) - compared(old)), abs=1e-12)


def test_the_same_scores_differ_by_exactly_nothing():
    truth, new, _ = _rows(500, 4)
    for metric in (AUC, PRECISION):
        gain = difference(metric, truth, new, new.copy())
        assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)
    # A change of scale changes no rank.
    gain = difference(AUC, truth, new, new * 4)
    assert (gain.low, gain.high) == (0.0, 0.0)


def test_an_interval_stays_within_what_an_auc_can_be():
    truth = np.array([True] * 12 + [False] * 12)
    score = np.concatenate([np.linspace(0.4, 1, 12), np.linspace(0, 0.45, 12)])
    found = estimate(AUC, truth, score)
    assert found.low < found.value < found.high == 1.0


def test_one_row_of_a_class_gives_no_interval():
    truth, score = np.array([True, False, False]), np.array([0.9, 0.1, 0.2])
    assert math.isnan(estimate(AUC, truth, score).low) and math.isnan(difference(AUC, truth, score, score).high)
    with pytest.raises(ValueError, match="one class"):
        estimate(AUC, np.ones(5, dtype=bool), np.arange(5.0))


@given(st.integers(0, 10_000))
def test_average_precision_of_drawn_rows_is_that_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    count = int(generator.integers(5, 60))
    truth, score = generator.random(count) < 0.5, generator.random(count).round(1)
    truth[:2] = [True, False]
    measure = average_precision_of_rows(truth, score)
    assert measure(np.arange(count)) == pytest.approx(average_precision_score(truth, score))
    drawn = np.append(generator.integers(0, count, count), 0)
    assert measure(drawn) == pytest.approx(average_precision_score(truth[drawn], score[drawn]))
    with pytest.raises(ValueError, match="no positive"):
        measure(np.flatnonzero(~truth))


def test_the_interval_of_average_precision_is_that_of_resampled_rows():
    truth, new, old = _rows(200, 5)
    found = difference(PRECISION, truth, new, old)
    low, high = _bootstrap(average_precision_score, truth, new, old, repeats=150)
    assert found.low == pytest.approx(low, abs=0.2 * (high - low))
    assert found.high == pytest.approx(high, abs=0.2 * (high - low))
