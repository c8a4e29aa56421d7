"""The counts of two profiles of one column side by side, and nothing of what neither has."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.profile import ColumnProfile

Counts = np.ndarray[Any, np.dtype[np.float64]]


def paired_numbers(before: ColumnProfile, after: ColumnProfile) -> tuple[Counts, Counts, Counts]:
    """Give counts of both sides per bin and the bins' middles (without the shift), ascending, all of the same shape."""
    places = histogram.places()
    _, middles = histogram.finite_bins()
    seen = np.zeros(len(middles), bool)
    sides = []
    for profile in (before, after):
        where, counts = placed(profile, places)
        seen[where] = True
        side = np.zeros(len(middles))
        side[where] = counts
        sides.append(side)
    used = np.flatnonzero(seen)
    return sides[0][used], sides[1][used], middles[used]


def placed(profile: ColumnProfile, places: Any) -> tuple[Any, Any]:
    """Give the places of a number's bins, by :func:`nbops.data.histogram.places`, and how many values are in each."""
    bins, counts = profile.histogram.bins, profile.histogram.counts
    where = places[bins]
    beyond = where < 0
    if beyond.any() and not profile.infinite:
        # Numbers too large for float32 share the bins of infinities; they are put with the largest that have a place.
        ends = np.where(bins >= histogram.BINS // 2, 0, places.max())
        bins, back = np.unique(np.where(beyond, ends, where), return_inverse=True)
        return bins, np.bincount(back, counts)
    # Bins of infinities have no place among the numbers.
    return where[~beyond], counts[~beyond]


def paired_categories(before: ColumnProfile, after: ColumnProfile) -> tuple[list[str], Counts, Counts]:
    """Give all names, the reference's first, and counts of both sides; the last count of each is that of the rest.

    Where more was counted than there are rows (words of texts, several in each), what counts is rows: words of one text are no
    independent witnesses.
    """
    names = list(dict.fromkeys([*before.categories, *after.categories]))
    sides = []
    for profile in (before, after):
        counts = np.array([*map(profile.categories.get, names, repeat(0)), profile.rest], float)
        many = counts.sum() / max(profile.count, 1)
        sides.append(counts / many if many > 1 else counts)
    return names, sides[0], sides[1]
