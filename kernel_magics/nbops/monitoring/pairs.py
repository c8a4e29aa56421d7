"""How far two profiles of a column are apart, as one effect and one p-value: what windows and segments ask for many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import special

from nbops.data import histogram
from nbops.data.profile import ColumnProfile
from nbops.monitoring import comparing, statistics
from nbops.monitoring.pairing import paired
from nbops.monitoring.thresholds import Minimum


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison found.

    ``effect`` is the KS distance (numbers) or total variation beyond chance, 0 to 1; ``p`` the p-value of no change at all;
    ``floor`` what the calendar alone makes of the effect. ``tests`` has all tests by name where more than one was made, as
    :class:`nbops.monitoring.comparing.Comparison` has them, and ``values`` which of them are of values.
    """

    effect: float
    p: float
    floor: float = 0.0
    tests: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    values: frozenset[str] = frozenset()


def compared(before: ColumnProfile, after: ColumnProfile) -> Found | None:
    """Compare two profiles of a column; nothing where a side has no value or they cannot be compared.

    Marks for missing values are taken out, and values are compared as values, as the report of the whole does it; of its tests
    those that are quick: KS and chi-square. Of a column with aspects the aspect that changed most significantly counts, its
    p-value times their number (Bonferroni).
    """
    if before.kind != after.kind or before.sentinels or after.sentinels:
        pair = paired(before.name, before, after)
        if pair.mismatch or pair.why_not or pair.before is None or pair.after is None:
            return None
        before, after = pair.before, pair.after
    if before.kind != after.kind or before.shift != after.shift:
        return None
    if before.aspects and after.aspects:
        return _aspects(before, after)
    if before.kind == "number":
        return _numbers(before, after)
    if before.kind in {"category", "boolean"} and before.count and after.count:
        found = statistics.categorical(before, after)
        return Found(found["tv_beyond_chance"], found["chi2_p"])
    return None


def least(before: ColumnProfile, found: Found | None, minimum: Minimum) -> float:
    """Give the smallest effect of a column that counts, as the report of the whole has it."""
    one = comparing.Comparison(pair=paired(before.name, before, before), floor=0.0 if found is None else found.floor)
    return minimum.of(one)


def limit(before: ColumnProfile, after: ColumnProfile, level: float) -> float:
    """Give about the smallest effect that is significant at ``level`` for two profiles of these sizes.

    Numbers: the quantile of Kolmogorov's distribution. Categories: the quantile of the total variation of two samples of one
    population, as if categories were independent normals, less its mean in squares, as the effect is.
    """
    n, m = before.count - before.infinite, after.count - after.infinite
    if min(n, m) <= 0:
        return 1.0
    if before.kind == "number":
        return float(min(1.0, special.kolmogi(level) * np.sqrt((n + m) / (n * m))))
    counts = np.array([*before.categories.values(), before.rest], float)
    shares = counts / max(counts.sum(), 1.0)
    spread = np.sqrt(shares * (1 - shares) * (1 / n + 1 / m))
    mean = np.sqrt(2 / np.pi) * spread.sum() / 2
    deviation = np.sqrt((1 - 2 / np.pi) * (spread**2).sum()) / 2
    # Of two categories the one rises as the other falls.
    most = max(mean + special.ndtri(1 - level) * deviation, special.ndtri(1 - level / 2) * spread.max())
    return float(min(1.0, np.sqrt(max(0.0, most * most - mean * mean))))


def pooled(columns: Sequence[ColumnProfile]) -> ColumnProfile:
    """Give the profile of several windows of a column together, as far as :func:`compared` needs it; quicker than merging."""
    first = columns[0]
    if len(columns) == 1:
        return first
    counts: Counter[str] = Counter()
    marks: Counter[str] = Counter()
    for column in columns:
        counts.update(column.categories)
        marks.update(column.sentinels)
    return replace(
        first,
        rows=sum(column.rows for column in columns),
        nulls=sum(column.nulls for column in columns),
        infinite=sum(column.infinite for column in columns),
        histogram=_summed(columns),
        categories=dict(counts),
        sentinels=dict(marks),
        minimum=min((one.minimum for one in columns if one.minimum is not None), default=None),
        maximum=max((one.maximum for one in columns if one.maximum is not None), default=None),
        rest=sum(column.rest for column in columns),
        aspects=tuple(
            pooled([other for column in columns for other in column.aspects if other.name == aspect.name])
            for aspect in first.aspects
        ),
    )


def _summed(columns: Sequence[ColumnProfile]) -> histogram.Histogram:
    bins = np.concatenate([column.histogram.bins for column in columns])
    counts = np.concatenate([column.histogram.counts for column in columns])
    used, where = np.unique(bins, return_inverse=True)
    # Counts are whole numbers far below 2**53, so that sums of floats are exact.
    found = np.bincount(where, counts, len(used)).astype(np.int64) if len(used) else counts
    return histogram.Histogram(used, found)


def _numbers(before: ColumnProfile, after: ColumnProfile) -> Found | None:
    (places, left), (others, right) = _steps(before), _steps(after)
    if not len(places) or not len(others):
        return None
    n, m = float(left[-1]), float(right[-1])
    # The distance is largest at a step of one of the two.
    here = np.append(0, right)[np.searchsorted(others, places, "right")]
    there = np.append(0, left)[np.searchsorted(places, others, "right")]
    ks = float(max(np.abs(left / n - here / m).max(), np.abs(there / n - right / m).max()))
    return Found(ks, float(special.kolmogorov(ks * np.sqrt(n * m / (n + m)))))


def _steps(column: ColumnProfile) -> tuple[Any, Any]:
    """Give the places of the bins of finite numbers, ascending, and how many numbers lie up to each."""
    counts, places = column.histogram.counts, histogram.places()[column.histogram.bins]
    order = np.argsort(places)
    order = order[places[order] >= 0]
    return places[order], np.cumsum(counts[order])


def _aspects(before: ColumnProfile, after: ColumnProfile) -> Found | None:
    found = comparing.compared(paired(before.name, before, after)).aspects
    told = [
        (min(one.tests[name][0] / max(one.tests[name][1], 1e-9) for name in one.value_tests), one)
        for one in found
        if one.value_tests and one.effect is not None
    ]
    if not told:
        return None
    p, worst = min(told, key=lambda pair: (pair[0], -(pair[1].effect or 0.0)))
    return Found(worst.effect or 0.0, min(1.0, p), worst.floor)
