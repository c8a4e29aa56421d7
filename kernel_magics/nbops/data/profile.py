"""A profile instead of rows: what drift and validation need of a frame, small and exactly mergeable.

Numbers are kept as a data-independent histogram (:mod:`nbops.data.histogram`), categories as counts, times as
counts of hours and weekdays. Profiles of parts of a frame, made with the same shifts, add up to the profile of the
whole, bit by bit.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import histogram
from nbops.data.times import time_column
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 10_000
IDENTIFIER_SHARE = 0.95
IDENTIFIER_ROWS = 50
NUMBER_SHARE = 0.9
NUMBER_DISTINCT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """The profile of one column.

    ``kind`` is ``number``, ``category``, ``boolean``, ``time``, ``identifier`` or ``empty``. ``histogram`` maps bin to count
    (numbers), ``categories`` value to count (categories and booleans); ``rest`` counts rows of categories beyond the
    10,000 most frequent. ``minimum`` … ``maximum`` and the sums are exact and of finite numbers only. ``parsed`` is the share
    of non-null texts that read as numbers. ``binned`` says that it was made small
    (:mod:`nbops.data.compact`), ``folds`` over how many groups categories without a name are spread. ``aspects`` are profiles
    of what is looked at of a column that cannot be compared as it is: hour and weekday of a time, length of a text.
    ``sentinels`` counts numbers that look like a mark for missing.
    """

    name: str
    kind: str
    dtype: str
    rows: int
    nulls: int = 0
    shift: float = 0.0
    histogram: dict[int, int] = field(default_factory=dict)
    infinite: int = 0
    minimum: float | None = None
    maximum: float | None = None
    total: float = 0.0
    squares: float = 0.0
    categories: dict[str, int] = field(default_factory=dict)
    rest: int = 0
    distinct: int = 0
    parsed: float = 0.0
    blank: int = 0
    binned: bool = False
    folds: int = 0
    aspects: tuple[ColumnProfile, ...] = ()
    sentinels: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows that are not null."""
        return self.rows - self.nulls

    @property
    def mean(self) -> float | None:
        """Mean of the finite numbers."""
        count = self.count - self.infinite
        return self.total / count if count > 0 and self.minimum is not None else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the finite numbers (population form)."""
        count = self.count - self.infinite
        if count <= 0 or self.minimum is None:
            return None
        # The sums are taken after the shift, which keeps the difference from cancelling.
        mean = self.total / count - self.shift
        return float(np.sqrt(max(0.0, self.squares / count - mean * mean)))

    def quantile(self, share: float) -> float | None:
        """Give a quantile from the histogram, within a bin's width."""
        counts, middles = dense(self)
        if not counts.sum():
            return None
        position = int(np.searchsorted(np.cumsum(counts), share * counts.sum(), "left"))
        return float(middles[min(position, len(middles) - 1)] + self.shift)


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of a frame: its columns in order, and how many rows repeat an earlier one (``None``: not counted)."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicates: int | None = None

    def column(self, name: str) -> ColumnProfile | None:
        """Give a column by name, ``None`` if the frame has none of it."""
        return next((column for column in self.columns if column.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; histograms are packed (bin and count pairs, zlib, base64)."""
        found: dict[str, Any] = {"version": 1, "rows": self.rows, "columns": [_packed(c) for c in self.columns]}
        return found if self.duplicates is None else {**found, "duplicates": self.duplicates}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Profile:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        DataError
            It is no profile, or one of a newer nbops.
        """
        if data.get("version") != 1:
            raise DataError(f"This is no profile that nbops can read (version {data.get('version')!r}).")
        columns = tuple(_unpacked(column) for column in data["columns"])
        return cls(data["rows"], columns, data.get("duplicates"))

    def merge(self, other: Profile) -> Profile:
        """Give the profile of both frames together.

        Raises
        ------
        DataError
            The columns differ, or were profiled with different shifts.
        """
        if [c.name for c in self.columns] != [c.name for c in other.columns]:
            raise DataError("Profiles of different columns cannot be merged.")
        merged = tuple(_merged(a, b) for a, b in zip(self.columns, other.columns, strict=True))
        return Profile(self.rows + other.rows, merged)


def profile_frame(frame: pd.DataFrame, reference: Profile | None = None) -> Profile:
    """Profile a frame in one pass per column.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    reference
        Take kinds and shifts from this profile, so that both can be compared and merged.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"The frame has two columns {twice!r}.", hint="Rename one of them.")
    columns = [
        _profile_column(name, frame.iloc[:, position], reference.column(name) if reference else None)
        for position, name in enumerate(names)
    ]
    return Profile(len(frame), tuple(columns))


def dense(column: ColumnProfile) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give counts and middles of all finite bins in ascending order, both of the same shape; the shift is not added."""
    bins, middles = histogram.finite_bins()
    found = np.zeros(1 << (9 + histogram.BITS), np.int64)
    if column.histogram:
        found[np.fromiter(column.histogram, np.int64)] = np.fromiter(column.histogram.values(), np.int64)
    return found[bins], middles


def _profile_column(name: str, values: pd.Series, reference: ColumnProfile | None) -> ColumnProfile:
    from pandas.api import types

    base = ColumnProfile(
        name=name, kind="empty", dtype=str(values.dtype), rows=len(values), nulls=int(values.isna().sum())
    )
    if base.nulls == base.rows:
        return base
    if types.is_bool_dtype(values.dtype):
        return _counted(base, values.astype("object"), "boolean")
    if types.is_datetime64_any_dtype(values.dtype) or isinstance(values.dtype, _period_type()):
        return time_column(base, values)
    if types.is_timedelta64_dtype(values.dtype):
        return number_column(base, values.dt.total_seconds().to_numpy(), reference)
    if types.is_integer_dtype(values.dtype) and _counts_rows(values, base, reference):
        return replace(base, kind="identifier", distinct=base.count)
    if types.is_numeric_dtype(values.dtype) and not types.is_complex_dtype(values.dtype):
        return number_column(base, values.to_numpy(dtype=float, na_value=np.nan), reference)
    return _texts(base, values, reference)


def _counts_rows(values: pd.Series, base: ColumnProfile, reference: ColumnProfile | None) -> bool:
    """Whether whole numbers merely number the rows: all different, and hardly more values than rows."""
    if reference is not None:
        return reference.kind == "identifier"
    if base.nulls or base.rows < IDENTIFIER_ROWS or int(values.max()) - int(values.min()) >= 2 * base.rows:
        return False
    return bool(values.is_unique)


def _period_type() -> type:
    import pandas as pd

    return pd.PeriodDtype


def number_column(base: ColumnProfile, values: Any, reference: ColumnProfile | None = None) -> ColumnProfile:
    """Fill in what is known of a column of numbers, an array of floats of shape ``(n,)``."""
    values = values[~np.isnan(values)]
    shift = reference.shift if reference and reference.kind == "number" else histogram.median_shift(values)
    found = histogram.counted(values, shift)
    finite = values[np.isfinite(values)]
    moved = finite - shift
    return replace(
        base,
        kind="number",
        shift=shift,
        histogram=found,
        infinite=int(np.isinf(values).sum()),
        minimum=float(finite.min()) if len(finite) else None,
        maximum=float(finite.max()) if len(finite) else None,
        total=float(finite.sum()),
        squares=float((moved * moved).sum()),
        distinct=int(min(len(found), base.rows)),
    )


def _texts(base: ColumnProfile, values: pd.Series, reference: ColumnProfile | None) -> ColumnProfile:
    import pandas as pd

    present = values.dropna().astype(str)
    blank = int((present.str.strip() == "").sum())
    known = present.drop_duplicates()
    share = float(pd.to_numeric(known, errors="coerce").notna().mean())
    distinct = len(known)
    if share >= NUMBER_SHARE and distinct > NUMBER_DISTINCT and (reference is None or reference.kind == "number"):
        # Numbers that came as text because a few cells are blank or hold a word.
        numbers = pd.to_numeric(values, errors="coerce")
        found = number_column(replace(base, nulls=int(numbers.isna().sum())), numbers.to_numpy(dtype=float), reference)
        return replace(found, parsed=share, blank=blank)
    column = _counted(base, present, "category")
    unique = distinct >= IDENTIFIER_SHARE * base.count and base.count >= IDENTIFIER_ROWS
    kind = reference.kind if reference and reference.kind in {"category", "identifier"} else "category"
    if reference is None and unique and share < 0.5:
        kind = "identifier"
    if kind == "identifier":
        return replace(base, kind=kind, distinct=distinct, parsed=share, blank=blank)
    return replace(column, parsed=share, blank=blank)


def _counted(base: ColumnProfile, values: pd.Series, kind: str) -> ColumnProfile:
    found = values.dropna().astype(str).value_counts()
    # Ties in frequency are settled by name, so that a profile does not depend on the order of rows.
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = {str(name): int(count) for name, count in ordered[:MOST_CATEGORIES]}
    return replace(base, kind=kind, categories=kept, rest=int(found.sum()) - sum(kept.values()), distinct=len(found))


def _merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    if a.kind == "empty" or b.kind == "empty":
        full, other = (b, a) if a.kind == "empty" else (a, b)
        return _with_nulls(full, other.rows)
    if (a.kind, a.shift) != (b.kind, b.shift) or a.binned or b.binned:
        raise DataError(
            f"Profiles of {a.name!r} were made differently and cannot be merged.",
            hint="Profile the parts with the same reference.",
        )
    bins = {k: a.histogram.get(k, 0) + b.histogram.get(k, 0) for k in sorted(a.histogram.keys() | b.histogram.keys())}
    words = {k: a.categories.get(k, 0) + b.categories.get(k, 0) for k in a.categories.keys() | b.categories.keys()}
    ordered = sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))
    lows = [c.minimum for c in (a, b) if c.minimum is not None]
    highs = [c.maximum for c in (a, b) if c.maximum is not None]
    return replace(
        a,
        rows=a.rows + b.rows,
        nulls=a.nulls + b.nulls,
        histogram=bins,
        infinite=a.infinite + b.infinite,
        minimum=min(lows) if lows else None,
        maximum=max(highs) if highs else None,
        total=a.total + b.total,
        squares=a.squares + b.squares,
        categories=dict(ordered[:MOST_CATEGORIES]),
        rest=a.rest + b.rest + sum(count for _, count in ordered[MOST_CATEGORIES:]),
        distinct=max(len(bins) or len(words), a.distinct, b.distinct),
        blank=a.blank + b.blank,
        aspects=tuple(_merged(one, other) for one, other in zip(a.aspects, b.aspects, strict=True)),
        sentinels={k: a.sentinels.get(k, 0) + b.sentinels.get(k, 0) for k in sorted({**a.sentinels, **b.sentinels})},
    )


