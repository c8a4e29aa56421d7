"""Counting a column of numbers, in one pass over pieces that fit into the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct, Seen
from nbops.data.histogram import Scale
from nbops.data.scratch import PIECE, Scratch, scratch_of_thread
from nbops.data.singles import are_singles, distinct_of
from nbops.data.sums import Moments

Array = np.ndarray[Any, Any]

# Numbers people write for "missing".
MARKS = tuple(sign * float("9" * digits) for digits in range(2, 10) for sign in (1, -1))


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
    _open: _Open | None = field(default=None, compare=False)

    @classmethod
    def of(cls, values: Array, scale: Scale, before: Distinct | None = None) -> NumberCounts:
        """Count numbers, an array of shape ``(n,)``; NaN is missing. To be added to a part with ``before``, it may spare work."""
        found = cls(scale, moments=Moments(scale.unit))
        found.take([values], before)
        found.settle()
        return found

    def take(self, arrays: Sequence[Array], before: Distinct | None = None) -> None:
        """Count numbers, arrays of shape ``(n,)``; :meth:`settle` must be called after the last ones."""
        arrays = [_wide(array) for array in arrays]
        if self._open is None and sum(map(len, arrays)) > histogram.FEW:
            self._open = _Open(Seen(before))
        if self._open is None:
            self._take_few(np.concatenate(arrays), before)
        else:
            self._take_many(arrays, self._open)
        self._count_marks(arrays)

    def settle(self) -> None:
        """Add up what was taken."""
        if self._open is None:
            return
        dense, self._open = self._open, None
        self.distinct.add(distinct_of(dense.counts, self.scale.shift) if dense.singles else dense.distinct)
        self.distinct.add(dense.seen.taken())
        self._add_bins(dense.counts)

    def add(self, other: NumberCounts) -> None:
        """Add the numbers of another part, counted about the same shift."""
        self.settle()
        other.settle()
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
        scratch, seen = Scratch(len(values)), Seen(before)
        with _quiet():
            piece = self._piece(values, scratch)
            if len(piece.part):
                seen.take(scratch.hashing.of_numbers(piece.part))
                self._take(piece, scratch)
        self.distinct.add(seen.taken())
        bins, counts = np.unique(histogram.without_sign_of_nought(piece.places), return_counts=True)
        self._keep(bins.astype(np.int64), counts)

    def _take_many(self, arrays: Sequence[Array], taken: _Open) -> None:
        scratch, shift = scratch_of_thread(), self.scale.shift
        with _quiet():
            for values in (array[first : first + PIECE] for array in arrays for first in range(0, len(array), PIECE)):
                piece = self._piece(values, scratch)
                if taken.singles and not are_singles(piece.part, piece.places, shift, scratch):
                    taken.singles = False
                    if taken.has_some:
                        # Those before are not counted in yet: the bins of this piece stand behind them.
                        taken.distinct = distinct_of(taken.counts + scratch.counted(), shift)
                taken.has_some = True
                if not taken.singles:
                    taken.seen.take(scratch.hashing.of_numbers(piece.part))
                if len(piece.part):
                    self._take(piece, scratch)
                scratch.keep(piece.places)
                if scratch.is_full:
                    scratch.count_into(taken.counts)
            scratch.count_into(taken.counts)

    def _piece(self, part: Array, scratch: Scratch) -> _Piece:
        low, high = _ends(part)
        if math.isnan(low):
            self.missing += len(part)
            part = scratch.present(part)
            self.missing -= len(part)
            low, high = _ends(part)
        places = scratch.places(part, self.scale.shift)
        if not (math.isfinite(low) and math.isfinite(high)):
            usable = np.isfinite(part)
            part = part[usable]
            self.infinite += len(usable) - len(part)
            low, high = _ends(part)
        return _Piece(part, low, high, places)

    def _take(self, piece: _Piece, scratch: Scratch) -> None:
        """Sum a piece up."""
        part, low, high, _ = piece
        self.finite += len(part)
        self.minimum = low if self.minimum is None else min(low, self.minimum)
        self.maximum = high if self.maximum is None else max(high, self.maximum)
        shift = self.scale.shift
        if histogram.is_beyond(shift):
            part, shift = scratch.less(part, shift), 0.0
            low, high = _ends(part)
        self.moments.take(part, shift, low, high, scratch.room)

    def _add_bins(self, dense: Array) -> None:
        dense[0] += dense[histogram.NEGATIVE_NOUGHT]
        dense[histogram.NEGATIVE_NOUGHT] = 0
        self._keep(*histogram.filled(dense))

    def _keep(self, bins: Array, counts: Array) -> None:
        known = histogram.is_number(bins)
        self.bins, self.counts = added((self.bins, self.counts), (bins[known], counts[known]))

    def _count_marks(self, arrays: Sequence[Array]) -> None:
        low, high = self.minimum, self.maximum
        if low is None or high is None or (high < MARKS[0] and low > MARKS[1]):
            return
        candidates = [mark for mark in MARKS if low <= mark <= high]
        there = histogram.bins_of(np.array(candidates), self.scale.shift)
        for mark, place in zip(candidates, there, strict=True):
            known = self._open.counts[place] if self._open is not None else place in self.bins
            if known and (count := sum(int(np.count_nonzero(values == mark)) for values in arrays)):
                self.marks[mark] = self.marks.get(mark, 0) + count
        self.marks = dict(sorted(self.marks.items()))


@dataclass(slots=True)
class _Open:
    """What is still being counted: by bin; and the values, as long as not each bin holds one of them alone."""

    seen: Seen
    counts: Array = field(default_factory=lambda: np.zeros(histogram.BINS, np.int64))
    has_some: bool = False
    singles: bool = True
    distinct: Distinct = field(default_factory=Distinct)


class _Piece(NamedTuple):
    """Finite numbers, the least and the greatest of them, and the bins of all that are no NaN."""

    part: Array
    low: float
    high: float
    places: Array


def _wide(values: Array) -> Array:
    """Give numbers as floats or whole numbers of 64 bits, or as smaller whole numbers."""
    return values.astype(np.float64) if values.dtype.kind == "f" and values.dtype.itemsize != 8 else values


def added(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Add two histograms, each bins in ascending order with their counts."""
    if not len(a[0]) or not len(b[0]):
        return b if not len(a[0]) else a
    dense = np.zeros(histogram.BINS, np.int64)
    dense[a[0]] = a[1]
    dense[b[0]] += b[1]
    return histogram.filled(dense)


def _quiet() -> Any:
    return np.errstate(over="ignore", under="ignore", invalid="ignore")


def _ends(part: Array) -> tuple[float, float]:
    """Give the least and the greatest number, NaN where one is; infinities where there are none."""
    if not len(part):
        return math.inf, -math.inf
    low = float(np.minimum.reduce(part))
    return low, low if math.isnan(low) else float(np.maximum.reduce(part))


def _of_both(choose: Any, a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else choose(a, b)
