"""Metrics by name, their intervals, and the paired comparison of two models on the same rows."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbops.errors import UsageError
from nbops.registry.gates import quick, ranked

Array = NDArray[Any]
# Rows times repeats that a bootstrap may look at; a million rows need no thousand repeats for a narrow interval.
_WORK = 20_000_000
_LEAST, _MOST = 200, 1000
_SEED = 20240229


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of ``(truth, prediction)``.

    ``needs`` says what of the model: ``label``, ``binary`` (whether it is the positive class), ``score`` (that class's
    probability), ``probabilities`` (one column a class) or ``value``. For the interval, ``error`` gives the standard
    error (of a difference, with a second prediction), ``prepared`` the figure of drawn rows after what needs
    doing but once, ``quick`` the same figure as ``function`` in less time.
    """

    name: str
    needs: str
    greater_is_better: bool
    function: Callable[[Array, Array], float]
    quick: Callable[[Array, Array], float] | None = None
    error: Callable[[Array, Array, Array | None], float] | None = None
    prepared: Callable[[Array, Array], Callable[[Array], float]] | None = None

    @property
    def resampled(self) -> Callable[[Array, Array], float]:
        """The same figure for resampling, as quick as there is one."""
        return self.quick or self.function


def metric_named(name: str) -> Metric:
    """Give a metric by its name in scikit-learn or by the short names everybody uses.

    Raises
    ------
    UsageError
        There is no such metric; the closest is named.
    """
    from sklearn import metrics as m

    def macro(function: Callable[..., Any]) -> Callable[[Array, Array], float]:
        return lambda y, p: float(function(y, p, average="macro", zero_division=0))

    def binary(function: Callable[..., Any]) -> Callable[[Array, Array], float]:
        return lambda y, p: float(function(y, p, pos_label=True, zero_division=0))

    same, absolute, squared = np.equal, lambda y, p: np.abs(y - p), lambda y, p: (y * 1.0 - p) ** 2
    root = lambda y, p: float(np.sqrt(np.mean((y - p) ** 2)))  # noqa: E731
    middle = lambda y, p: float(np.median(np.abs(y - p)))  # noqa: E731
    relative = lambda y, p: np.abs(y - p) / np.maximum(np.abs(y), np.finfo(float).eps)  # noqa: E731
    known = (
        Metric("accuracy", "label", True, m.accuracy_score, quick.mean_of(same)),
        Metric("balanced_accuracy", "label", True, m.balanced_accuracy_score, quick.balanced_accuracy),
        Metric("f1", "binary", True, binary(m.f1_score), quick.binary("f1")),
        Metric("precision", "binary", True, binary(m.precision_score), quick.binary("precision")),
        Metric("recall", "binary", True, binary(m.recall_score), quick.binary("recall")),
        Metric("f1_macro", "label", True, macro(m.f1_score), quick.macro("f1")),
        Metric("precision_macro", "label", True, macro(m.precision_score), quick.macro("precision")),
        Metric("recall_macro", "label", True, macro(m.recall_score), quick.macro("recall")),
        Metric("roc_auc", "score", True, _strict(m.roc_auc_score), error=ranked.roc_auc_error),
        Metric("roc_auc_ovr", "probabilities", True, _auc_of_each, _auc_of_each),
        Metric(
            "average_precision",
            "score",
            True,
            _strict(m.average_precision_score),
            prepared=ranked.average_precision_of_rows,
        ),
        Metric("brier", "score", False, m.brier_score_loss, quick.mean_of(squared)),
        Metric("log_loss", "probabilities", False, _log_loss, _log_loss),
        Metric("mae", "value", False, m.mean_absolute_error, quick.mean_of(absolute)),
        Metric("mse", "value", False, m.mean_squared_error, quick.mean_of(squared)),
        Metric("rmse", "value", False, m.root_mean_squared_error, root),
        Metric("median_absolute_error", "value", False, m.median_absolute_error, middle),
        Metric("r2", "value", True, m.r2_score, quick.r2),
        Metric("mape", "value", False, m.mean_absolute_percentage_error, quick.mean_of(relative)),
    )
    by_name = {metric.name: metric for metric in known}
    by_name |= {"auc": by_name["roc_auc"], "mean_absolute_error": by_name["mae"], "mean_squared_error": by_name["mse"]}
    by_name |= {"r2_score": by_name["r2"], "accuracy_score": by_name["accuracy"], "brier_score": by_name["brier"]}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(by_name))}."
        raise UsageError(f"There is no metric {name!r}.", hint=hint)
    return by_name[name]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval; ``repeats`` says from how many resamples, 0 where it needed none."""

    value: float
    low: float
    high: float
    repeats: int


def estimate(metric: Metric, truth: Array, prediction: Array, confidence: float = 0.95) -> Estimate:
    """Give a metric with its interval: DeLong's for the ROC-AUC, else by a percentile bootstrap over rows.

    Source of the latter: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. The resamples are
    the same at every call, so that the same rows give the same interval.
    """
    value = float(metric.function(truth, prediction))
    if metric.error is not None:
        return _wald(value, metric.error(truth, prediction, None), confidence, 0.0)
    measure = _resampled(metric, truth, prediction)
    return _interval(value, _resample(measure, len(truth), metric), confidence)


def difference(metric: Metric, truth: Array, new: Array, old: Array, confidence: float = 0.95) -> Estimate:
    """Give how much better ``new`` is than ``old`` on the same rows, with its interval; positive is better.

    Both are measured on the same rows, resampled or not (a paired bootstrap: Efron and Tibshirani, 1993, chapter 8;
    for the ROC-AUC, DeLong's covariance), which takes out what is common to both and makes the interval narrower than a
    difference of two intervals.
    """
    sign = 1.0 if metric.greater_is_better else -1.0
    value = sign * float(metric.function(truth, new) - metric.function(truth, old))
    if metric.error is not None:
        return _wald(value, metric.error(truth, new, old), confidence, -1.0)
    one, other = _resampled(metric, truth, new), _resampled(metric, truth, old)
    return _interval(value, _resample(lambda drawn: sign * (one(drawn) - other(drawn)), len(truth), metric), confidence)


def calibration_error(truth: Array, score: Array, bins: int = 10) -> float:
    """Give the expected calibration error of probabilities over bins of equal width.

    The mean distance between the mean probability and the share of positives of a bin, weighted by its rows.
    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015.

    Parameters
    ----------
    truth
        Truth values, of shape (n,).
    score
        Probabilities of the positive class, of shape (n,).
    bins
        How many bins.
    """
    index = np.minimum((score * bins).astype(int), bins - 1)
    rows = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.abs(np.bincount(index, truth, bins) / rows - np.bincount(index, score, bins) / rows)
    return float(np.nansum(gaps * rows) / len(truth))


def _resampled(metric: Metric, truth: Array, prediction: Array) -> Callable[[Array], float]:
    """Give the metric as a function of the rows that were drawn."""
    if metric.prepared is not None:
        return metric.prepared(truth, prediction)
    return lambda rows: metric.resampled(truth[rows], prediction[rows])


def _resample(measure: Callable[[Array], float], rows: int, metric: Metric) -> list[float]:
    most = _MOST if metric.quick or metric.prepared else _LEAST
    repeats = int(np.clip(_WORK // max(rows, 1), _LEAST, most))
    generator = np.random.default_rng(_SEED)
    found = []
    for _ in range(repeats):
        try:
            found.append(float(measure(generator.integers(0, rows, rows))))
        except ValueError:  # a resample with one class only has no such metric
            continue
    return found


def _wald(value: float, error: float, confidence: float, least: float) -> Estimate:
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    # Not by max and min, which would make a figure of NaN.
    low, high = np.clip([value - reach, value + reach], least, 1.0)
    return Estimate(value, float(low), float(high), 0)


def _interval(value: float, drawn: list[float], confidence: float) -> Estimate:
    if len(drawn) < _LEAST // 2:
        return Estimate(value, float("nan"), float("nan"), len(drawn))
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), len(drawn))


def _strict(function: Callable[..., Any]) -> Callable[[Array, Array], float]:
    def measure(truth: Array, score: Array) -> float:
        # scikit-learn warns and gives NaN or 0 here; a gate must not take either for a figure.
        if truth.all() or not truth.any():
            raise ValueError("only one class is present")
        return float(function(truth, score))

    return measure


def _auc_of_each(truth: Array, probabilities: Array) -> float:
    """Give the mean ROC-AUC of each class that is there against the rest, of class numbers and a column a class."""
    present = np.unique(truth)
    if len(present) < 2:
        raise ValueError("only one class is present")
    return float(np.mean([ranked.roc_auc(truth == one, probabilities[:, one]) for one in present]))


def _log_loss(truth: Array, probabilities: Array) -> float:
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.mean(np.log(np.clip(chosen, 1e-15, 1.0))))
