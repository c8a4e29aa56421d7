"""Counting a column of numbers, in one pass over pieces that fit into the processor's cache."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct, Hashing, Seen
from nbops.data.histogram import Scale
from nbops.data.singles import are_singles, distinct_of
from nbops.data.sums import MOST, Moments

Array = np.ndarray[Any, Any]

# Numbers people write for "missing".
MARKS = tuple(sign * float("9" * digits) for digits in range(2, 10) for sign in (1, -1))


_AT_ONCE = 4


@dataclass(slots=True)
class NumberCounts:
    """What is known of numbers; every part of it adds exactly.

    ``bins`` (ascending) and ``counts`` are the histogram about the shift of the ``scale``; ``moments`` sum the numbers less that
    shift. ``marks`` counts numbers written for "missing".
    """

    scale: Scale = field(default_factory=Scale)
    finite: int = 0
    infinite: int = 0
    missing: int = 0
    minimum: float | None = None
    maximum: float | None = None
    bins: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    moments: Moments = field(default_factory=Moments)
    distinct: Distinct = field(default_factory=Distinct)
    marks: dict[float, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Array, scale: Scale, before: Distinct | None = None) -> NumberCounts:
        """Count numbers, an array of shape ``(n,)``; NaN is missing. To be added to a part with ``before``, it may spare work."""
        if values.dtype.kind == "f" and values.dtype.itemsize != 8:
            values = values.astype(np.float64)
        found = cls(scale, moments=Moments(scale.unit))
        if len(values) <= histogram.FEW:
            found._take_few(values, before)
        else:
            found._take_many(values, before)
        found._count_marks(values)
        return found

    def add(self, other: NumberCounts) -> None:
        """Add the numbers of another part, counted about the same shift."""
        self.finite += other.finite
        self.infinite += other.infinite
        self.missing += other.missing
        self.minimum = _of_both(min, self.minimum, other.minimum)
        self.maximum = _of_both(max, self.maximum, other.maximum)
        self.bins, self.counts = added((self.bins, self.counts), (other.bins, other.counts))
        self.moments.add(other.moments)
        self.distinct.add(other.distinct)
        self.marks = {m: self.marks.get(m, 0) + other.marks.get(m, 0) for m in sorted({*self.marks, *other.marks})}

    def _take_few(self, values: Array, before: Distinct | None) -> None:
        scratch, seen = _Scratch(len(values)), Seen(before)
        piece = self._piece(values, scratch)
        if len(piece.part):
            seen.take(scratch.hashing.of_numbers(piece.part))
            self._take(piece, scratch)
        self.distinct = seen.taken()
        bins, counts = np.unique(histogram.without_sign_of_nought(piece.places), return_counts=True)
        self._keep(bins.astype(np.int64), counts)

    def _take_many(self, values: Array, before: Distinct | None) -> None:
        scratch, seen, singles, shift = _scratch(), Seen(before), True, self.scale.shift
        dense = np.zeros(histogram.BINS, np.int64)
        for first in range(0, len(values), MOST):
            piece = self._piece(values[first : first + MOST], scratch)
            if singles and not are_singles(piece.part, piece.moved, piece.places, shift, scratch.room):
                scratch.count_into(dense)
                singles, self.distinct = False, distinct_of(dense, shift) if first else Distinct()
            if not singles:
                seen.take(scratch.hashing.of_numbers(piece.part, has_nought=piece.low <= 0 <= piece.high))
            if len(piece.part):
                self._take(piece, scratch)
            scratch.keep(piece.places)
            if scratch.is_full:
                scratch.count_into(dense)
        scratch.count_into(dense)
        self.distinct = distinct_of(dense, shift) if singles else self.distinct
        self.distinct.add(seen.taken())
        dense[0] += dense[histogram.NEGATIVE_NOUGHT]
        dense[histogram.NEGATIVE_NOUGHT] = 0
        self._keep(*histogram.filled(dense))

    def _piece(self, part: Array, scratch: _Scratch) -> _Piece:
        low, high = _ends(part)
        if math.isnan(low):
            self.missing += len(part)
            part = part[~np.isnan(part)]
            self.missing -= len(part)
            low, high = _ends(part)
        moved = scratch.less(part, self.scale.shift)
        places = scratch.places(moved)
        if not (math.isfinite(low) and math.isfinite(high)):
            usable = np.isfinite(part)
            part, moved = part[usable], moved[usable]
            self.infinite += len(usable) - len(part)
            low, high = _ends(part)
        return _Piece(part, moved, low, high, places)

    def _take(self, piece: _Piece, scratch: _Scratch) -> None:
        """Sum a piece up; its numbers less the shift are no longer whole after that."""
        self.finite += len(piece.part)
        self.minimum = _of_both(min, self.minimum, piece.low)
        self.maximum = _of_both(max, self.maximum, piece.high)
        # Rounding keeps the order of floats, so that the ends stay the ends.
        shift, is_float = self.scale.shift, piece.part.dtype.kind == "f"
        ends = (piece.low - shift, piece.high - shift) if is_float else _ends(piece.moved)
        self.moments.take(piece.moved, *ends, scratch.room)

    def _keep(self, bins: Array, counts: Array) -> None:
        known = histogram.is_number(bins)
        self.bins, self.counts = bins[known], counts[known]

    def _count_marks(self, values: Array) -> None:
        if not self.finite:
            return
        low, high = self.minimum or 0.0, self.maximum or 0.0
        candidates = [mark for mark in MARKS if low <= mark <= high]
        if not candidates:
            return
        there = histogram.bins_of(np.array(candidates), self.scale.shift)
        for mark in (m for m, place in zip(candidates, there, strict=True) if place in self.bins):
            if count := int((values == mark).sum()):
                self.marks[mark] = count
        self.marks = dict(sorted(self.marks.items()))


class _Piece(NamedTuple):
    """Finite numbers, these less the shift, the least and the greatest of them, and the bins of all that are no NaN."""

    part: Array
    moved: Array
    low: float
    high: float
    places: Array


class _Scratch:
    """Arrays that are used again for each piece; to make new ones takes longer than what is done with them."""

    def __init__(self, size: int) -> None:
        # The less is touched, the more of it stays in the cache: one array serves for all steps in turn.
        self.room = np.empty(size)
        self.hashing = Hashing(self.room.view(np.uint64))
        self._moved = np.empty(size)
        # Counting into so many bins is dear, so that it is done for some pieces at once.
        self._bins = np.empty(_AT_ONCE * size, np.int64)
        self._kept = 0

    def less(self, part: Array, shift: float) -> Array:
        """Give the numbers less the shift."""
        moved = self._moved[: len(part)]
        histogram.less(part, shift, moved)
        return moved

    def places(self, moved: Array) -> Array:
        """Give the bins of numbers."""
        small, bins = self.room.view(np.float32)[: len(moved)], self._bins[self._kept : self._kept + len(moved)]
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(small, moved, casting="unsafe")
        bits = small.view(np.uint32)
        np.right_shift(bits, histogram.SHIFT, out=bits)
        np.copyto(bins, bits)
        return bins

    def keep(self, places: Array) -> None:
        """Remember the bins that were given last."""
        self._kept += len(places)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the bins of another piece."""
        return self._kept > len(self._bins) - len(self.room)

    def forget(self) -> None:
        """Forget bins that an error left behind."""
        self._kept = 0

    def count_into(self, dense: Array) -> None:
        """Count the bins that are remembered, and forget them."""
        if self._kept:
            dense += np.bincount(self._bins[: self._kept], minlength=histogram.BINS)
        self._kept = 0


_of_thread = threading.local()


def _scratch() -> _Scratch:
    """Give the arrays of this thread, which it keeps for the columns that follow."""
    found: _Scratch | None = getattr(_of_thread, "scratch", None)
    if found is None:
        found = _of_thread.scratch = _Scratch(MOST)
    found.forget()
    return found


def added(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Add two histograms, each bins in ascending order with their counts."""
    if not len(a[0]) or not len(b[0]):
        return b if not len(a[0]) else a
    dense = np.zeros(histogram.BINS, np.int64)
    dense[a[0]] = a[1]
    dense[b[0]] += b[1]
    return histogram.filled(dense)


def _ends(part: Array) -> tuple[float, float]:
    """Give the least and the greatest number, NaN where one is; infinities where there are none."""
    return (float(part.min()), float(part.max())) if len(part) else (math.inf, -math.inf)


def _of_both(choose: Any, a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else choose(a, b)
