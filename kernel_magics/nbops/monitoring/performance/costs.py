"""What predictions have cost or gained, by a user's matrix, and what another threshold would have."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nbops.errors import UsageError
from nbops.monitoring.performance.outcomes import Outcomes, text_of

_SHORT = ("tp", "fp", "fn", "tn")
_POINTS = 101


def cost_report(found: Outcomes, costs: Mapping[Any, Any]) -> dict[str, Any]:
    """Give ``total`` and ``mean`` cost of the predictions with labels, and the threshold that would have been best.

    Parameters
    ----------
    found
        Predictions of classes.
    costs
        ``tp``, ``fp``, ``fn`` and ``tn`` (0 if not given), or ``{right: {said: cost}}``; below zero for a gain.

    Returns
    -------
    dict
        ``n``, ``total``, ``mean``, ``table`` (counts by class that is right and class that was said); of two classes with
        probabilities also ``threshold``, ``best`` (the mean cost there), ``saved`` (how much less in all) and ``curve``.

    Raises
    ------
    UsageError
        The costs do not fit the classes.
    """
    if not found.kind.is_classifier:
        raise UsageError("Costs by outcome are of models that predict classes.")
    matrix = cost_matrix(found, costs)
    held = found.labelled
    held = held.rows(np.flatnonzero((held.truth >= 0) & (held.said >= 0)))
    rows = len(held)
    classes = len(found.kind.classes)
    table = np.bincount(held.truth * classes + held.said, minlength=classes * classes).reshape(classes, classes)
    total = float((table * matrix).sum())
    report: dict[str, Any] = {
        "n": rows,
        "total": total,
        "mean": total / rows if rows else None,
        "classes": list(found.kind.classes),
        "table": table.tolist(),
    }
    if rows and held.score is not None and classes == 2:
        report |= _thresholds(held.rows(np.flatnonzero(np.isfinite(held.score))), matrix)
    return report


def cost_matrix(found: Outcomes, costs: Mapping[Any, Any]) -> Any:
    """Give the costs as a matrix by class that is right and class that was said.

    Raises
    ------
    UsageError
        They do not fit the classes, or are no numbers.
    """
    if not isinstance(costs, Mapping):
        raise UsageError(f"costs map outcomes to costs; this is a {type(costs).__name__}.", hint='{"fp": 1, "fn": 20}')
    names = found.kind.classes
    matrix = np.zeros((len(names), len(names)))
    if set(costs) <= set(_SHORT):
        if len(names) != 2:
            raise UsageError(
                f"tp, fp, fn and tn are of two classes; there are {len(names)}.", hint="Write {right: {said: cost}}."
            )
        yes, no = found.place, 1 - found.place
        for key, place in zip(_SHORT, ((yes, yes), (no, yes), (yes, no), (no, no)), strict=True):
            matrix[place] = _number(costs.get(key, 0))
        return matrix
    for right, row in costs.items():
        if not isinstance(row, Mapping):
            raise UsageError(f"There is no outcome {right!r}.", hint="Give tp, fp, fn, tn, or {right: {said: cost}}.")
        for said, cost in row.items():
            for name in (right, said):
                if text_of(name) not in names:
                    raise UsageError(f"There is no class {name!r}.", hint=f"There are {', '.join(names[:8])}.")
            matrix[names.index(text_of(right)), names.index(text_of(said))] = _number(cost)
    return matrix


def _thresholds(held: Outcomes, matrix: Any) -> dict[str, Any]:
    """Give what every threshold would have cost, of rows that all have a score; what is saved is of the same rows."""
    if not len(held):
        return {}
    yes, no = held.place, 1 - held.place
    total = float(matrix[held.truth, held.said].sum())
    order = np.argsort(-held.score, kind="stable")
    score, truth = held.score[order], held.truth[order]
    # The cost of saying yes to the first k, for every k; a threshold cannot part rows of one score.
    as_yes, as_no = matrix[truth, yes], matrix[truth, no]
    running = np.r_[0.0, np.cumsum(as_yes - as_no)] + as_no.sum()
    ends = np.r_[0, np.flatnonzero(np.r_[score[1:] != score[:-1], True]) + 1]
    cost = running[ends]
    # Just above the highest score nobody is said yes to.
    threshold = np.r_[np.nextafter(score[0], math.inf), score[ends[1:] - 1]]
    best = int(np.argmin(cost))
    chosen = np.unique(np.linspace(0, len(cost) - 1, min(_POINTS, len(cost))).astype(int))
    return {
        "threshold": float(threshold[best]),
        "best": float(cost[best]) / len(score),
        "saved": total - float(cost[best]),
        "curve": [[float(threshold[i]), float(cost[i]) / len(score)] for i in chosen],
    }


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(f"A cost must be a number, not {value!r}.")
    return float(value)
