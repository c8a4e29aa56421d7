"""Whether labels arrive for some outputs more than for others, which makes what is realised a figure of those."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from nbops.monitoring.performance.outcomes import Outcomes

# A difference in the labelled share that is smaller is not worth a word, however sure it is.
_LEAST, _SURE, _ROWS = 0.1, 0.001, 20


def arrival(found: Outcomes) -> dict[str, Any]:
    """Give the share of labels by output: ``groups``, ``selective``, and a ``sentence`` where it is.

    It is called selective where the shares differ by a tenth or more and a chi-square test finds that beyond chance. For classes
    ``reweighted_accuracy`` is the accuracy with each output weighted as among all predictions.
    """
    groups = [(name, rows) for name, rows in _groups(found) if len(rows) >= _ROWS]
    shares = [float(found.known[rows].mean()) for _, rows in groups]
    table = [
        {"output": name, "n": len(rows), "share": share} for (name, rows), share in zip(groups, shares, strict=True)
    ]
    if len(groups) < 2 or not 0 < found.known.mean() < 1:
        return {"groups": table, "selective": False, "sentence": ""}
    from scipy.stats import chi2_contingency

    counts = np.array([[found.known[rows].sum(), (~found.known[rows]).sum()] for _, rows in groups])
    p = float(chi2_contingency(counts).pvalue)
    low, high = int(np.argmin(shares)), int(np.argmax(shares))
    selective = p < _SURE and shares[high] - shares[low] >= _LEAST
    sentence = (
        f"Labels arrive for {shares[high]:.0%} of predictions of {groups[high][0]} and for {shares[low]:.0%} of {groups[low][0]}: "
        "what is realised is not that of all predictions."
    )
    return {
        "groups": table,
        "selective": selective,
        "p": p,
        "sentence": sentence if selective else "",
        "reweighted_accuracy": _reweighted(found) if found.kind.is_classifier else None,
    }


def _groups(found: Outcomes) -> list[tuple[str, Any]]:
    if found.kind.is_classifier:
        return [(name, np.flatnonzero(found.said == place)) for place, name in enumerate(found.kind.classes)]
    finite = found.said[np.isfinite(found.said)]
    if not len(finite):
        return []
    edges = np.unique(np.quantile(finite, [0, 0.25, 0.5, 0.75, 1]))
    pairs = pairwise(edges)
    return [
        (f"{low:g} to {high:g}", np.flatnonzero((found.said >= low) & ((found.said < high) | (high == edges[-1]))))
        for low, high in pairs
    ]


def _reweighted(found: Outcomes) -> float | None:
    total = covered = 0.0
    for place in range(len(found.kind.classes)):
        rows = found.said == place
        held = rows & found.known
        if held.any():
            weight = float(rows.mean())
            covered += weight
            total += weight * float(np.mean(found.truth[held] == place))
    return total / covered if covered else None
