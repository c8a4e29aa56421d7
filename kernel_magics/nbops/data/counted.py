"""What is known of one column of some rows; parts add up to the whole, bit by bit, however the rows are parted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Distinct
from nbops.data.numbers import NumberCounts
from nbops.data.profile import MOST_CATEGORIES, NUMBER_SHARE, ColumnProfile
from nbops.data.sums import Moments, as_float
from nbops.data.texts import may_be_number
from nbops.data.words import WordCounts

Array = np.ndarray[Any, Any]

_BY_WORDS = frozenset({"category", "boolean"})
_TRUTH = {"true": "True", "1": "True", "1.0": "True", "false": "False", "0": "False", "0.0": "False"}
_TYPES = {"number": "float64", "boolean": "bool", "time": "datetime64[ns]", "category": "str", "identifier": "str"}


@dataclass(slots=True)
class Counted:
    """Counts of one column.

    ``kind`` is what they are counted as. ``texts`` cells hold text, of which ``parsed`` could be read as the kind; ``words`` counts
    the values of categories, and of others the texts, in case that too few of them can be read. ``others`` are
    the rows that could not be counted as this kind, by kind.
    """

    kind: str
    rows: int = 0
    nulls: int = 0
    blank: int = 0
    texts: int = 0
    parsed: int = 0
    numbers: NumberCounts | None = None
    words: WordCounts = field(default_factory=WordCounts)
    distinct: Distinct = field(default_factory=Distinct)
    minimum: float | None = None
    maximum: float | None = None
    aspects: dict[str, Counted] = field(default_factory=dict)
    types: frozenset[str] = frozenset()
    others: dict[str, Counted] = field(default_factory=dict)

    def add(self, other: Counted) -> None:
        """Add what is known of the same column of other rows."""
        if other.kind == "empty":
            self.add_missing(other.rows)
        elif self.kind == "empty":
            self.take_over(other)
        elif (mine := self.of_kind(other.kind)) is None:
            self.others[other.kind] = replace(other, others={})
        else:
            mine._add_alike(other)
        for one in other.others.values():
            self.add(one)

    def of_kind(self, kind: str) -> Counted | None:
        """Give what is counted as a kind, if some rows are."""
        return self if self.kind == kind else self.others.get(kind)

    def settle(self) -> None:
        """Let go of the room that counting took."""
        for one in (self, *self.others.values()):
            if one.numbers is not None:
                one.numbers.settle()

    def _add_alike(self, other: Counted) -> None:
        self.rows += other.rows
        self.nulls += other.nulls
        self.blank += other.blank
        self.texts += other.texts
        self.parsed += other.parsed
        if self.numbers is not None and other.numbers is not None:
            self.numbers.add(other.numbers)
        else:
            self.numbers = self.numbers or other.numbers
        self.words.add(other.words)
        self.distinct.add(other.distinct)
        self.minimum = _least(self.minimum, other.minimum)
        self.maximum = _minus(_least(_minus(self.maximum), _minus(other.maximum)))
        for name, aspect in other.aspects.items():
            self.aspects.setdefault(name, Counted(aspect.kind, self.rows - other.rows, self.rows - other.rows)).add(
                aspect
            )
        self.types |= other.types

    def take_over(self, other: Counted) -> None:
        """Become the other, with the rows that are here missing from it."""
        rows = self.rows
        for name in self.__slots__:
            if name != "others":
                setattr(self, name, getattr(other, name))
        self.add_missing(rows)

    def add_missing(self, rows: int) -> None:
        """Add rows that have no value."""
        self.rows += rows
        self.nulls += rows
        for aspect in self.aspects.values():
            aspect.add_missing(rows)

    def finished(self, known: ColumnProfile) -> ColumnProfile:
        """Give the profile; ``known`` has its name and, for numbers, its shift.

        Where rows are of several kinds, it is of that which most cells are; the others count as missing.
        """
        if self.others:
            return self._of_most(known).finished(known)
        dtype = next(iter(self.types)) if len(self.types) == 1 else _TYPES.get(self.kind, "object")
        dtype = dtype if self.types else known.dtype
        base = ColumnProfile(name=known.name, kind="empty", dtype=dtype, rows=self.rows, nulls=self.nulls)
        if self.rows == self.nulls and not self.words.total:
            return replace(base, blank=self.blank)
        parsed = self.parsed / self.texts if self.texts else known.parsed if self.kind == "category" else 0.0
        base = replace(base, kind=self.kind, parsed=parsed, blank=self.blank, texts=self.texts)
        if self.kind == "boolean":
            return self._of_flags(base)
        if self._are_words(base):
            nulls = self.rows - self.words.total
            return self._of_words(replace(base, kind="category", nulls=nulls))
        if self.kind == "number":
            return self._of_numbers(base)
        if self.kind == "category":
            return self._of_words(base)
        found = replace(base, distinct=self.distinct.count(base.count), hashes=self.distinct.packed())
        found = replace(found, minimum=self.minimum, maximum=self.maximum)
        shells = {aspect.name: aspect for aspect in known.aspects}
        aspects = (
            aspect.finished(shells.get(name, ColumnProfile(name=name, kind=aspect.kind, dtype="", rows=0)))
            for name, aspect in self.aspects.items()
        )
        return replace(found, aspects=tuple(replace(aspect, dtype="") for aspect in aspects))

    def _of_most(self, known: ColumnProfile) -> Counted:
        all_kinds = [self, *self.others.values()]
        most = max(all_kinds, key=lambda one: (one.rows - one.nulls, one.kind == known.kind, one.kind))
        rows = sum(one.rows for one in all_kinds) - most.rows
        found = replace(most, others={}, aspects={name: replace(aspect) for name, aspect in most.aspects.items()})
        found.add_missing(rows)
        found.types = frozenset().union(*(one.types for one in all_kinds))
        return found

    def _are_words(self, base: ColumnProfile) -> bool:
        """Whether too many cells are words that could not be read as what the column is taken for."""
        if self.kind in {"category", "text", "identifier"} or not self.words.total or not self.texts:
            return False
        read = base.count - self.parsed
        # Numbers of another file, which are more, are not given up for its words.
        return (read + self.parsed) < NUMBER_SHARE * (read + self.texts) and self.words.total >= read

    def _of_flags(self, base: ColumnProfile) -> ColumnProfile:
        flags, total = flags_among(self.words), self.words.total
        known = sum(flags.values())
        if known < NUMBER_SHARE * total:
            return self._of_words(replace(base, kind="category"))
        found = WordCounts(known, flags)
        return replace(
            base, nulls=base.nulls + total - known, categories=found.most_frequent(2), distinct=found.distinct
        )

    def _of_words(self, base: ColumnProfile) -> ColumnProfile:
        if self.texts and base.kind == "category":
            base = replace(base, parsed=_numbers_among(self.words))
        kept = self.words.most_frequent(MOST_CATEGORIES)
        rest = self.words.total - sum(kept.values())
        distinct = self.words.distinct
        return replace(base, categories=kept, rest=rest, distinct=distinct)

    def _of_numbers(self, base: ColumnProfile) -> ColumnProfile:
        numbers = self.numbers or NumberCounts()
        numbers.settle()
        total, squares = _sums(numbers)
        return replace(
            base,
            shift=numbers.scale.shift,
            unit=numbers.scale.unit,
            histogram=histogram.Histogram(numbers.bins, numbers.counts),
            infinite=numbers.infinite,
            minimum=numbers.minimum,
            maximum=numbers.maximum,
            total=total,
            squares=squares,
            distinct=numbers.distinct.count(numbers.finite),
            hashes=numbers.distinct.packed(),
            sums=_state(numbers),
            marks={f"{mark:.0f}": count for mark, count in numbers.marks.items()},
            sentinels=sentinels_of(numbers),
        )


def flags_among(words: WordCounts) -> dict[str, int]:
    """Count the words that are truth values, however they are written, as ``False`` and ``True``."""
    found = {"False": 0, "True": 0}
    for word, count in words.counts.items():
        if (flag := _TRUTH.get(word.strip().lower())) is not None:
            found[flag] += count
    return {flag: count for flag, count in found.items() if count}


def _numbers_among(words: WordCounts) -> float:
    """Give the share of cells whose word is a number."""
    if not any(map(may_be_number, words.counts)):
        return 0.0
    import pandas as pd

    read = pd.to_numeric(pd.Series([*words.counts], dtype=object), errors="coerce").notna().to_numpy()
    counts = np.fromiter(words.counts.values(), np.int64, len(words.counts))
    return float(counts[read].sum() / counts.sum()) if len(counts) else 0.0


def counted_again(column: ColumnProfile) -> Counted:
    """Give the counts that a profile was made of."""
    found = Counted(column.kind, column.rows, column.nulls, column.blank, column.texts)
    found.parsed = round(column.parsed * column.texts)
    found.minimum, found.maximum = column.minimum, column.maximum
    found.types = frozenset() if column.kind == "empty" else frozenset({column.dtype})
    distinct = Distinct.unpacked(column.hashes, column.distinct * 6 > len(column.hashes))
    if column.kind == "number":
        found.numbers = _numbers_again(column, distinct)
    elif column.kind in _BY_WORDS:
        found.words = WordCounts(
            sum(column.categories.values()) + column.rest, dict(column.categories), bool(column.rest)
        )
    else:
        found.distinct = distinct
    found.aspects = {aspect.name: counted_again(aspect) for aspect in column.aspects}
    return found


def sums_without(column: ColumnProfile, value: float, count: int) -> tuple[float, float]:
    """Give ``total`` and ``squares`` of a column of numbers without ``count`` times one of its values."""
    numbers = _numbers_again(column, Distinct())
    one = NumberCounts.of(np.array([value]), column.scale).moments
    numbers.moments.add(Moments(one.unit, -count * one.fine, -count * one.coarse, -count * one.squares))
    numbers.finite -= count
    return _sums(numbers)


def _sums(numbers: NumberCounts) -> tuple[float, float]:
    """Give the sum, and the sum of the squares of the distances from the shift."""
    if not numbers.finite:
        return 0.0, 0.0
    shift, count = numbers.scale.shift, numbers.finite
    total = numbers.moments.total(shift, count)
    distance = total - Fraction(shift) * count
    # The formula of the deviation takes the square of the mean off again.
    return as_float(total), as_float(numbers.moments.spread(count) + distance * distance / count)


def _numbers_again(column: ColumnProfile, distinct: Distinct) -> NumberCounts:
    fine, coarse, squares = column.sums or (0, 0, 0)
    return NumberCounts(
        scale=column.scale,
        finite=column.count - column.infinite,
        infinite=column.infinite,
        minimum=column.minimum,
        maximum=column.maximum,
        bins=column.histogram.bins,
        counts=column.histogram.counts,
        moments=Moments(column.unit, fine, coarse, squares),
        distinct=distinct,
        marks={float(mark): count for mark, count in column.marks.items()},
    )


def _state(numbers: NumberCounts) -> tuple[int, ...]:
    return (numbers.moments.fine, numbers.moments.coarse, numbers.moments.squares)


def sentinels_of(numbers: NumberCounts) -> dict[str, int]:
    """Give the marks for "missing" that stand far outside of all other numbers, with their counts."""
    if not numbers.marks:
        return {}
    places = histogram.bins_of(np.array([*numbers.marks]), numbers.scale.shift)
    others = np.setdiff1d(numbers.bins[histogram.places()[numbers.bins] >= 0], places)
    if not len(others):
        return {}
    _, middles = histogram.finite_bins()
    values = middles[histogram.places()[others]] + numbers.scale.shift
    low, high = float(values.min()), float(values.max())
    reach = max(high - low, 1.0)
    return {f"{mark:.0f}": count for mark, count in numbers.marks.items() if mark < low - reach or mark > high + reach}


def _least(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else min(a, b)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
