"""Metrics of predictions whose labels are known, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from nbops.errors import UsageError
from nbops.monitoring.performance.outcomes import Outcomes
from nbops.registry.gates.scores import Metric, estimate, metric_named

_BINARY = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
)
_CLASSES = ("accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "roc_auc_ovr", "log_loss")
_NUMBERS = ("mae", "rmse", "mse", "median_absolute_error", "r2", "mape")
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval, ``None`` where there is none; ``rows`` it was computed from and how the interval was."""

    value: float
    low: float | None
    high: float | None
    rows: int
    method: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values."""
        return asdict(self)


def metric_names(found: Outcomes) -> tuple[str, ...]:
    """Give the metrics that can be computed of such predictions, the usual first."""
    if not found.kind.is_classifier:
        return _NUMBERS
    names = _BINARY if found.kind.positive and len(found.kind.classes) <= 2 else _CLASSES
    scored = {"roc_auc", "average_precision", "log_loss", "brier", "roc_auc_ovr"}
    return tuple(name for name in names if found.scores is not None or name not in scored)


def chosen_metric(found: Outcomes, name: str | None) -> Metric:
    """Give the metric to look at; accuracy of classes and the mean absolute error of numbers by default.

    Raises
    ------
    UsageError
        There is no such metric, or it cannot be computed of these predictions.
    """
    metric = metric_named(name or ("accuracy" if found.kind.is_classifier else "mae"))
    if len(found) and metric.name not in metric_names(found):
        raise UsageError(
            f"{metric.name} cannot be computed of these predictions.",
            hint=f"Known are {', '.join(metric_names(found))}.",
        )
    return metric


def realised(found: Outcomes, metric: Metric, *, others: bool = True) -> dict[str, Figure]:
    """Give metrics of the rows with labels, by name; ``metric`` first, those that are not defined left out.

    A row without the number that a metric needs, prediction or score, is left out of it; ``rows`` of the figure says so.

    Intervals are Wilson's for shares (Wilson 1927, "Probable inference"), DeLong's for the ROC-AUC, those of the normal
    distribution for means over rows; of ``metric``, if it is none of these, by bootstrap with a fixed seed.
    """
    held = found.labelled
    # One that takes long to compute is only where it is asked for.
    more = [name for name in metric_names(found) if name != "average_precision"] if others else []
    names = dict.fromkeys([metric.name, *more])
    figures: dict[str, Figure] = {}
    if not len(held):
        return figures
    for name in names:
        figure = _figure(held, metric_named(name), bootstrap=name == metric.name)
        if figure is not None:
            figures[name] = figure
    return figures


def needed(found: Outcomes, metric: Metric) -> tuple[Any, Any]:
    """Give truth and prediction in the form that a metric needs."""
    if metric.needs in {"label", "value"}:
        return found.truth, found.said
    if metric.needs == "probabilities":
        return found.truth, found.scores
    positives = found.truth == found.place
    return positives, (found.said == found.place if metric.needs == "binary" else found.score)


def wilson(hits: float, rows: float, confidence: float = _CONFIDENCE) -> tuple[float, float]:
    """Give Wilson's interval of a share."""
    if rows <= 0:
        return (0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / rows
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    reach = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return (max(0.0, middle - reach), min(1.0, middle + reach))


def _figure(held: Outcomes, metric: Metric, *, bootstrap: bool) -> Figure | None:
    truth, said = needed(held, metric)
    finite = np.isfinite(said) if said.ndim == 1 else np.isfinite(said).all(axis=1)
    truth, said = truth[finite], said[finite]
    rows = len(truth)
    if not rows:
        return None
    try:
        with np.errstate(all="ignore"):
            if quick := _QUICK.get(metric.name):
                found = quick(truth, said)
            elif bootstrap or metric.error is not None:
                one = estimate(metric, truth, said)
                found = (one.value, one.low, one.high, "bootstrap" if one.repeats else "DeLong")
            else:
                found = (float(metric.function(truth, said)), None, None, "")
    except ValueError:  # one class only, or scores that are no probabilities
        return None
    value, low, high, method = found
    if not math.isfinite(value):
        return None
    return Figure(value, _finite(low), _finite(high), rows, method)


_Found = tuple[float, float | None, float | None, str]


def _share(hits: Any, rows: Any) -> _Found:
    if not rows:
        raise ValueError("no rows")
    return (float(hits / rows), *wilson(float(hits), float(rows)), "Wilson")


def _mean(values: Any, finish: Callable[[float], float] = float) -> _Found:
    value = float(np.mean(values))
    reach = (
        NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
        if len(values) > 1
        else math.nan
    )
    return (finish(value), finish(max(0.0, value - reach)), finish(value + reach), "normal")


def _balanced(truth: Any, said: Any) -> _Found:
    shares, variance = [], 0.0
    for one in np.unique(truth):
        rows = truth == one
        share = float(np.mean(said[rows] == one))
        shares.append(share)
        variance += share * (1 - share) / rows.sum()
    value = float(np.mean(shares))
    reach = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) * math.sqrt(variance) / len(shares)
    return (value, max(0.0, value - reach), min(1.0, value + reach), "normal")


def _log_loss(truth: Any, scores: Any) -> _Found:
    chosen = scores[np.arange(len(truth)), truth]
    return _mean(-np.log(np.clip(chosen, 1e-15, 1.0)))


_QUICK: dict[str, Callable[[Any, Any], _Found]] = {
    "accuracy": lambda y, p: _share(np.sum(y == p), len(y)),
    "precision": lambda y, p: _share(np.sum(y & p), np.sum(p)),
    "recall": lambda y, p: _share(np.sum(y & p), np.sum(y)),
    "balanced_accuracy": _balanced,
    "log_loss": _log_loss,
    "brier": lambda y, p: _mean((p - y) ** 2),
    "mae": lambda y, p: _mean(np.abs(y - p)),
    "mse": lambda y, p: _mean((y - p) ** 2),
    "rmse": lambda y, p: _mean((y - p) ** 2, math.sqrt),
}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def mean_of(values: Sequence[float]) -> float | None:
    """Give the mean, ``None`` of nothing."""
    return float(np.mean(values)) if len(values) else None
