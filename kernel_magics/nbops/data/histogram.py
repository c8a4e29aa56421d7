"""A histogram whose bins do not depend on the data, so that any two of them add up exactly.

A number minus a *shift* is rounded to float32; its bin is the sign, exponent and leading mantissa bits of that
(after the log-linear histograms of HdrHistogram and DDSketch, Masson et al., VLDB 2019, here read off the bit
pattern). With 7 mantissa bits a bin is at most 0.8 % wide relative to the distance from the shift; the shift, a
median of the reference, keeps columns far from zero (years, epoch seconds) as sharp as others. Not-a-number,
infinities and signs fall out of the same pattern.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

BITS = 7
SHIFT = np.uint32(23 - BITS)
BINS = 1 << (9 + BITS)
# Sorting so few is quicker than counting into all bins.
FEW = 1 << 13
_WHOLE = float(1 << 52)
Array = np.ndarray[Any, np.dtype[Any]]


def less(values: Array, shift: float, out: Array) -> None:
    """Take the shift off numbers, into ``out`` of the same shape; whole numbers beyond 2 to the power of 53 stay exact."""
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and abs(shift) >= _WHOLE and len(values):
        low, high, middle = int(values.min()), int(values.max()), int(shift)
        if low - middle >= -(2**63) and high - middle < 2**63 and high < 2**63 and -(2**63) <= middle < 2**63:
            out[:] = values.astype(np.int64) - np.int64(middle)
            return
    with np.errstate(over="ignore", invalid="ignore"):
        np.subtract(values, shift, out=out, dtype=np.float64)


def bins_of(values: Array, shift: float) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Give the bin of each number, of the same shape."""
    moved = np.empty(len(values))
    less(values, shift, moved)
    with np.errstate(over="ignore", invalid="ignore"):
        part = moved.astype(np.float32)
    part += np.float32(0)  # -0.0 and 0.0 are one number
    return part.view(np.uint32) >> SHIFT


def counted(values: Array, shift: float) -> dict[int, int]:
    """Give the bins that have numbers, and how many, in the order of the bins' numbers."""
    bins, found = np.unique(bins_of(values, shift), return_counts=True)
    return dict(zip(bins.tolist(), found.tolist(), strict=True))


def is_number(bins: Array) -> Array:
    """Whether each bin is one of numbers, infinite ones too, and not of NaN."""
    found = (bins & (0xFF << BITS)) != (0xFF << BITS)
    usable: Array = found | ((bins & 0x7F) == 0)
    return usable


def median_shift(values: Array) -> float:
    """Give the shift for a column: a median of at most 65,536 of its numbers, as float32 has it; 0 if it has none."""
    part = values[:: max(1, len(values) // 65_536)].astype(np.float64)
    part = part[np.isfinite(part)]
    with np.errstate(over="ignore"):
        found = float(np.float32(np.median(part))) if len(part) else 0.0
    return found if np.isfinite(found) else 0.0


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
