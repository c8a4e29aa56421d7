"""A histogram whose bins do not depend on the data, so that any two of them add up exactly.

A number minus a *shift* is rounded to float32; its bin is the sign, exponent and leading mantissa bits of that
(after the log-linear histograms of HdrHistogram and DDSketch, Masson et al., VLDB 2019, here read off the bit
pattern). With 7 mantissa bits a bin is at most 0.8 % wide relative to the distance from the shift; the shift, a
median of the reference, keeps columns far from zero (years, epoch seconds) as sharp as others. Not-a-number,
infinities and signs fall out of the same pattern.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbops.data.sums import unit_of

BITS = 7
SHIFT = np.uint32(23 - BITS)
BINS = 1 << (9 + BITS)
# The bin of -0.0, which is the number 0.0.
NEGATIVE_NOUGHT = BINS >> 1
# Sorting so few is quicker than counting into all bins.
FEW = 1 << 13
_WHOLE = float(1 << 52)
Array = np.ndarray[Any, np.dtype[Any]]
# Of a column so many numbers tell where its middle lies.
_LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Scale:
    """What numbers are counted about: a shift, and the unit of their sums, an exponent of 2 (:mod:`nbops.data.sums`)."""

    shift: float = 0.0
    unit: int = 0


def _none() -> Array:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Histogram(Mapping[int, int]):
    """How many numbers are in each bin that has some: ``bins`` and ``counts`` are whole numbers of shape ``(n,)``."""

    bins: Array = field(default_factory=_none)
    counts: Array = field(default_factory=_none)

    def __post_init__(self) -> None:
        """Keep others from writing to what several profiles share."""
        for array in (self.bins, self.counts):
            array.setflags(write=False)

    @classmethod
    def of(cls, counted: Mapping[int, int]) -> Histogram:
        """Take counts by bin."""
        return cls(np.fromiter(counted, np.int64, len(counted)), np.fromiter(counted.values(), np.int64, len(counted)))

    def __len__(self) -> int:
        """How many bins have numbers."""
        return len(self.bins)

    def __iter__(self) -> Iterator[int]:
        """Give the bins."""
        return iter(self._counted)

    def __getitem__(self, place: int) -> int:
        """Give how many numbers are in a bin; ``KeyError`` where there are none."""
        return self._counted[place]

    @functools.cached_property
    def _counted(self) -> dict[int, int]:
        return dict(zip(self.bins.tolist(), self.counts.tolist(), strict=True))


def less(values: Array, shift: float, out: Array) -> None:
    """Take the shift off numbers, into ``out`` of the same shape; whole numbers beyond 2 to the power of 53 stay exact."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.subtract(values, shift, out=out, dtype=np.float64)
    if is_beyond(shift) and values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        _correct_whole(values, int(shift), out)


def is_beyond(shift: float) -> bool:
    """Whether whole numbers may lose digits where the shift is taken off as a float."""
    return abs(shift) >= _WHOLE


def _correct_whole(values: Array, middle: int, out: Array) -> None:
    """Put exact differences where 64 bits hold them, each number for itself: those beside it make no difference."""
    kind = np.iinfo(values.dtype)
    first, last = max(middle - 2**63, int(kind.min)), min(middle + 2**63 - 1, int(kind.max))
    # Whole numbers wrap around, so that whatever fits comes out right.
    exact = (values.astype(np.uint64) - np.uint64(middle % 2**64)).view(np.int64)
    if first <= int(values.min()) and int(values.max()) <= last:
        out[:] = exact
    else:
        fit = (values >= first) & (values <= last)
        out[fit] = exact[fit]


def bins_of(values: Array, shift: float) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Give the bin of each number, of the same shape."""
    moved = np.empty(len(values))
    less(values, shift, moved)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        part = moved.astype(np.float32)
    found: np.ndarray[Any, np.dtype[np.uint32]] = without_sign_of_nought(part.view(np.uint32) >> SHIFT)
    return found


def without_sign_of_nought(bins: Any) -> Any:
    """Count -0.0, in a new array of bins, as 0.0."""
    return np.where(bins == NEGATIVE_NOUGHT, 0, bins).astype(bins.dtype)


def filled(dense: Array) -> tuple[Array, Array]:
    """Give the bins that have numbers, and how many, of counts by bin, an array of shape ``(65536,)``."""
    # Looking for what is not nought is quicker among truth values.
    bins = np.flatnonzero(dense != 0)
    return bins, dense[bins]


def counted(values: Array, shift: float) -> Histogram:
    """Give the bins that have numbers, and how many, in the order of the bins' numbers."""
    bins, found = np.unique(bins_of(values, shift), return_counts=True)
    return Histogram(bins.astype(np.int64), found)


def is_number(bins: Array) -> Array:
    """Whether each bin is one of numbers, infinite ones too, and not of NaN."""
    found = (bins & (0xFF << BITS)) != (0xFF << BITS)
    usable: Array = found | ((bins & 0x7F) == 0)
    return usable


def scale_of(values: Array) -> Scale:
    """Give the scale for a column from at most 4,096 of its numbers.

    The shift is their lower median as float32 has it, 0 if there are none; the unit is near the median distance of others from it.
    """
    part = values[:: max(1, len(values) // _LOOKED_AT)].astype(np.float64)
    part = part[np.isfinite(part)]
    if not len(part):
        return Scale()
    with np.errstate(over="ignore", under="ignore"):
        # One of the numbers and not the middle of two: whole numbers stay whole.
        middle = (len(part) - 1) // 2
        shift = float(np.float32(np.partition(part, middle)[middle]))
        shift = shift if np.isfinite(shift) else 0.0
        distances = np.abs(part - shift)
        distances = distances[(distances > 0) & (distances < np.inf)]
        # The middle of two halves, whose sum is a number where that of the two may be none.
        usual = 2 * float(np.median(distances / 2)) if len(distances) else abs(shift)
    return Scale(shift, unit_of(usual))


@functools.cache
def finite_bins() -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give the bins of finite numbers in ascending order, and the middle of each (before the shift is added)."""
    pattern = np.arange(BINS, dtype=np.uint32) << SHIFT
    with np.errstate(invalid="ignore"):
        low = pattern.view(np.float32).astype(float)
        high = (pattern + np.uint32((1 << int(SHIFT)) - 1)).view(np.float32).astype(float)
    usable = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    middle = (low[usable] + high[usable]) / 2
    order = np.argsort(middle, kind="stable")
    return usable[order], middle[order]


@functools.cache
def places() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the place of each bin in ascending order, shape ``(65536,)``; -1 for those of no finite number."""
    bins, _ = finite_bins()
    found = np.full(BINS, -1, np.int64)
    found[bins] = np.arange(len(bins))
    return found


@functools.cache
def edges() -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give the lowest and the highest float32 of each bin (before the shift is added), both of shape ``(65536,)``."""
    pattern = np.arange(BINS, dtype=np.uint32) << SHIFT
    with np.errstate(invalid="ignore"):
        near = pattern.view(np.float32).astype(float)
        far = (pattern + np.uint32((1 << int(SHIFT)) - 1)).view(np.float32).astype(float)
    return np.minimum(near, far), np.maximum(near, far)
