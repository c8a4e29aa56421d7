"""The profile of rows that lie in many parts, the same bit by bit however they were parted.

Two looks: the first finds what each column is and where its middle lies, the second counts. With a reference its kinds and
shifts are taken, and one look is enough. What a look gives of a part is small, and adding is exact and of any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import histogram
from nbops.data.chunks import read_chunks
from nbops.data.exact import WordCounts, exact_sum, merged, rounded
from nbops.data.profile import (
    IDENTIFIER_ROWS,
    IDENTIFIER_SHARE,
    MOST_CATEGORIES,
    NUMBER_DISTINCT,
    NUMBER_SHARE,
    ColumnProfile,
    Profile,
    dense,
)
from nbops.data.times import clock_of, filled, hours_and_weekdays, range_of
from nbops.data.typed import BOOLEAN, NUMBER, TIME, WORD, as_numbers, as_times, as_words, conform, kind_of
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_INTEGER, _DURATION = "integer", "duration"
_TYPES = {"number": "float64", "boolean": "bool", "time": "datetime64[ns]", "category": "str", "identifier": "str"}
_KINDS = {"number": NUMBER, "boolean": BOOLEAN, "time": TIME, "category": WORD, "identifier": WORD, "empty": WORD}


@dataclass(slots=True)
class Counted:
    """What is known of one column of some rows; every part of it adds exactly."""

    rows: int = 0
    nulls: int = 0
    blank: int = 0
    infinite: int = 0
    minimum: float | None = None
    maximum: float | None = None
    total: int = 0
    squares: int = 0
    bins: dict[int, int] = field(default_factory=dict)
    words: WordCounts = field(default_factory=WordCounts)
    hours: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros(24, np.int64))
    weekdays: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros(7, np.int64))
    kinds: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    def add(self, other: Counted) -> None:
        """Add what is known of the same column of other rows."""
        self.rows += other.rows
        self.nulls += other.nulls
        self.blank += other.blank
        self.infinite += other.infinite
        self.total += other.total
        self.squares += other.squares
        self.minimum = _least(self.minimum, other.minimum)
        largest = _least(_minus(self.maximum), _minus(other.maximum))
        self.maximum = _minus(largest)
        self.bins = merged((self.bins, other.bins))
        self.words.add(other.words)
        self.hours = self.hours + other.hours
        self.weekdays = self.weekdays + other.weekdays
        self.kinds |= other.kinds
        self.types |= other.types


Part = dict[str, Counted]


def look(path: Path, columns: tuple[str, ...] = ()) -> Part:
    """Look at a part for the first time: kinds, words, numbers about nought."""
    return _each(path, columns, lambda frame: {str(name): _looked(frame[name]) for name in frame.columns})


def count(path: Path, reference: Profile) -> Part:
    """Count a part by the kinds and shifts of a reference, which may have columns that the part lacks."""
    known = {column.name: column for column in reference.columns}

    def counted(frame: pd.DataFrame) -> Part:
        kinds = {name: _KINDS[column.kind] for name, column in known.items() if name in frame.columns}
        found, _ = conform(frame, kinds)
        return {name: _counted(found[name], frame[name], known[name]) for name in kinds}

    return _each(path, tuple(known), counted, missing_is_fine=True)


def together(parts: Iterable[Part]) -> Part:
    """Add what is known of parts; a column that a part lacks is missing from all of its rows.

    Raises
    ------
    DataError
        There are no parts.
    """
    found: Part = {}
    rows = 0
    for part in parts:
        size = next(iter(part.values())).rows if part else 0
        for name, counted in part.items():
            # Rows of the parts before, which did not have the column.
            found.setdefault(name, Counted(rows=rows, nulls=rows)).add(counted)
        for name in found.keys() - part.keys():
            found[name].add(Counted(rows=size, nulls=size))
        rows += size
    if not found:
        raise DataError("There are no parts to profile.")
    return found


def reference_of(looked: Part) -> Profile:
    """Decide what each column is, as :func:`nbops.data.profile.profile_frame` would of all rows; shifts are medians."""
    columns = tuple(_decided(name, looked[name]) for name in sorted(looked))
    return Profile(next(iter(looked.values())).rows, columns)


def profile_of(counted: Part, reference: Profile) -> Profile:
    """Give the profile of all parts together; columns stand in the order of the reference."""
    columns = tuple(_profiled(column, counted[column.name]) for column in reference.columns if column.name in counted)
    return Profile(next(iter(counted.values())).rows, columns)


def _each(path: Path, columns: tuple[str, ...], function: Any, missing_is_fine: bool = False) -> Part:
    def frames() -> Iterator[Part]:
        wanted: list[str] | None = list(columns) or None
        if wanted and missing_is_fine:
            head = next(read_chunks(path, rows=1))
            wanted = [name for name in wanted if name in head.column_names]
        for table in read_chunks(path, columns=wanted):
            yield function(table.to_pandas())

    return together(frames())


def _looked(values: pd.Series) -> Counted:
    from pandas.api import types

    base = Counted(rows=len(values), nulls=int(values.isna().sum()))
    if base.nulls == base.rows:
        return base
    if types.is_timedelta64_dtype(values.dtype):
        values, kind = values.dt.total_seconds(), _DURATION
    else:
        kind = _INTEGER if types.is_integer_dtype(values.dtype) else kind_of(values)
    base = replace(base, kinds=frozenset({kind}), types=frozenset({str(values.dtype)}))
    if kind in {NUMBER, _INTEGER, _DURATION}:
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        numbers = numbers[~np.isnan(numbers)]
        finite = numbers[np.isfinite(numbers)]
        base.bins = histogram.counted(finite, 0.0)
        base.minimum, base.maximum = (float(finite.min()), float(finite.max())) if len(finite) else (None, None)
    if kind in {WORD, _INTEGER}:
        base.words = WordCounts.of(values if kind == _INTEGER else as_words(values).dropna())
    return base


def _decided(name: str, column: Counted) -> ColumnProfile:
    base = ColumnProfile(name=name, kind="empty", dtype="object", rows=column.rows, nulls=column.nulls)
    if not column.kinds:
        return base
    numeric = column.kinds <= {NUMBER, _INTEGER, _DURATION}
    kind = next(iter(column.kinds)) if len(column.kinds) == 1 else ""
    parsed = 0.0
    if numeric and column.kinds == {_INTEGER} and _numbers_rows(column):
        decided = "identifier"
    elif numeric:
        decided = "number"
    elif kind in {BOOLEAN, TIME}:
        decided = kind
    elif column.kinds == {TIME, WORD} and _all_times(column):
        decided = "time"
    else:
        decided, parsed = _of_words(column)
    dtype = next(iter(column.types)) if len(column.types) == 1 else _TYPES[decided]
    return replace(base, kind=decided, dtype=dtype, shift=_shift(column) if decided == "number" else 0.0, parsed=parsed)


def _numbers_rows(column: Counted) -> bool:
    if column.nulls or column.rows < IDENTIFIER_ROWS or column.minimum is None or column.maximum is None:
        return False
    many = column.words.distinct >= IDENTIFIER_SHARE * column.rows
    return column.maximum - column.minimum < 2 * column.rows and column.words.unique and many


def _all_times(column: Counted) -> bool:
    import pandas as pd

    return bool(as_times(pd.Series(list(column.words.counts), dtype=object)).notna().all())


def _of_words(column: Counted) -> tuple[str, float]:
    import pandas as pd

    share = float(as_numbers(pd.Series(list(column.words.counts), dtype=object)).notna().mean())
    distinct, present = column.words.distinct, column.words.total
    if share >= NUMBER_SHARE and distinct > NUMBER_DISTINCT:
        return "number", share
    many = distinct >= IDENTIFIER_SHARE * present and present >= IDENTIFIER_ROWS and share < 0.5
    return ("identifier" if many else "category"), share


def _shift(column: Counted) -> float:
    """Give the middle of the numbers, within a bin about nought: the same whatever order they come in."""
    if not column.bins:
        import pandas as pd

        numbers = as_numbers(pd.Series(list(column.words.counts), dtype=object)).dropna().to_numpy()
        column = replace(column, bins=histogram.counted(np.sort(numbers), 0.0))
    counts, middles = dense(ColumnProfile(name="", kind="number", dtype="", rows=0, histogram=column.bins))
    place = int(np.searchsorted(np.cumsum(counts), 0.5 * counts.sum(), "left"))
    return float(np.float32(middles[min(place, len(middles) - 1)]))


def _counted(values: pd.Series, raw: pd.Series, known: ColumnProfile) -> Counted:
    base = Counted(rows=len(values), nulls=int(values.isna().sum()), blank=_blank(raw))
    if known.kind == "number":
        infinite = _infinite(raw)
        finite = values.dropna().to_numpy(dtype=float)
        moved = finite - known.shift
        base.nulls, base.infinite = base.nulls - infinite, infinite
        base.bins = merged((histogram.counted(finite, known.shift), _infinite_bins(raw) if infinite else {}))
        base.total = exact_sum(finite)
        with np.errstate(over="ignore"):
            squares = moved * moved
        base.squares = exact_sum(squares[np.isfinite(squares)])
        if len(finite):
            base.minimum, base.maximum = float(finite.min()), float(finite.max())
    elif known.kind == "time":
        times = as_times(values)
        base.words = WordCounts.of(times)
        own, _ = clock_of(times)
        base.hours, base.weekdays = hours_and_weekdays(own)
        base.minimum, base.maximum = range_of(own)
    elif known.kind != "empty":
        words = as_words(values) if known.kind == "boolean" else as_words(raw)
        base.nulls = int(words.isna().sum())
        base.words = WordCounts.of(words.dropna())
    return base


def _profiled(known: ColumnProfile, column: Counted) -> ColumnProfile:
    base = ColumnProfile(name=known.name, kind="empty", dtype=known.dtype, rows=column.rows, nulls=column.nulls)
    if column.nulls == column.rows or known.kind == "empty":
        return base
    found = replace(base, kind=known.kind, parsed=known.parsed, blank=column.blank)
    if known.kind == "number":
        return replace(
            found,
            shift=known.shift,
            histogram=column.bins,
            infinite=column.infinite,
            minimum=column.minimum,
            maximum=column.maximum,
            total=rounded(column.total),
            squares=rounded(column.squares),
            distinct=min(len(column.bins), column.rows),
        )
    if known.kind == "time":
        distinct = column.words.distinct
        return filled(found, column.hours, column.weekdays, column.minimum, column.maximum, distinct)
    if known.kind == "identifier":
        return replace(found, distinct=column.words.distinct)
    kept = column.words.most_frequent(MOST_CATEGORIES)
    rest = column.words.total - sum(kept.values())
    return replace(found, categories=kept, rest=rest, distinct=column.words.distinct)


def _infinite(raw: pd.Series) -> int:
    from pandas.api import types

    return int(np.isinf(raw.to_numpy(dtype=float, na_value=np.nan)).sum()) if types.is_numeric_dtype(raw.dtype) else 0


def _infinite_bins(raw: pd.Series) -> Mapping[int, int]:
    numbers = raw.to_numpy(dtype=float, na_value=np.nan)
    return histogram.counted(numbers[np.isinf(numbers)], 0.0)


def _blank(raw: pd.Series) -> int:
    if kind_of(raw) != WORD:
        return 0
    said = raw.dropna().astype(str)
    return int((said.str.strip() == "").sum()) if len(said) else 0


def _least(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else min(a, b)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
