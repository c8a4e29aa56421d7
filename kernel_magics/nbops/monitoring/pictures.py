"""The numbers behind the small picture of a column: both distributions in a few bins, or the most frequent categories."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbops.data.profile import ColumnProfile, dense

_BINS = 24
_CATEGORIES = 5


def picture(before: ColumnProfile, after: ColumnProfile) -> dict[str, Any]:
    """Give shares of both sides: ``edges`` with ``reference`` and ``current`` per bin, or ``names`` with both per category."""
    if before.kind == "number" and after.kind == "number":
        return _numbers(before, after)
    if before.kind in {"category", "boolean"}:
        return _categories(before, after)
    return {}


def _numbers(before: ColumnProfile, after: ColumnProfile) -> dict[str, Any]:
    a, middles = dense(before)
    b, _ = dense(after)
    used = (a + b) > 0
    p, q, middle = a[used].astype(float), b[used].astype(float), middles[used] + before.shift
    if not p.sum() or not q.sum():
        return {}
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


def _categories(before: ColumnProfile, after: ColumnProfile) -> dict[str, Any]:
    total = {
        name: before.categories.get(name, 0) / max(before.count, 1)
        + after.categories.get(name, 0) / max(after.count, 1)
        for name in before.categories.keys() | after.categories.keys()
    }
    names = sorted(total, key=lambda name: (-total[name], name))[:_CATEGORIES]
    return {
        "names": names,
        "reference": [round(before.categories.get(name, 0) / max(before.count, 1), 5) for name in names],
        "current": [round(after.categories.get(name, 0) / max(after.count, 1), 5) for name in names],
    }
