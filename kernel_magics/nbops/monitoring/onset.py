"""Since when a column differs: a scan over all spells of windows, by their profiles.

The spell is the run of windows whose effects exceed their limits by most in sum (the CUSUM of Page, "Continuous inspection
schemes", Biometrika 41, 1954, over both ends as Levin and Kline, "The CUSUM test of homogeneity with an application in
spontaneous abortion epidemiology", Statistics in Medicine 4, 1985, have it). That there is one at all is decided by the
spell's rows together and by each of its windows, with every spell that could have been picked, and every column, counted
(Bonferroni): on independent rows without drift an onset is named with probability at most ``alpha`` in the whole report.
How sure its begin is: the windows whose log-likelihood as begin is within 3.7 of the best, a 95 % set for one abrupt change
(Siegmund, "Confidence sets in change-point problems", International Statistical Review 56, 1988).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from nbops.data import histogram
from nbops.data.profile import ColumnProfile
from nbops.monitoring.pairs import Found, compared, pooled

_NEAR = 3.675  # (1 - exp(-x))**2 = 0.95
_GROUPS = 12
_LEARNED_FROM = 3


def column_onset(
    labels: Sequence[str],
    base: ColumnProfile | None,
    series: Sequence[ColumnProfile | None],
    pairs: Sequence[Found | None],
    limits: Sequence[float | None],
    level: float,
    sure: float | None = None,
) -> dict[str, Any]:
    """Find since when a column differs from what it is compared with.

    Parameters
    ----------
    labels
        Of the windows.
    base
        Profile of the reference.
    series, pairs, limits
        By window: its profile, what its comparison found, the effect that begins to matter.
    level
        Probability of naming an onset where nothing changed.
    sure
        Instead of p-values, where limits are learned: the effect that none of the windows passes by chance.

    Returns
    -------
    dict
        ``label``, ``first`` and ``last`` (positions of the spell), ``earliest`` and ``latest`` label of the begin, ``p`` (corrected),
        ``words``; empty where there is no onset.
    """
    excess = [
        0.0 if pair is None or bound is None else pair.effect - bound for pair, bound in zip(pairs, limits, strict=True)
    ]
    first, last = _spell(excess)
    if first < 0 or base is None:
        return {}
    if sure is not None and not _beyond_learned(excess, pairs, (first, last), sure, level):
        return {}
    inside = [column for column in series[first : last + 1] if column is not None]
    together = compared(base, pooled(inside))
    p = min([pair.p for pair in pairs[first : last + 1] if pair is not None], default=1.0)
    p = min(p, together.p if together else 1.0)
    tried = sum(pair is not None for pair in pairs)
    p = min(1.0, p * tried * (tried + 1) / 2)
    if sure is None and p > level:
        return {}
    begins = _begins(base, series, first, last)
    over = last < max(i for i, pair in enumerate(pairs) if pair is not None)
    found = {
        "label": labels[first],
        "first": first,
        "last": last,
        "earliest": labels[begins[0]],
        "latest": labels[begins[-1]],
        "p": float(f"{p:.3g}"),
    }
    return {**found, "words": _words(found, labels[last] if over else "")}


def largest_step(
    labels: Sequence[str], pairs: Sequence[Found | None], limits: Sequence[float | None], level: float
) -> dict[str, Any]:
    """Find the window that differs most from those before it; each window is counted as a trial. As :func:`column_onset`."""
    tried = sum(pair is not None for pair in pairs)
    steps = {
        i: pair.effect - bound
        for i, (pair, bound) in enumerate(zip(pairs, limits, strict=True))
        if pair is not None and bound is not None and pair.p * tried <= level and pair.effect >= bound
    }
    if not steps:
        return {}
    at = max(steps, key=lambda i: steps[i])
    p = float(f"{min(1.0, pairs[at].p * tried):.3g}")  # type: ignore[union-attr]
    label = labels[at]
    told = {"label": label, "first": at, "last": at, "earliest": label, "latest": label, "p": p}
    return {**told, "words": f"changed most with {label}"}


def whole_onset(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give the onset of the whole: the earliest of any column, and of those that began then the one that moved most.

    Parameters
    ----------
    found
        By column: ``spell`` (what :func:`column_onset` gave) and ``effects``.

    Returns
    -------
    dict
        ``label``, ``column``, ``columns`` (all that began then, the strongest first), ``words``; empty where nothing began.
    """
    begun = {name: column["spell"] for name, column in found.items() if column["spell"]}
    if not begun:
        return {}

    def strength(name: str) -> float:
        spell = begun[name]
        return max(float(e) for e in found[name]["effects"][spell["first"] : spell["last"] + 1] if e is not None)

    start = min(spell["first"] for spell in begun.values())
    names = sorted((n for n in begun if begun[n]["first"] == start), key=lambda n: (-strength(n), n))
    later = len(begun) - len(names)
    also = f", {len(names) - 1} more from then on" if len(names) > 1 else ""
    rest = f", {later} later" if later else ""
    label = begun[names[0]]["label"]
    words = f"{names[0]} {begun[names[0]]['words']}{also}{rest}"
    return {"label": label, "column": names[0], "columns": names, "words": words}


