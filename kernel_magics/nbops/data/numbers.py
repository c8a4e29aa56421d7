"""Counting a column of numbers, in one pass over pieces that fit into the processor's cache."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct, Seen, hashes_of_numbers
from nbops.data.sums import MOST, Sum

Array = np.ndarray[Any, Any]

# Numbers people write for "missing".
MARKS = tuple(sign * float("9" * digits) for digits in range(2, 10) for sign in (1, -1))
_HUGE = 2.0**480
_AT_ONCE = 4


@dataclass(slots=True)
class NumberCounts:
    """What is known of numbers; every part of it adds exactly.

    ``bins`` (ascending) and ``counts`` are the histogram about ``shift``; ``total`` and ``squares`` sum the numbers less the
    shift, ``huge`` counts those whose square is beyond what a float holds. ``marks`` counts numbers written for "missing".
    """

    shift: float = 0.0
    finite: int = 0
    infinite: int = 0
    missing: int = 0
    huge: int = 0
    minimum: float | None = None
    maximum: float | None = None
    bins: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    total: Sum = field(default_factory=Sum)
    squares: Sum = field(default_factory=Sum)
    distinct: Distinct = field(default_factory=Distinct)
    marks: dict[float, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Array, shift: float, before: Distinct | None = None) -> NumberCounts:
        """Count numbers, an array of shape ``(n,)``; NaN is missing. To be added to a part with ``before``, it may spare work."""
        if values.dtype.kind == "f" and values.dtype.itemsize != 8:
            values = values.astype(np.float64)
        found = cls(shift=shift)
        dense = np.zeros(histogram.BINS, np.int64) if len(values) > histogram.FEW else None
        scratch, seen, sparse = _Scratch(min(len(values), MOST)), Seen(found.distinct, before), []
        for first in range(0, len(values), MOST):
            part = values[first : first + MOST]
            moved = scratch.less(part, shift)
            places = scratch.places(moved)
            if dense is None:
                sparse.append(places.copy())
            elif scratch.is_full or first + MOST >= len(values):
                dense += np.bincount(scratch.taken(), minlength=histogram.BINS)
            # A sum of finite numbers may be beyond all numbers too; those are looked at once more.
            with np.errstate(over="ignore", invalid="ignore"):
                whole = math.isfinite(float(moved.sum()))
            if not whole:
                part, moved = found._without_odd(part, moved)
            found._take(part, moved, scratch, seen)
        found._bins(dense, sparse)
        found._count_marks(values)
        return found

    def add(self, other: NumberCounts) -> None:
        """Add the numbers of another part, counted about the same shift."""
        self.finite += other.finite
        self.infinite += other.infinite
        self.missing += other.missing
        self.huge += other.huge
        self.minimum = _of_both(min, self.minimum, other.minimum)
        self.maximum = _of_both(max, self.maximum, other.maximum)
        self.bins, self.counts = added((self.bins, self.counts), (other.bins, other.counts))
        self.total.add(other.total)
        self.squares.add(other.squares)
        self.distinct.add(other.distinct)
        self.marks = {m: self.marks.get(m, 0) + other.marks.get(m, 0) for m in sorted({*self.marks, *other.marks})}

    def _without_odd(self, part: Array, moved: Array) -> tuple[Array, Array]:
        usable = np.isfinite(part)
        infinite = int(np.isinf(part).sum())
        self.infinite += infinite
        self.missing += len(part) - int(usable.sum()) - infinite
        return part[usable], moved[usable]

    def _take(self, part: Array, moved: Array, scratch: _Scratch, seen: Seen) -> None:
        if not len(part):
            return
        self.finite += len(part)
        self.minimum = _of_both(min, self.minimum, float(part.min()))
        self.maximum = _of_both(max, self.maximum, float(part.max()))
        squared = scratch.squared[: len(moved)]
        if max(abs(self.minimum or 0.0), abs(self.maximum or 0.0)) >= _HUGE / 2:
            huge = np.abs(moved) >= _HUGE
            self.huge += int(huge.sum())
            np.multiply(moved, ~huge, out=squared)
            np.multiply(squared, squared, out=squared)
            self.squares.add(Sum.of(squared, scratch.room))
        else:
            top = max(float(moved.max()), -float(moved.min()))
            np.multiply(moved, moved, out=squared)
            # Squaring keeps the order, so that the largest is known.
            self.squares.add(Sum.of(squared, scratch.room, top * top))
        self.total.add(Sum.of(moved, scratch.room))
        # What was summed is no longer needed: there is room for the hashes.
        seen.take(hashes_of_numbers(part, scratch.squared[: len(part)], scratch.room[: len(part)].view(np.uint64)))

    def _bins(self, dense: Array | None, sparse: list[Array]) -> None:
        if dense is None:
            places = np.concatenate(sparse) if sparse else np.zeros(0, np.int64)
            bins, counts = np.unique(places, return_counts=True)
            self.bins, self.counts = bins.astype(np.int64), counts
        else:
            self.bins = np.flatnonzero(dense)
            self.counts = dense[self.bins]
        known = histogram.is_number(self.bins)
        self.bins, self.counts = self.bins[known], self.counts[known]

    def _count_marks(self, values: Array) -> None:
        if not self.finite:
            return
        low, high = self.minimum or 0.0, self.maximum or 0.0
        candidates = [mark for mark in MARKS if low <= mark <= high]
        if not candidates:
            return
        there = histogram.bins_of(np.array(candidates), self.shift)
        for mark in (m for m, place in zip(candidates, there, strict=True) if place in self.bins):
            if count := int((values == mark).sum()):
                self.marks[mark] = count
        self.marks = dict(sorted(self.marks.items()))


class _Scratch:
    """Arrays that are used again for each piece; to make new ones takes longer than what is done with them."""

    def __init__(self, size: int) -> None:
        self.moved = np.empty(size)
        self.squared = np.empty(size)
        self.room = np.empty(size)
        self._small = np.empty(size, np.float32)
        # Counting into so many bins is dear, so that it is done for some pieces at once.
        self._bins = np.empty(_AT_ONCE * size, np.int64)
        self._filled = 0

    def less(self, part: Array, shift: float) -> Array:
        """Give the numbers less the shift."""
        moved = self.moved[: len(part)]
        histogram.less(part, shift, moved)
        return moved

    def places(self, moved: Array) -> Array:
        """Give the bins of numbers, and remember them."""
        small = self._small[: len(moved)]
        with np.errstate(over="ignore", invalid="ignore"):
            np.add(moved, 0.0, out=small, casting="unsafe", dtype=np.float64)
        bits, bins = small.view(np.uint32), self._bins[self._filled : self._filled + len(moved)]
        np.right_shift(bits, histogram.SHIFT, out=bits)
        np.copyto(bins, bits)
        self._filled += len(moved)
        return bins

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the bins of another piece."""
        return self._filled == len(self._bins)

    def taken(self) -> Array:
        """Give the bins that are remembered, and forget them."""
        found, self._filled = self._bins[: self._filled], 0
        return found


def added(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Add two histograms, each bins in ascending order with their counts."""
    if not len(a[0]) or not len(b[0]):
        return b if not len(a[0]) else a
    dense = np.zeros(histogram.BINS, np.int64)
    dense[a[0]] = a[1]
    dense[b[0]] += b[1]
    bins = np.flatnonzero(dense)
    return bins, dense[bins]


def _of_both(choose: Any, a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else choose(a, b)
