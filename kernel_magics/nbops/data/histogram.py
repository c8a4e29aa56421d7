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
_SHIFT = np.uint32(23 - BITS)
_BINS = 1 << (9 + BITS)
_CHUNK = 1 << 16
# Sorting so few is quicker than counting into all bins.
_FEW = 1 << 13


def counts(values: np.ndarray[Any, np.dtype[Any]], shift: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count numbers per bin.

    Parameters
    ----------
    values
        Numbers, shape ``(n,)``; NaN and infinities allowed.
    shift
        Taken off before binning.

    Returns
    -------
    numpy.ndarray
        Counts, shape ``(65536,)``.
    """
    found = np.zeros(_BINS, np.int64)
    for first in range(0, len(values), _CHUNK):
        found += np.bincount(_bins(values[first : first + _CHUNK], shift), minlength=_BINS)
    return found


def counted(values: np.ndarray[Any, np.dtype[Any]], shift: float) -> dict[int, int]:
    """Give the bins that have numbers, and how many, in the order of the bins' numbers; as :func:`counts` has them."""
    if len(values) < _FEW:
        bins, found = np.unique(_bins(values, shift), return_counts=True)
    else:
        found = counts(values, shift)
        bins = np.flatnonzero(found)
        found = found[bins]
    return dict(zip(bins.tolist(), found.tolist(), strict=True))


def _bins(values: np.ndarray[Any, np.dtype[Any]], shift: float) -> np.ndarray[Any, np.dtype[np.uint32]]:
    with np.errstate(over="ignore", invalid="ignore"):
        part = (values - shift).astype(np.float32)
    part += np.float32(0)  # -0.0 and 0.0 are one number
    return part.view(np.uint32) >> _SHIFT


def median_shift(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Give the shift for a column: a median of at most 65,536 of its numbers, as float32 has it; 0 if it has none."""
    part = values[:: max(1, len(values) // 65_536)]
    part = part[np.isfinite(part)]
    return float(np.float32(np.median(part))) if len(part) else 0.0


@functools.cache
def finite_bins() -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give the bins of finite numbers in ascending order, and the middle of each (before the shift is added)."""
    pattern = np.arange(_BINS, dtype=np.uint32) << _SHIFT
    with np.errstate(invalid="ignore"):
        low = pattern.view(np.float32).astype(float)
        high = (pattern + np.uint32((1 << int(_SHIFT)) - 1)).view(np.float32).astype(float)
    usable = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    middle = (low[usable] + high[usable]) / 2
    order = np.argsort(middle, kind="stable")
    return usable[order], middle[order]


@functools.cache
def places() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the place of each bin in ascending order, shape ``(65536,)``; -1 for those of no finite number."""
    bins, _ = finite_bins()
    found = np.full(_BINS, -1, np.int64)
    found[bins] = np.arange(len(bins))
    return found


@functools.cache
def edges() -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give the lowest and the highest float32 of each bin (before the shift is added), both of shape ``(65536,)``."""
    pattern = np.arange(_BINS, dtype=np.uint32) << _SHIFT
    with np.errstate(invalid="ignore"):
        near = pattern.view(np.float32).astype(float)
        far = (pattern + np.uint32((1 << int(_SHIFT)) - 1)).view(np.float32).astype(float)
    return np.minimum(near, far), np.maximum(near, far)