def _spell(excess: Sequence[float]) -> tuple[int, int]:
    """Give the run with the largest sum, ``(-1, -1)`` where none is above nothing."""
    best, span, total, start = 0.0, (-1, -1), 0.0, 0
    for i, value in enumerate(excess):
        if total <= 0:
            total, start = 0.0, i
        total += value
        if total > best:
            best, span = total, (start, i)
    return span


def _beyond_learned(
    excess: Sequence[float], pairs: Sequence[Found | None], span: tuple[int, int], sure: float, level: float
) -> bool:
    """Whether a window passes what none passes by chance, or more pass their limits than so many would (binomial)."""
    inside = range(span[0], span[1] + 1)
    if any(pair is not None and pair.effect > sure for pair in (pairs[i] for i in inside)):
        return True
    passed = sum(excess[i] > 0 for i in inside)
    return bool(special.bdtrc(passed - 1, len(excess), level) <= level)


def _begins(base: ColumnProfile, series: Sequence[ColumnProfile | None], first: int, last: int) -> list[int]:
    """Give the windows in which the change may have come, ascending; ``first`` is one of them."""
    spell = [column for column in series[first : last + 1] if column is not None][:_LEARNED_FROM]
    group, size = _grouping(base)
    if size < 2:
        return [first]
    before, after = (_shares(group(column), size) for column in (base, pooled(spell)))
    ratio = np.log(after / before)
    gains = [0.0 if column is None else float((group(column) * ratio).sum()) for column in series[: last + 1]]
    # The log-likelihood that the change came with window k: what all windows from k on gain by the new distribution.
    tail = np.cumsum(gains[::-1])[::-1]
    near = [k for k in range(last + 1) if tail[k] >= tail.max() - _NEAR]
    return sorted({first, *near})


def _shares(counts: Any, size: int) -> Any:
    return (counts + 0.5) / (counts.sum() + size / 2)


def _grouping(base: ColumnProfile) -> tuple[Any, int]:
    """Give a function that counts a profile by the reference's quantiles or most frequent categories, and how many there are."""
    if base.aspects:
        # Which aspect moved is told elsewhere; the begin is the window itself.
        return (lambda column: np.zeros(1)), 1
    if base.kind != "number":
        names = [*base.categories][: _GROUPS - 1]

        def categories(column: ColumnProfile) -> Any:
            named = [column.categories.get(name, 0) for name in names]
            return np.array([*named, column.count - sum(named)], float)

        return categories, len(names) + 1
    places = histogram.places()
    order = np.argsort(places[base.histogram.bins], kind="stable")
    share = np.cumsum(base.histogram.counts[order], dtype=float)
    if not len(share):
        return (lambda column: np.zeros(1)), 1
    at = np.unique(np.searchsorted(share / share[-1], np.arange(1, _GROUPS) / _GROUPS - 1e-12))
    cuts = places[base.histogram.bins[order]][at]

    def numbers(column: ColumnProfile) -> Any:
        groups = np.searchsorted(cuts, places[column.histogram.bins], "left")
        return np.bincount(groups, column.histogram.counts, len(cuts) + 1)

    return numbers, len(cuts) + 1


def _words(found: Mapping[str, Any], ended: str) -> str:
    label = found["label"]
    if not ended:
        told = f"differs since {label}"
    else:
        told = f"differed in {label}" if ended == label else f"differed from {label} to {ended}"
    if found["earliest"] != found["latest"]:
        told += f" (it began between {found['earliest']} and {found['latest']})"
    return told
