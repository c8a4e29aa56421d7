"""How likely chance alone is to make so large a difference, from counts of both sides."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
from scipy import special

from nbops.monitoring.counts import Counts

Key = TypeVar("Key", bound=Hashable)

POOLED_BELOW = 5.0


def share_test(hits: float, rows: float, other_hits: float, other_rows: float) -> float:
    """Give the two-sided p-value that two shares are equal.

    Pooled two-sample z-test; Fisher's exact test (1922) where fewer than 5 rows of a kind are expected on a side.
    """
    if not rows or not other_rows:
        return 1.0
    pooled = (hits + other_hits) / (rows + other_rows)
    if pooled <= 0 or pooled >= 1:
        return 1.0
    if min(pooled, 1 - pooled) * min(rows, other_rows) < POOLED_BELOW:
        return fisher(hits, rows, other_hits, other_rows)
    error = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows))
    return float(2 * special.ndtr(-abs(hits / rows - other_hits / other_rows) / error))


def fisher(hits: float, rows: float, other_hits: float, other_rows: float) -> float:
    """Give the two-sided p-value of Fisher's exact test, as ``scipy.stats.fisher_exact``; shares are rounded to rows."""
    k, n, other, m = (round(value) for value in (hits, rows, other_hits, other_rows))
    total = k + other
    # Both tails are long where nearly all are hits; the misses tell the same.
    if total > (n + m) / 2:
        k, total = n - k, n + m - total
    x = np.arange(max(0, total - m), min(total, n) + 1)
    weights = _choose(n, x) + _choose(m, total - x)
    chances = np.exp(weights - special.logsumexp(weights))
    return float(min(1.0, chances[chances <= chances[k - x[0]] * (1 + 1e-7)].sum()))


def _choose(n: Any, k: Any) -> Any:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def kolmogorov(distance: float, n: float, m: float) -> float:
    """Give the asymptotic p-value of a KS distance (Kolmogorov 1933, Smirnov 1939); cautious where values are tied."""
    return float(special.kolmogorov(distance * np.sqrt(n * m / (n + m))))


def rank_tests(p: Counts, q: Counts) -> tuple[float, float]:
    """Give the p-values that both sides rank alike, and that they are spread alike, from counts in ascending order.

    The first is the test of Wilcoxon (1945), Mann and Whitney (1947), with their variance under permutation, exact for ties;
    the second that of Mood (1954), squared ranks. Where hardly a row differs from the most frequent value, the share of
    those that do is tested instead.
    """
    t = p + q
    rows = t.sum()
    usual = int(t.argmax())
    expected = (rows - t[usual]) * min(p.sum(), q.sum()) / rows
    if expected < 2 * POOLED_BELOW:
        return share_test(p.sum() - p[usual], p.sum(), q.sum() - q[usual], q.sum()), 1.0
    ranks = (np.cumsum(t) - t / 2) / rows - 0.5
    return _permuted(ranks, t, q), _permuted(ranks * ranks, t, q)


def _permuted(scores: Counts, t: Counts, q: Counts) -> float:
    rows, m = t.sum(), q.sum()
    scores = scores - (t * scores).sum() / rows
    variance = m * (rows - m) / rows / (rows - 1) * (t * scores * scores).sum()
    # Scores that are all alike differ by rounding only.
    return float(2 * special.ndtr(-abs((q * scores).sum()) / np.sqrt(variance))) if variance > 1e-9 else 1.0


def range_test(p: Counts, q: Counts) -> float:
    """Give the p-value that so many current numbers lie beyond the largest, or the smallest, of the reference.

    Counts are in ascending order. Exact where no rows are alike: the probability that the ``k`` largest of all rows are all
    current ones (Wilks 1942, the exceedances), for both ends (Bonferroni).
    """
    used = np.flatnonzero(p)
    if not len(used) or not q.sum():
        return 1.0
    beyond = max(q[: used[0]].sum(), q[used[-1] + 1 :].sum())
    return float(min(1.0, 2 * np.exp(_all_of_one_side(np.array([beyond]), q.sum(), p.sum())[0])))


def novelty_test(p: Counts, q: Counts) -> float:
    """Give the p-value of the categories that only the second side has.

    With the rows of both sides shuffled, a category of ``t`` rows falls to the second side whole with the probability of
    drawing them without replacement. Judged are the most frequent such category, by the sum of this over all categories at
    least as frequent, and the number of such categories, by Poisson's distribution, which bounds it; the smaller counts
    twice (Bonferroni). So rare words that are new because they are rare raise no alarm.
    """
    fresh = (p == 0) & (q > 0)
    if not fresh.any():
        return 1.0
    t = p + q
    t = t[t > 0]
    whole = np.exp(_all_of_one_side(t, q.sum(), p.sum()))
    one = whole[t >= q[fresh].max()].sum()
    many = special.pdtrc(fresh.sum() - 1, whole.sum())
    return float(min(1.0, 2 * min(one, many)))


def _all_of_one_side(t: Counts, rows: float, other_rows: float) -> Counts:
    """Give the logarithm of the probability that ``t`` rows drawn from both are all of the first."""
    within = np.minimum(t, rows)
    found = (
        special.gammaln(rows + 1)
        - special.gammaln(rows - within + 1)
        - special.gammaln(rows + other_rows + 1)
        + special.gammaln(rows + other_rows - within + 1)
    )
    return np.where(t <= rows, found, -np.inf)


def holm(values: Mapping[Key, float], alpha: float) -> set[Key]:
    """Give the keys whose p-values are rejected at a family-wise error rate of ``alpha`` (Holm 1979)."""
    adjusted = weighted_holm({key: (p, 1.0) for key, p in values.items()})
    return {key for key, p in adjusted.items() if p <= alpha}


def weighted_holm(tests: Mapping[Key, tuple[float, float]]) -> dict[Key, float]:
    """Give Holm's adjusted p-values of tests that have weights (Holm 1979, section 4).

    Parameters
    ----------
    tests
        By key the p-value and a weight above 0. What is adjusted to at most ``alpha`` is rejected at a family-wise error rate
        of ``alpha``.
    """
    left = sum(weight for _, weight in tests.values())
    adjusted: dict[Key, float] = {}
    highest = 0.0
    for key, (p, weight) in sorted(tests.items(), key=lambda item: item[1][0] / item[1][1]):
        highest = max(highest, min(1.0, p / weight * left))
        adjusted[key] = highest
        left -= weight
    return adjusted