def _with_nulls(column: ColumnProfile, rows: int) -> ColumnProfile:
    """Add rows that are missing in a column, and so in all that is looked at of it."""
    aspects = tuple(_with_nulls(aspect, rows) for aspect in column.aspects)
    return replace(column, rows=column.rows + rows, nulls=column.nulls + rows, aspects=aspects)


def _packed(column: ColumnProfile) -> dict[str, Any]:
    found = {name: getattr(column, name) for name in ColumnProfile.__dataclass_fields__ if name != "histogram"}
    found["aspects"] = [_packed(aspect) for aspect in column.aspects]
    pairs = np.array([*column.histogram, *column.histogram.values()], dtype="<i8")
    packed = base64.b64encode(zlib.compress(pairs.tobytes(), 6)).decode("ascii") if len(pairs) else ""
    return {**found, "histogram": packed}


def _unpacked(data: dict[str, Any]) -> ColumnProfile:
    packed = base64.b64decode(data["histogram"])
    pairs = np.frombuffer(zlib.decompress(packed), "<i8") if packed else np.zeros(0, "<i8")
    half = len(pairs) // 2
    found = dict(zip((int(b) for b in pairs[:half]), (int(c) for c in pairs[half:]), strict=True))
    aspects = tuple(_unpacked(aspect) for aspect in data.get("aspects", ()))
    return ColumnProfile(**{**data, "histogram": found, "aspects": aspects})
