"""Columns whose bins hold one value each, as those of small whole numbers do: their histogram tells all that a hash would.

A number has a bin of its own where its distance from the shift has no more digits than a bin distinguishes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct, hashes_of_numbers

Array = np.ndarray[Any, Any]

_BELOW = np.uint64((1 << (52 - histogram.BITS)) - 1)
_FIRST_LOOK = 256


def are_singles(part: Array, moved: Array, places: Array, shift: float, scratch: Array) -> bool:
    """Whether no two different numbers share a bin.

    Parameters
    ----------
    part, moved
        Finite numbers, and these less the shift; both of shape ``(n,)``.
    places
        Their bins, and those of infinities.
    scratch
        Has room for as many numbers.
    """
    if not _may_be(part[:_FIRST_LOOK], moved[:_FIRST_LOOK], shift, scratch) or not _may_be(part, moved, shift, scratch):
        return False
    # What is too small for a float32 is counted with noughts.
    noughts = len(places) - np.count_nonzero(places) + np.count_nonzero(places == histogram.NEGATIVE_NOUGHT)
    return bool(noughts == len(moved) - np.count_nonzero(moved))


def distinct_of(counted: Array, shift: float) -> Distinct:
    """Give which values there are, where each bin holds one."""
    counted = counted.copy()
    counted[0] += counted[histogram.NEGATIVE_NOUGHT]
    counted[histogram.NEGATIVE_NOUGHT] = 0
    bins, counts = histogram.filled(counted)
    with np.errstate(invalid="ignore"):
        values = (bins.astype(np.uint32) << histogram.SHIFT).view(np.float32).astype(np.float64) + shift
    finite = np.isfinite(values)
    return Distinct.of(hashes_of_numbers(values[finite]), counts[finite])


def _may_be(part: Array, moved: Array, shift: float, scratch: Array) -> bool:
    if np.bitwise_or.reduce(moved.view(np.uint64), initial=np.uint64(0)) & _BELOW:
        return False
    again = scratch[: len(moved)]
    np.add(moved, shift, out=again)
    return bool(np.array_equal(again, part))
