"""What a classifier's performance must be if its calibrated probabilities are right, before any label has arrived.

Probabilities are calibrated on earlier predictions of the same version whose labels are known (isotonic regression), and a
metric is taken in expectation over them. Source: NannyML's "confidence-based performance estimation"; for accuracy also
Guillory et al. 2021 and Garg et al. 2022, "Leveraging unlabeled data to predict out-of-distribution performance". It sees a
change in the inputs, and is blind to one in what the inputs mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from nbops.monitoring.performance.outcomes import Outcomes
from nbops.monitoring.performance.realised import Figure, metric_names, needed
from nbops.registry.gates.scores import Metric

METHOD = "calibrated confidence"
_Z = NormalDist().inv_cdf(0.975)
_SEED = 20240229
# Rows times draws of labels that an interval may take.
_WORK, _DRAWS = 10_000_000, 200


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Turns the scores of a model into probabilities of the classes: a curve for each, fitted on so many ``rows``."""

    curves: tuple[Any, ...]
    rows: int

    def __call__(self, scores: Any) -> Any:
        """Give probabilities of shape (n, classes) whose rows add up to one."""
        if len(self.curves) == 1:
            second = self.curves[0].predict(scores[:, 1])
            return np.column_stack([1 - second, second])
        each = np.column_stack([curve.predict(scores[:, place]) for place, curve in enumerate(self.curves)])
        total = each.sum(axis=1, keepdims=True)
        return np.where(total > 0, each / np.where(total > 0, total, 1), 1 / each.shape[1])


def calibrated(labelled: Outcomes) -> Calibrated:
    """Fit the curves on rows with labels and finite scores."""
    from sklearn.isotonic import IsotonicRegression

    places = [1] if len(labelled.kind.classes) == 2 else range(len(labelled.kind.classes))
    return Calibrated(
        tuple(
            IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(
                labelled.scores[:, place], (labelled.truth == place).astype(float)
            )
            for place in places
        ),
        len(labelled),
    )


def expected(found: Outcomes, curves: Calibrated, metric: Metric) -> dict[str, Figure]:
    """Give metrics in expectation over the labels, by name; of ``metric`` with the interval in which the realised one will lie."""
    usable = found.rows(np.flatnonzero(np.isfinite(found.scores).all(axis=1) & (found.said >= 0)))
    if not len(usable):
        return {}
    probabilities = curves(usable.scores)
    figures = {}
    for name in dict.fromkeys([metric.name, *metric_names(found)]):
        value = _value(name, usable, probabilities)
        if value is not None and math.isfinite(value):
            low = high = None
            if name == metric.name and (reach := _reach(metric, usable, probabilities)) is not None:
                # Those that the curves were fitted on are a sample too.
                reach *= math.sqrt(1 + len(usable) / curves.rows)
                low, high = value - reach, value + reach
                low, high = (max(0.0, low), min(1.0, high)) if name == "accuracy" else (low, high)
            figures[name] = Figure(value, low, high, len(usable), METHOD)
    return figures


def _value(name: str, found: Outcomes, probabilities: Any) -> float | None:
    rows, classes = probabilities.shape
    # How many are expected of each class, by the class that was said.
    table = np.stack([np.bincount(found.said, probabilities[:, place], classes) for place in range(classes)])
    right = np.diag(table)
    with np.errstate(all="ignore"):
        recall, precision = right / table.sum(axis=1), right / table.sum(axis=0)
        f1 = 2 * right / (table.sum(axis=1) + table.sum(axis=0))
    if name == "accuracy":
        return float(right.sum() / rows)
    if name in {"balanced_accuracy", "recall_macro"}:
        return float(np.nanmean(recall))
    if name == "precision_macro":
        return float(np.nanmean(np.nan_to_num(precision)))
    if name == "f1_macro":
        return float(np.nanmean(f1))
    if name == "log_loss":
        return float(-np.sum(probabilities * np.log(np.clip(found.scores, 1e-15, 1))) / rows)
    if not found.kind.positive:
        return None
    place = found.place
    if name in {"recall", "precision", "f1"}:
        return float({"recall": recall, "precision": precision, "f1": f1}[name][place])
    positive, score = probabilities[:, place], found.score
    if name == "brier":
        return float(np.mean(positive * (1 - score) ** 2 + (1 - positive) * score**2))
    return _auc(positive, score) if name == "roc_auc" else None


def _auc(positive: Any, score: Any) -> float:
    """Give the expected share of pairs in order: over all pairs of rows, weighted by being of different classes."""
    order = np.argsort(score, kind="stable")
    p, s = positive[order], score[order]
    begins = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    group = np.cumsum(np.r_[True, s[1:] != s[:-1]]) - 1
    ones, zeros = np.add.reduceat(p, begins), np.add.reduceat(1 - p, begins)
    below = np.r_[0.0, np.cumsum(zeros)[:-1]]
    # A row is in no pair with itself.
    own = np.bincount(group, p * (1 - p))
    ordered = float(np.sum(ones * below) + 0.5 * np.sum(ones * zeros - own))
    pairs = float(p.sum() * (1 - p).sum() - np.sum(p * (1 - p)))
    return ordered / pairs if pairs > 0 else math.nan


def _reach(metric: Metric, found: Outcomes, probabilities: Any) -> float | None:
    """Give how far the realised value will lie from the expected one, at most, in 95 of 100 cases."""
    rows = len(found)
    if metric.name == "accuracy":
        sure = probabilities[np.arange(rows), found.said]
        return _Z * math.sqrt(float(np.sum(sure * (1 - sure)))) / rows
    generator = np.random.default_rng(_SEED)
    edges = np.cumsum(probabilities, axis=1)
    drawn = []
    for _ in range(int(np.clip(_WORK // rows, 20, _DRAWS))):
        truth = (generator.random((rows, 1)) > edges).sum(axis=1).clip(0, edges.shape[1] - 1)
        one = Outcomes(found.kind, truth, found.said, np.ones(rows, bool), found.scores)
        try:
            drawn.append(float(metric.resampled(*needed(one, metric))))
        except ValueError:
            continue
    if len(drawn) < 10:
        return None
    return _Z * float(np.std(drawn, ddof=1))
