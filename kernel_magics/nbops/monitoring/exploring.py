"""Look at one column, window and segment of a comparison at a time: profiles are made once, every look compares two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.data.values import word_of
from nbops.errors import DataError, UsageError
from nbops.monitoring.drift import drift
from nbops.monitoring.further import rows_of
from nbops.monitoring.window_profiles import Cut, profiled
from nbops.monitoring.windows import drift_by_window

if TYPE_CHECKING:
    import pandas as pd

    from nbops.monitoring.report import DriftReport

EVERYTHING = "all"
_MOST_VALUES, _MOST_COLUMNS = 12, 12
_FEWEST = 30
_TRUTH = {"True": "1", "False": "0"}


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows where a column has a value; all rows where ``column`` is empty."""

    column: str = ""
    value: str = ""

    @property
    def label(self) -> str:
        """What it is called."""
        return f"{self.column} = {self.value}" if self.column else "all rows"


@dataclass(slots=True)
class _Part:
    """A segment: its reference, its rows as one profile and by window, and what was compared already."""

    reference: Profile
    whole: Profile
    cut: Cut | None
    windows: dict[str, Any] | None = None
    reports: dict[str, DriftReport] = field(default_factory=dict)


class Exploration:
    """Windows and segments of two data sets, to be looked at one by one.

    Parameters
    ----------
    reference, current
        As for :func:`nbops.monitoring.drift.drift`. Where the reference is a stored profile, every segment is compared with the
        whole of it, and ``note`` says so.
    by, time
        Cut the current data into windows, as :func:`nbops.monitoring.cutting.cut` does; without ``by`` there is one window, all.
    alpha
        Largest probability of any false alarm in one look at all columns.

    Raises
    ------
    DataError
        A data set cannot be read, has no rows, or shares no column with the other.
    UsageError
        ``by`` or ``time`` cannot be used.
    """

    def __init__(
        self, reference: Any, current: Any, *, by: str | int | None = None, time: Any = None, alpha: float = 0.05
    ) -> None:
        self._by, self._time, self._alpha = by, time, alpha
        self._rows: pd.DataFrame | None = None
        self._current = rows_of(current)
        if isinstance(reference, Profile):
            before = reference
        else:
            self._rows = rows_of(reference)
            before = profile_frame(self._rows)
        self.note = (
            "segments are compared with the whole reference, whose rows are not kept" if self._rows is None else ""
        )
        self._parts = {Segment(): self._part(before, self._current)}
        whole = self.report()
        self.columns = tuple(c.name for c in whole.columns if c.status != "not compared")
        if not self.columns:
            raise DataError("There is no column that can be compared.")
        cut = self._parts[Segment()].cut
        self.windows: tuple[str, ...] = (EVERYTHING, *(cut.labels if cut else ()))
        self.segments = (Segment(), *self._segments(before))

    def report(self, window: str = EVERYTHING, segment: Segment | None = None) -> DriftReport:
        """Compare a window of a segment with the reference; the second time it is remembered.

        Raises
        ------
        DataError
            There are no rows.
        UsageError
            There is no such window.
        """
        part = self._of(segment or Segment())
        if window not in part.reports:
            current = self._window(part, window)
            if not current.rows:
                raise DataError("There are no rows in this window and segment.")
            part.reports[window] = drift(part.reference, current, alpha=self._alpha)
        return part.reports[window]

    def trend(self, segment: Segment | None = None) -> dict[str, Any]:
        """Give what :func:`nbops.monitoring.windows.drift_by_window` finds in a segment; empty without windows or rows."""
        part = self._of(segment or Segment())
        if part.windows is None:
            able = part.cut is not None and any(profile.rows for profile in part.cut.profiles)
            part.windows = drift_by_window(part.reference, part.cut, alpha=self._alpha) if able and part.cut else {}
        return part.windows

    def _window(self, part: _Part, window: str) -> Profile:
        if window == EVERYTHING:
            return part.whole
        if part.cut is None or window not in self.windows:
            raise UsageError(f"There is no window {window!r}.", hint=f"There are {', '.join(self.windows[:12])}.")
        # A segment may have no rows in the first or last windows, and then does not know them.
        place = part.cut.labels.index(window) if window in part.cut.labels else None
        return Profile(0, ()) if place is None else part.cut.profiles[place]

    def _of(self, segment: Segment) -> _Part:
        if segment not in self._parts:
            if segment not in self.segments:
                raise UsageError(f"There is no segment {segment.label!r}.")
            before = self._parts[Segment()].reference
            if self._rows is not None:
                before = profile_frame(_where(self._rows, segment), before)
            if not before.rows:
                raise DataError(f"The reference has no rows where {segment.label}.")
            self._parts[segment] = self._part(before, _where(self._current, segment))
        return self._parts[segment]

    def _part(self, before: Profile, rows: pd.DataFrame) -> _Part:
        cut = profiled(before, rows, self._by, self._time) if self._by is not None and len(rows) else None
        return _Part(before, profile_frame(rows, before), cut)

    def _segments(self, before: Profile) -> list[Segment]:
        """Give the values of columns with few of them, the most frequent first; rare ones have too few rows to tell."""
        whole = self._parts[Segment()].whole
        found = []
        for column in before.columns:
            now = whole.column(column.name)
            if now is None:
                continue
            known, seen = self._counted(column, now)
            if not 1 < len(known) <= _MOST_VALUES:
                continue
            values = sorted(known, key=lambda value: -known[value])
            enough = [value for value in values if known[value] >= _FEWEST and seen.get(value, 0) >= _FEWEST]
            found.append([Segment(column.name, value) for value in enough])
        return [segment for segments in found[:_MOST_COLUMNS] for segment in segments]

    def _counted(self, column: ColumnProfile, now: ColumnProfile) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Give how often each value comes on both sides; nothing where a column has no values to choose from."""
        if column.kind in ("category", "boolean"):
            return column.categories, now.categories
        # A few whole numbers are codes; they are counted in the rows, since a profile keeps bins of them.
        if column.kind == now.kind == "number" and self._rows is not None and column.distinct <= _MOST_VALUES:
            known = _codes(self._rows, column.name)
            return known, _codes(self._current, column.name) if known else {}
        return {}, {}


def _codes(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """Count the values of a column of whole numbers; of others nothing."""
    names = [str(name) for name in frame.columns]
    if column not in names:
        return {}
    counts = frame.iloc[:, names.index(column)].value_counts()
    found: dict[str, int] = {}
    for value, count in counts.items():
        word = word_of(value)
        if not word.removeprefix("-").isdigit():
            return {}
        found[word] = found.get(word, 0) + int(count)
    return found


def _where(frame: pd.DataFrame, segment: Segment) -> pd.DataFrame:
    names: Sequence[str] = [str(name) for name in frame.columns]
    if segment.column not in names:
        return frame.iloc[:0]
    values = frame.iloc[:, names.index(segment.column)]
    # The same value may be 1, 1.0 or true on one of the sides.
    words = values.astype(object).map(word_of, na_action="ignore")
    return frame[values.notna() & words.isin([segment.value, _TRUTH.get(segment.value, segment.value)])]
