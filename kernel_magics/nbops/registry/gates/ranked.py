"""Intervals of metrics of rank, for a million rows: DeLong's for the ROC-AUC, rows sorted once for average precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def roc_auc_error(truth: Array, score: Array, other: Array | None = None) -> float:
    """Give the standard error of an ROC-AUC, or of the difference of two on the same rows.

    DeLong's estimate, which needs no resampling: the variance of a mean over the positive rows and a mean over the
    negative rows of how many of the other class each is placed right against. Placements come from midranks, so that
    it takes O(n log n).
    Sources: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves", Biometrics 44, 1988; Sun and Xu, "Fast implementation of DeLong's algorithm for comparing
    the areas under correlated receiver operating characteristic curves", IEEE Signal Processing Letters 21, 2014.

    Parameters
    ----------
    truth
        Truth values, of shape (n,).
    score, other
        Scores of the positive class by one model and, for a difference, by another, of shape (n,).

    Returns
    -------
    float
        NaN with fewer than two rows of a class.
    """
    positive = np.asarray(truth, dtype=bool)
    if min(np.count_nonzero(positive), np.count_nonzero(~positive)) < 2:
        return math.nan
    right, wrong = _placements(positive, score)
    if other is not None:
        # Subtracted row by row: the same scores differ by exactly nothing.
        right_too, wrong_too = _placements(positive, other)
        right, wrong = right - right_too, wrong - wrong_too
    return math.sqrt(float(np.var(right, ddof=1)) / len(right) + float(np.var(wrong, ddof=1)) / len(wrong))


def roc_auc(truth: Array, score: Array) -> float:
    """Give the ROC-AUC from midranks: the share of pairs of a positive and a negative row that are in order.

    Parameters
    ----------
    truth
        Truth values, of shape (n,), both among them.
    score
        Scores of the positive class, of shape (n,).
    """
    positive = np.asarray(truth, dtype=bool)
    many, others = np.count_nonzero(positive), np.count_nonzero(~positive)
    return float((_midranks(score)[positive].sum() - many * (many + 1) / 2) / (many * others))


def average_precision_of_rows(truth: Array, score: Array) -> Callable[[Array], float]:
    """Give average precision as a function of the rows that were drawn, sorted once for all draws.

    The figure is scikit-learn's: the sum over thresholds of the gain in recall times the precision there (its user
    guide, section "Precision, recall and F-measures"); rows of one score share a threshold. A threshold without
    positives adds nothing: it is counted with the next one that has some.

    Parameters
    ----------
    truth
        Truth values, of shape (n,).
    score
        Scores of the positive class, of shape (n,).

    Returns
    -------
    Callable
        Takes the indices of the rows drawn; raises ``ValueError`` if none of them is positive.
    """
    positive = np.asarray(truth, dtype=bool)
    # Of each row, how many of the positives' different scores lie above its own: the threshold that claims it.
    thresholds = np.unique(score[positive])
    above = len(thresholds) - np.searchsorted(thresholds, score, side="right")
    places = 2 * (len(thresholds) + 1)
    place = (2 * above + positive).astype(np.int32 if places < 2**31 else np.int64)

    def measure(drawn: Array) -> float:
        counts = np.bincount(place[drawn], minlength=places).reshape(-1, 2)
        hits, claimed = counts[:, 1], np.cumsum(counts.sum(axis=1))
        true = np.cumsum(hits)
        if not true[-1]:
            raise ValueError("no positive row was drawn")
        return float(np.sum(hits * (true / np.maximum(claimed, 1))) / true[-1])

    return measure


def _placements(positive: Array, score: Array) -> tuple[Array, Array]:
    """Give for each positive row the share of negatives below it, for each negative row that of positives above it."""
    ranks = _midranks(score)
    above, below = score[positive], score[~positive]
    right = (ranks[positive] - _midranks(above)) / len(below)
    wrong = 1.0 - (ranks[~positive] - _midranks(below)) / len(above)
    return right, wrong


def _midranks(values: Array) -> Array:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)
