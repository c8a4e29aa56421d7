"""Statistics of two profiles of one column. Each is computed from counts alone; scipy's values are the truth they are tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from nbops.data.profile import ColumnProfile, dense

Counts = np.ndarray[Any, np.dtype[np.float64]]

_POOLED_BELOW = 5.0
_MOST_TESTED = 50


def numeric(reference: ColumnProfile, current: ColumnProfile) -> dict[str, float]:
    """Compare two profiles of a number that share their shift.

    Returns
    -------
    dict
        ``ks``: largest distance of the empirical distribution functions (as ``scipy.stats.ks_2samp``), 0 to 1.
        ``ks_p``: its asymptotic p-value (Kolmogorov 1933, Smirnov 1939).
        ``wasserstein``: first Wasserstein distance in standard deviations of the reference
        (as ``scipy.stats.wasserstein_distance``).
        ``psi``: population stability index over the reference's deciles, half a row added to each bin (Siddiqi 2006).
        ``psi_critical``: what it exceeds by chance once in a hundred, (1/n + 1/m) times the chi-square quantile
        (Yurdakul and Naranjo 2020).
        ``jensen_shannon``: Jensen-Shannon distance over the same bins, base 2, 0 to 1.
        ``hellinger``: Hellinger distance over the same bins, 0 to 1.
        ``mean_shift``: difference of the means in standard deviations of the reference.
        ``spread``: ratio of the standard deviations.
    """
    a, middles = dense(reference)
    b, _ = dense(current)
    used = (a + b) > 0
    p, q, middle = a[used].astype(float), b[used].astype(float), middles[used]
    n, m = p.sum(), q.sum()
    distance = np.abs(np.cumsum(p) / n - np.cumsum(q) / m)
    ks = float(distance.max())
    deviation = reference.deviation or 0.0
    # A constant reference has no scale of its own; its distance is told in the unit of the column.
    scale = deviation if deviation > 0 else 1.0
    before, after = _decile_bins(p, q)
    return {
        "ks": ks,
        "ks_p": float(special.kolmogorov(ks * np.sqrt(n * m / (n + m)))),
        "wasserstein": float((distance[:-1] * np.diff(middle)).sum() / scale),
        **_binned(before, after),
        "mean_shift": ((current.mean or 0.0) - (reference.mean or 0.0)) / scale,
        "spread": (current.deviation or 0.0) / scale,
    }


def categorical(reference: ColumnProfile, current: ColumnProfile) -> dict[str, float]:
    """Compare two profiles of a category.

    Returns
    -------
    dict
        ``tv``: total variation distance, 0 to 1. ``chi2``, ``chi2_p``: two-sample chi-square test (Pearson; as
        ``scipy.stats.chi2_contingency`` without correction) after categories with an expected count below 5, and all beyond
        the 50 most frequent, are pooled; where what was pooled is still below 5, it is judged by Fisher's exact test (1922) and
        the rest by chi-square, and the smaller p-value counts twice (Bonferroni). ``cramers_v``: its effect size (Cramér 1946). ``psi``, ``psi_critical``,
        ``jensen_shannon``, ``hellinger``: as for numbers, a bin per category. ``new``: share of current rows in categories the
        reference does not have.
    """
    names = sorted(reference.categories.keys() | current.categories.keys())
    p = np.array([*(reference.categories.get(name, 0) for name in names), reference.rest], float)
    q = np.array([*(current.categories.get(name, 0) for name in names), current.rest], float)
    n, m = p.sum(), q.sum()
    pooled = _pool(p, q)
    chi2, freedom = _chi_square(*pooled)
    fresh = q[:-1][p[:-1] == 0].sum() if not reference.rest else 0.0
    return {
        "tv": float(np.abs(p / n - q / m).sum() / 2),
        "chi2": chi2,
        "chi2_p": _categories_p(p, q, chi2, freedom),
        "cramers_v": float(np.sqrt(chi2 / (n + m))),
        **_binned(*pooled),
        "new": float(fresh / m),
    }


def share_test(hits: int, rows: int, other_hits: int, other_rows: int) -> float:
    """Give the two-sided p-value that two shares are equal.

    Pooled two-sample z-test; Fisher's exact test (1922) where fewer than 5 rows of a kind are expected on a side.
    """
    if not rows or not other_rows:
        return 1.0
    pooled = (hits + other_hits) / (rows + other_rows)
    if pooled in (0.0, 1.0):
        return 1.0
    if min(pooled, 1 - pooled) * min(rows, other_rows) < _POOLED_BELOW:
        return _exact(hits, rows, other_hits, other_rows)
    error = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows))
    return float(2 * special.ndtr(-abs(hits / rows - other_hits / other_rows) / error))


def range_test(reference: ColumnProfile, current: ColumnProfile) -> float:
    """Give the p-value that so many current numbers lie beyond the largest, or the smallest, of the reference.

    Exact where no rows are alike: the probability that the ``k`` largest of all rows are all current ones (Wilks 1942, the
    exceedances), for both ends (Bonferroni). The two profiles share their shift.
    """
    a, _ = dense(reference)
    b, _ = dense(current)
    used = np.flatnonzero(a)
    if not len(used) or not b.sum():
        return 1.0
    beyond = max(int(b[: used[0]].sum()), int(b[used[-1] + 1 :].sum()))
    drawn = np.arange(beyond)
    return float(min(1.0, 2 * np.prod((b.sum() - drawn) / (a.sum() + b.sum() - drawn))))


def holm(values: dict[Any, float], alpha: float) -> set[Any]:
    """Give the keys whose p-values are rejected at a family-wise error rate of ``alpha`` (Holm 1979)."""
    rejected = set()
    for position, (key, value) in enumerate(sorted(values.items(), key=lambda pair: pair[1])):
        if value > alpha / (len(values) - position):
            break
        rejected.add(key)
    return rejected


def detectable(n: int, m: int, tests: int, alpha: float) -> float:
    """Give the smallest KS distance that these sample sizes show four times in five, all tests counted (approximate)."""
    if not n or not m:
        return 1.0
    return float((special.kolmogi(alpha / max(tests, 1)) + special.kolmogi(0.8) / 2) * np.sqrt((n + m) / (n * m)))


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


def _categories_p(p: Counts, q: Counts, chi2: float, freedom: int) -> float:
    """Give the p-value of the pooled table, whose rest may be too small for the chi-square distribution."""
    n, m = p.sum(), q.sum()
    keep = _kept(p, q)
    rest = p.sum() - p[keep].sum(), q.sum() - q[keep].sum()
    if not freedom:
        return 1.0
    if sum(rest) == 0 or sum(rest) * min(n, m) / (n + m) >= _POOLED_BELOW:
        return float(special.chdtrc(freedom, chi2))
    rare = _exact(int(rest[0]), int(n), int(rest[1]), int(m))
    if len(keep) < 2:
        return rare
    common, common_freedom = _chi_square(p[keep], q[keep])
    return min(1.0, 2 * min(rare, float(special.chdtrc(common_freedom, common))))


def _exact(hits: int, rows: int, other_hits: int, other_rows: int) -> float:
    from scipy.stats import fisher_exact

    return float(fisher_exact([[hits, rows - hits], [other_hits, other_rows - other_hits]]).pvalue)


def _kept(p: Counts, q: Counts) -> Any:
    total = p + q
    order = np.argsort(-total, kind="stable")[:_MOST_TESTED]
    expected = total[order] * min(p.sum(), q.sum()) / total.sum()
    return order[expected >= _POOLED_BELOW]


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
