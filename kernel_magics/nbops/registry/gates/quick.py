"""Metrics for resampling: the same figures as scikit-learn's, without what its checks cost a thousand times over.

The figure that is shown comes from scikit-learn; these give its interval. A test keeps both equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Measure = Callable[[Array, Array], float]


def mean_of(loss: Measure | Callable[[Array, Array], Array]) -> Measure:
    """Give the mean of a loss a row."""
    return lambda truth, said: float(np.mean(loss(truth, said)))


def binary(which: str) -> Measure:
    """Give precision, recall or F1 of truth values; 0 where a share has no rows, as ``zero_division=0`` says."""

    def measure(truth: Array, said: Array) -> float:
        both = float(np.count_nonzero(truth & said))
        claimed, true = float(np.count_nonzero(said)), float(np.count_nonzero(truth))
        below = {"precision": claimed, "recall": true, "f1": (claimed + true) / 2}[which]
        return both / below if below else 0.0

    return measure


def macro(which: str) -> Measure:
    """Give precision, recall or F1 averaged over the classes that truth or prediction have."""

    def measure(truth: Array, said: Array) -> float:
        codes = np.unique(np.concatenate([truth, said]), return_inverse=True)[1]
        actual, claimed = codes[: len(truth)], codes[len(truth) :]
        count = int(codes.max()) + 1
        hits = np.bincount(actual[actual == claimed], minlength=count).astype(float)
        rows, claims = np.bincount(actual, minlength=count), np.bincount(claimed, minlength=count)
        below = {"precision": claims, "recall": rows, "f1": (rows + claims) / 2}[which]
        return float(np.mean(np.divide(hits, below, out=np.zeros(count), where=below > 0)))

    return measure


def balanced_accuracy(truth: Array, said: Array) -> float:
    """Give the mean recall over the classes that are there."""
    classes, actual = np.unique(truth, return_inverse=True)
    hits = np.bincount(actual[truth == said], minlength=len(classes))
    return float(np.mean(hits / np.bincount(actual)))


def r2(truth: Array, said: Array) -> float:
    """Give the coefficient of determination.

    Raises
    ------
    ValueError
        All true values are the same.
    """
    spread = float(np.sum((truth - truth.mean()) ** 2))
    if spread == 0:
        raise ValueError("all true values are the same")
    return 1.0 - float(np.sum((truth - said) ** 2)) / spread
