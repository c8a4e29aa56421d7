"""Statistics of two profiles of one column. Each is computed from counts alone; scipy's values are the truth they are tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from nbops.data.profile import ColumnProfile
from nbops.monitoring.counts import Counts, paired_categories, paired_numbers
from nbops.monitoring.edges import distance_at_ends
from nbops.monitoring.significance import (
    POOLED_BELOW,
    fisher,
    holm,
    kolmogorov,
    novelty_test,
    range_test,
    rank_tests,
    share_test,
)

__all__ = ["categorical", "holm", "numeric", "range_test", "share_test"]

_MOST_TESTED = 50


def numeric(
    reference: ColumnProfile, current: ColumnProfile, counts: tuple[Counts, Counts, Counts] | None = None
) -> dict[str, float]:
    """Compare two profiles of a number that share their shift; ``counts`` where they are already paired.

    Returns
    -------
    dict
        ``ks``: largest distance of the empirical distribution functions (as ``scipy.stats.ks_2samp``), 0 to 1.
        ``ks_p``: its asymptotic p-value (Kolmogorov 1933, Smirnov 1939). ``rank_p``, ``spread_p``: those of the tests of
        Mann and Whitney (as ``scipy.stats.mannwhitneyu``, without continuity) and of Mood. ``range_p``: that so many lie
        out of the reference's range.
        ``wasserstein``: first Wasserstein distance in standard deviations of the reference
        (as ``scipy.stats.wasserstein_distance``).
        ``energy``: energy distance of the values in such standard deviations (as ``scipy.stats.energy_distance``).
        ``psi``: population stability index over the reference's deciles, half a row added to each bin (Siddiqi 2006).
        ``psi_critical``: what it exceeds by chance once in a hundred, (1/n + 1/m) times the chi-square quantile
        (Yurdakul and Naranjo 2020).
        ``jensen_shannon``: Jensen-Shannon distance over the same bins, base 2, 0 to 1.
        ``hellinger``: Hellinger distance over the same bins, 0 to 1.
        ``mean_shift``: difference of the means in standard deviations of the reference.
        ``spread``: ratio of the standard deviations.
    """
    p, q, middle = counts or paired_numbers(reference, current)
    n, m = p.sum(), q.sum()
    distance = np.abs(np.cumsum(p) / n - np.cumsum(q) / m)
    ks = max(float(distance.max()), distance_at_ends(p, q, middle, reference, current))
    deviation = reference.deviation or 0.0
    # A constant reference has no scale of its own; its distance is told in the unit of the column.
    scale = deviation if deviation > 0 else 1.0
    gaps = np.diff(middle) / scale
    rank_p, spread_p = rank_tests(p, q)
    return {
        "ks": ks,
        "ks_p": kolmogorov(ks, n, m),
        "rank_p": rank_p,
        "spread_p": spread_p,
        "range_p": range_test(p, q),
        "wasserstein": float((distance[:-1] * gaps).sum()),
        "energy": float(np.sqrt(2 * (distance[:-1] ** 2 * gaps).sum())),
        **_binned(*_decile_bins(p, q)),
        "mean_shift": ((current.mean or 0.0) - (reference.mean or 0.0)) / scale,
        "spread": (current.deviation or 0.0) / scale,
    }


def categorical(
    reference: ColumnProfile, current: ColumnProfile, counts: tuple[list[str], Counts, Counts] | None = None
) -> dict[str, float]:
    """Compare two profiles of a category; ``counts`` where they are already paired.

    Returns
    -------
    dict
        ``tv``: total variation distance, 0 to 1. ``linf``: the largest change of one category's share. ``chi2``,
        ``chi2_p``: two-sample chi-square test (Pearson; as ``scipy.stats.chi2_contingency`` without correction) after
        categories with an expected count below 5, and all beyond the 50 most frequent, are pooled; where what was pooled is
        still below 5, it is judged by Fisher's exact test (1922) and the rest by chi-square, and the smaller p-value counts
        twice (Bonferroni). ``cramers_v``: its effect size (Cramér 1946). ``tv_beyond_chance``: total variation of the pooled
        categories less, in squares, what samples of this size show of it by chance. ``psi``, ``psi_critical``,
        ``jensen_shannon``, ``hellinger``: as for numbers, a bin per category. ``new``, ``gone``: share of rows in categories
        that only the current data, only the reference has; ``new_p``, ``gone_p`` their p-values.
    """
    _, p, q = counts or paired_categories(reference, current)
    n, m = p.sum(), q.sum()
    pooled = _pool(p, q)
    chi2, freedom = _chi_square(*pooled)
    # What is not counted by name may hold any category.
    known = not reference.rest, not current.rest
    return {
        "tv": float(np.abs(p / n - q / m).sum() / 2),
        "tv_beyond_chance": _beyond_chance(*pooled),
        "linf": float(np.abs(p[:-1] / n - q[:-1] / m).max(initial=0.0)),
        "chi2": chi2,
        "chi2_p": _categories_p(p, q, chi2, freedom),
        "cramers_v": float(np.sqrt(chi2 / (n + m))),
        **_binned(*pooled),
        "new": float(q[:-1][p[:-1] == 0].sum() / m) if known[0] else 0.0,
        "new_p": novelty_test(p[:-1], q[:-1]) if known[0] else 1.0,
        "gone": float(p[:-1][q[:-1] == 0].sum() / n) if known[1] else 0.0,
        "gone_p": novelty_test(q[:-1], p[:-1]) if known[1] else 1.0,
    }


def variation_by_chance(p: Counts, q: Counts) -> float:
    """Give the total variation that samples of these sizes show on average when nothing has changed.

    The rows of a category fall to either side by chance (binomial), and the mean absolute deviation of that is De Moivre's
    (1730; Diaconis and Zabell 1991), less what the sizes of both sides, being given, take from it (the correction of sampling
    without replacement). Of many rare categories it is large: of rows that are all different it is 1.
    """
    n, m = p.sum(), q.sum()
    t = np.round((p + q)[(p + q) > 0])
    a = n / (n + m)
    v = np.minimum(np.floor(t * a) + 1, t)
    ways = special.gammaln(t + 1) - special.gammaln(v + 1) - special.gammaln(t - v + 1)
    deviation = 2 * v * (1 - a) * np.exp(ways + v * np.log(a) + (t - v) * np.log1p(-a))
    given = np.sqrt(np.maximum(n + m - t, 0.0) / max(n + m - 1, 1.0))
    return float(min(1.0, (1 / n + 1 / m) * (deviation * given).sum() / 2))


def table_p(p: Counts, q: Counts) -> float:
    """Give the p-value of chi-square of counts of both sides, as :func:`categorical` has it."""
    return _categories_p(p, q, *_chi_square(*_pool(p, q)))


def number_effect(p: Counts, q: Counts) -> float:
    """Give the KS distance of counts of both sides, ascending."""
    return float(np.abs(np.cumsum(p) / p.sum() - np.cumsum(q) / q.sum()).max())


def category_effect(p: Counts, q: Counts) -> float:
    """Give the total variation beyond chance of counts of both sides."""
    return _beyond_chance(*_pool(p, q))


def _decile_bins(p: Counts, q: Counts) -> tuple[Counts, Counts]:
    share = np.cumsum(p) / p.sum()
    cuts = np.unique(np.searchsorted(share, np.arange(1, 10) / 10 - 1e-12))
    group = np.searchsorted(cuts, np.arange(len(p)), "left")
    size = len(cuts) + 1
    return np.bincount(group, p, size).astype(float), np.bincount(group, q, size).astype(float)


def _binned(p: Counts, q: Counts) -> dict[str, float]:
    # Half a row added to a bin that both leave empty would be a difference that is not there.
    p, q = p[(p + q) > 0], q[(p + q) > 0]
    n, m, k = p.sum(), q.sum(), len(p)
    a, b = (p + 0.5) / (n + k / 2), (q + 0.5) / (m + k / 2)
    middle = (a + b) / 2
    divergence = ((a * np.log2(a / middle)).sum() + (b * np.log2(b / middle)).sum()) / 2
    return {
        "psi": float(((a - b) * np.log(a / b)).sum()),
        "psi_critical": float((1 / n + 1 / m) * special.chdtri(k - 1, 0.01)) if k > 1 else 0.0,
        "jensen_shannon": float(np.sqrt(max(0.0, divergence))),
        "hellinger": float(np.sqrt(((np.sqrt(a) - np.sqrt(b)) ** 2).sum() / 2)),
    }


def _beyond_chance(p: Counts, q: Counts) -> float:
    n, m = p.sum(), q.sum()
    share = (p + q) / (n + m)
    # The mean of a normal variable's size is its deviation times the root of 2/pi.
    chance = np.sqrt(share * (1 - share) * (1 / n + 1 / m) * 2 / np.pi).sum() / 2
    found = np.abs(p / n - q / m).sum() / 2
    return float(np.sqrt(max(0.0, found * found - chance * chance)))


def _categories_p(p: Counts, q: Counts, chi2: float, freedom: int) -> float:
    """Give the p-value of the pooled table, whose rest may be too small for the chi-square distribution."""
    n, m = p.sum(), q.sum()
    keep = _kept(p, q)
    rest = p.sum() - p[keep].sum(), q.sum() - q[keep].sum()
    if not freedom:
        return 1.0
    if sum(rest) == 0 or sum(rest) * min(n, m) / (n + m) >= POOLED_BELOW:
        return float(special.chdtrc(freedom, chi2))
    rare = fisher(rest[0], n, rest[1], m)
    if len(keep) < 2:
        return rare
    common, common_freedom = _chi_square(p[keep], q[keep])
    return min(1.0, 2 * min(rare, float(special.chdtrc(common_freedom, common))))


def _kept(p: Counts, q: Counts) -> Any:
    total = p + q
    order = np.argsort(-total, kind="stable")[:_MOST_TESTED]
    expected = total[order] * min(p.sum(), q.sum()) / total.sum()
    return order[expected >= POOLED_BELOW]


def _pool(p: Counts, q: Counts) -> tuple[Counts, Counts]:
    keep = _kept(p, q)
    a = np.append(p[keep], p.sum() - p[keep].sum())
    b = np.append(q[keep], q.sum() - q[keep].sum())
    used = (a + b) > 0
    return a[used], b[used]


def _chi_square(p: Counts, q: Counts) -> tuple[float, int]:
    n, m = p.sum(), q.sum()
    a, b = (p + q) * n / (n + m), (p + q) * m / (n + m)
    return float(((p - a) ** 2 / a + (q - b) ** 2 / b).sum()), len(p) - 1
