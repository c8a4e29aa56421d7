"""Columns whose bins hold one value each, as those of small whole numbers do: their histogram tells all that a hash would.

A number has a bin of its own where its distance from the shift has no more digits than a bin distinguishes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct, are_beyond_floats, hashes_of_numbers

if TYPE_CHECKING:
    from nbops.data.scratch import Scratch

Array = np.ndarray[Any, Any]

_BELOW = np.uint64((1 << (52 - histogram.BITS)) - 1)
_FIRST_LOOK = 256
# Of a bin all but the sign; the first one of numbers that a float32 holds with all of their digits; and that of infinity.
_SIZE, _LEAST, _INFINITY = histogram.NEGATIVE_NOUGHT - 1, 1 << histogram.BITS, 0xFF << histogram.BITS


def are_singles(part: Array, places: Array, shift: float, scratch: Scratch) -> bool:
    """Whether no two different numbers share a bin.

    Parameters
    ----------
    part
        Finite numbers, shape ``(n,)``.
    places
        Their bins, and those of infinities.
    shift
        What the bins are about.
    scratch
        Has room for as many numbers.
    """
    if not _may_be(part[:_FIRST_LOOK], shift, scratch) or not _may_be(part, shift, scratch):
        return False
    # What is too small for a float32 shares its bin with nought or others, what is too large with infinity.
    usual = ((places & _SIZE) - _LEAST).view(np.uint64) < np.uint64(_INFINITY - _LEAST)
    return bool(np.count_nonzero(usual) == np.count_nonzero(part != shift))


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


def _may_be(part: Array, shift: float, scratch: Scratch) -> bool:
    moved, again = scratch.less(part, shift), scratch.room[: len(part)]
    if np.bitwise_or.reduce(moved.view(np.uint64), initial=np.uint64(0)) & _BELOW or are_beyond_floats(part):
        return False
    np.add(moved, shift, out=again)
    return bool(np.array_equal(again, part))
