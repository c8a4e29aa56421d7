"""The numbers behind the small picture of a column: both distributions in a few bins, or the most frequent categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbops.data.profile import ColumnProfile
from nbops.monitoring.counts import Counts, paired_categories, paired_numbers
from nbops.redaction import redacted_cells

_BINS = 24
_CATEGORIES = 5


def picture(
    before: ColumnProfile,
    after: ColumnProfile,
    numbers: tuple[Counts, Counts, Counts] | None = None,
    categories: tuple[list[str], Counts, Counts] | None = None,
) -> dict[str, Any]:
    """Give shares of both sides: ``edges`` with ``reference`` and ``current`` per bin, or ``names`` with both per category.

    ``numbers`` or ``categories`` are the counts where they are already paired.
    """
    if before.kind == "number" and after.kind == "number":
        return _numbers(before, *(numbers or paired_numbers(before, after)))
    if before.kind in {"category", "boolean"}:
        return _categories(before.name, *(categories or paired_categories(before, after)))
    return {}


def _numbers(before: ColumnProfile, p: Counts, q: Counts, middle: Counts) -> dict[str, Any]:
    if not p.sum() or not q.sum():
        return {}
    middle = middle + before.shift
    # A few far values must not squeeze all others into one bar.
    low = min(_at(middle, p, 0.005), _at(middle, q, 0.005))
    high = max(_at(middle, p, 0.995), _at(middle, q, 0.995))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    place = np.clip(((middle - low) / (high - low) * _BINS).astype(int), 0, _BINS - 1)
    shares = [np.bincount(place, counts, _BINS) / counts.sum() for counts in (p, q)]
    return {
        "edges": [float(f"{low:.6g}"), float(f"{high:.6g}")],
        "reference": [round(float(v), 5) for v in shares[0]],
        "current": [round(float(v), 5) for v in shares[1]],
    }


def _at(middle: Any, counts: Any, share: float) -> float:
    return float(middle[min(int(np.searchsorted(np.cumsum(counts), share * counts.sum())), len(middle) - 1)])


def _categories(column: str, names: list[str], p: Counts, q: Counts) -> dict[str, Any]:
    shares = p[:-1] / max(p.sum(), 1), q[:-1] / max(q.sum(), 1)
    total = shares[0] + shares[1]
    # Equally frequent ones by name, so that a picture does not depend on the order of rows.
    first = np.argsort(-total, kind="stable")[:_CATEGORIES]
    least = total[first[-1]] if len(first) else 0.0
    shown = sorted(np.flatnonzero(total >= least), key=lambda i: (-total[i], names[i]))[:_CATEGORIES]
    return {
        "names": redacted_cells(column, [names[i] for i in shown]),
        "reference": [round(float(shares[0][i]), 5) for i in shown],
        "current": [round(float(shares[1][i]), 5) for i in shown],
    }
