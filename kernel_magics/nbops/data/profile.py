"""A profile instead of rows: what drift and validation need of a frame, small and exactly mergeable.

Numbers are kept as a data-independent histogram (:mod:`nbops.data.histogram`), categories as counts, times as
counts of hours and weekdays. Profiles of parts of a frame, made with the same shifts, add up to the profile of the
whole, bit by bit.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import histogram
from nbops.data.histogram import Histogram, Scale
from nbops.data.threads import beside
from nbops.errors import DataError
from nbops.records import to_wire

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 10_000
# How sums, bins and hashes are made: profiles made otherwise cannot be added to these.
_VERSION = 3
IDENTIFIER_SHARE = 0.95
IDENTIFIER_ROWS = 50
NUMBER_SHARE = 0.9
NUMBER_DISTINCT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """The profile of one column.

    ``kind`` is ``number``, ``category``, ``boolean``, ``time``, ``text``, ``vector``, ``nested``, ``identifier`` or ``empty``.
    ``histogram`` maps bin to count (numbers), ``categories`` value to count (categories and booleans); ``rest`` counts rows of
    categories beyond the 10,000 most frequent. ``shift`` and ``unit`` are what numbers were counted about. ``minimum`` … ``maximum`` and the sums are of finite numbers only (of
    times the range, in seconds since 1970). ``distinct`` is exact up to 512 (10,000 for categories) and an estimate beyond.
    ``texts`` cells hold text; ``parsed`` is the share of them that read as numbers, truth values or times. ``binned`` says that it
    was made small (:mod:`nbops.data.compact`), ``folds`` over how many groups categories without a name are spread. ``aspects``
    are profiles of what is looked at of a column that cannot be compared as it is: ``hour`` and ``weekday`` of a time;
    ``length``, ``tokens`` and ``characters`` of a text; ``norm`` and ``projection 1`` … ``projection 16`` of a vector.
    ``sentinels`` counts numbers that look like a mark for missing. ``hashes``, ``sums`` and ``marks`` are what lets profiles be
    added exactly.
    """

    name: str
    kind: str
    dtype: str
    rows: int
    nulls: int = 0
    shift: float = 0.0
    unit: int = 0
    histogram: Histogram = field(default_factory=Histogram)
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
    texts: int = 0
    hashes: bytes = b""
    sums: tuple[int, ...] = ()
    marks: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Rows that are not null."""
        return self.rows - self.nulls

    @property
    def mean(self) -> float | None:
        """Mean of the finite numbers."""
        count = self.count - self.infinite
        if count <= 0 or self.minimum is None:
            return None
        return self.minimum if self.minimum == self.maximum else self.total / count

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the finite numbers (population form).

        Exact to 2 to the power of -16 of the usual distance of the reference's numbers from its shift, or of their own distance
        from it where that is a thousand times as large.
        """
        count = self.count - self.infinite
        if count <= 0 or self.minimum is None:
            return None
        if self.minimum == self.maximum:
            return 0.0
        # The sums are taken after the shift, which keeps the difference from cancelling.
        mean = self.total / count - self.shift
        return float(np.sqrt(max(0.0, self.squares / count - mean * mean)))

    @property
    def scale(self) -> Scale:
        """What numbers are counted about."""
        return Scale(self.shift, self.unit)

    def quantile(self, share: float) -> float | None:
        """Give a quantile from the histogram, within a bin's width."""
        counts, middles = dense(self)
        if not counts.sum():
            return None
        position = int(np.searchsorted(np.cumsum(counts), share * counts.sum(), "left"))
        return float(middles[min(position, len(middles) - 1)] + self.shift)


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of a frame: its columns in order, and how many rows repeat an earlier one (``None``: not counted).

    ``left_out`` columns had no room where it was stored. ``of_features`` where these are all that a model takes, so that what other
    data hold besides is no news.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicates: int | None = None
    left_out: int = field(default=0, kw_only=True)
    of_features: bool = field(default=False, kw_only=True)

    def column(self, name: str) -> ColumnProfile | None:
        """Give a column by name, ``None`` if the frame has none of it."""
        return next((column for column in self.columns if column.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON-able values; histograms are packed (bin and count pairs, zlib, base64)."""
        found: dict[str, Any] = {"version": _VERSION, "rows": self.rows, "columns": [_packed(c) for c in self.columns]}
        return found if self.duplicates is None else {**found, "duplicates": self.duplicates}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Profile:
        """Read what :meth:`to_dict` gave.

        Raises
        ------
        DataError
            It is no profile, or one of a newer nbops.
        """
        version = data.get("version") if isinstance(data, dict) else None
        if version != _VERSION:
            raise DataError(f"This is no profile that nbops can read (version {version!r}).")
        try:
            columns = tuple(_unpacked(column) for column in data["columns"])
            return cls(data["rows"], columns, data.get("duplicates"))
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise DataError(f"This is no whole profile of nbops ({type(error).__name__}: {error}).") from error

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
    return _profiled((frame,), reference)[0]


def profile_frames(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[Profile, Profile]:
    """Profile two frames, the second as what the columns of the first are.

    Raises
    ------
    DataError
        Two columns of a frame have the same name.
    """
    before, after = _profiled((reference, current), None)
    return before, after


def _profiled(frames: Sequence[pd.DataFrame], reference: Profile | None) -> tuple[Profile, ...]:
    """Profile frames, each as what the reference or else the first of them that has a column says it is."""
    from nbops.data.counting import profile_values
    from nbops.data.series_values import of_series

    sides = [_columns(frame) for frame in frames]
    known = {} if reference is None else {column.name: column for column in reference.columns}

    def profiled(name: str) -> list[ColumnProfile | None]:
        column, found = known.get(name), []
        for side in sides:
            found.append(profile_values(name, of_series(side[name]), column) if name in side else None)
            column = column or found[-1]
        return found

    def is_apart(name: str) -> bool:
        dtypes = (str(side[name].dtype) for side in sides if name in side)
        return any(dtype.startswith(("str", "datetime", "category")) for dtype in dtypes)

    names = [*dict.fromkeys(name for side in sides for name in side)]
    columns = dict(zip(names, beside(profiled, names, is_apart, max(map(len, frames))), strict=True))
    made = ([columns[name][i] for name in side] for i, side in enumerate(sides))
    return tuple(
        Profile(len(frame), tuple(c for c in side if c is not None)) for frame, side in zip(frames, made, strict=True)
    )


def _columns(frame: pd.DataFrame) -> dict[str, pd.Series]:
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"The frame has two columns {twice!r}.", hint="Rename one of them.")
    return {name: column for name, (_, column) in zip(names, frame.items(), strict=True)}


def dense(column: ColumnProfile) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Give counts and middles of all finite bins in ascending order, both of the same shape; the shift is not added."""
    bins, middles = histogram.finite_bins()
    found = np.zeros(histogram.BINS, np.int64)
    found[column.histogram.bins] = column.histogram.counts
    return found[bins], middles


def _merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    from nbops.data.counted import counted_again

    together = {a.kind, b.kind} - {"empty"}
    shifts = [tuple(_shifts(column)) for column in (a, b) if column.kind != "empty"]
    if len(together) > 1 or len(set(shifts)) > 1 or a.binned or b.binned:
        raise DataError(
            f"Profiles of {a.name!r} were made differently and cannot be merged.",
            hint="Profile the parts with the same reference.",
        )
    found = counted_again(a)
    found.add(counted_again(b))
    return found.finished(b if a.kind == "empty" else a)


def _shifts(column: ColumnProfile) -> Iterator[tuple[str, Scale]]:
    yield column.kind, column.scale
    for aspect in column.aspects:
        yield from _shifts(aspect)


def _packed(column: ColumnProfile) -> dict[str, Any]:
    found = {name: getattr(column, name) for name in ColumnProfile.__dataclass_fields__ if name != "histogram"}
    found["aspects"] = [_packed(aspect) for aspect in column.aspects]
    found["hashes"] = base64.b64encode(column.hashes).decode("ascii")
    counted = column.histogram
    pairs = np.concatenate([np.diff(counted.bins, prepend=0), counted.counts]).astype("<i8")
    # One after the other the lowest bytes of all, then the next: most of the higher ones are nought.
    planes = np.ascontiguousarray(pairs.view(np.uint8).reshape(-1, 8).T).tobytes()
    packed = base64.b64encode(zlib.compress(planes, 6)).decode("ascii") if len(pairs) else ""
    # Sums of huge numbers overflow, and JSON has no infinity.
    return {**to_wire(found), "sums": list(column.sums), "histogram": packed}


def _unpacked(data: dict[str, Any]) -> ColumnProfile:
    packed = base64.b64decode(data["histogram"])
    planes = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(8, -1) if packed else np.zeros((8, 0), np.uint8)
    pairs = np.ascontiguousarray(planes.T).reshape(-1).view("<i8")
    half, rest = divmod(len(pairs), 2)
    if rest:
        raise ValueError("a bin without a count")
    counted = Histogram(np.cumsum(pairs[:half]), pairs[half:].astype(np.int64))
    found: dict[str, Any] = {**data, "histogram": counted}
    found["aspects"] = tuple(_unpacked(aspect) for aspect in data.get("aspects", ()))
    found["hashes"] = base64.b64decode(data.get("hashes", ""))
    found["sums"] = tuple(data.get("sums", ()))
    found |= {name: float(data[name]) for name in ("total", "squares") if name in data}
    return ColumnProfile(**found)
