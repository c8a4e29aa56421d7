"""Cut a data set into windows: by its time, by so many rows, by a column's values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import UsageError
from nbops.monitoring.times import time_columns, times_of

if TYPE_CHECKING:
    import pandas as pd

MOST_WINDOWS = 2_000
_UNITS = {"hour": "h", "day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
_ROWS = re.compile(r"(\d[\d_,]*)\s*rows?")
_SHOWN = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """A frame's rows by window, in the order of the windows.

    ``bounds`` has shape ``(windows + 1,)``: window ``i`` is ``order[bounds[i]:bounds[i + 1]]``, or these very positions where
    ``order`` is ``None`` because the rows came in order. ``labels`` of weeks are their Mondays. ``incomplete`` names the first
    and last windows that the data do not fill, ``unplaced`` counts rows without a time, ``columns`` are those the cut was made by.
    """

    frame: pd.DataFrame
    by: str
    labels: tuple[str, ...]
    bounds: np.ndarray[Any, np.dtype[np.int64]]
    order: np.ndarray[Any, np.dtype[np.int64]] | None = None
    incomplete: tuple[str, ...] = ()
    unplaced: int = 0
    columns: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> list[int]:
        """Rows of each window."""
        return [int(count) for count in np.diff(self.bounds)]

    @property
    def places(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The window of each row of the frame, shape ``(rows,)``; -1 for those in none."""
        found = np.full(len(self.frame), -1, np.int64)
        inside = np.arange(self.bounds[0], self.bounds[-1]) if self.order is None else self.order
        found[inside] = np.repeat(np.arange(len(self.labels)), np.diff(self.bounds))
        return found

    def frames(self) -> Iterator[pd.DataFrame]:
        """Give the rows of one window after the other; no two windows' copies are held at once."""
        for first, end in pairwise(self.bounds):
            yield self.frame.iloc[first:end] if self.order is None else self.frame.iloc[self.order[first:end]]


def cut(frame: pd.DataFrame, by: str | int, time: str | Sequence[str] | None = None) -> Windows:
    """Cut a frame into windows.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``, in any order.
    by
        ``hour``, ``day``, ``week`` (from Monday), ``month``, ``quarter`` or ``year``; a length that pandas reads as a time
        difference, such as ``7d`` or ``6h``, counted from the first day's midnight; ``1000 rows`` (or the number alone), in the
        order of the time if one is named, else as they come; or a column, each of whose values is a window.
    time
        The column that holds the time, as times, texts, years or seconds since the epoch, or several that make one up, such as
        ``["year", "month", "day"]`` or ``"date,hour"``. Without it the only column of times.

    Raises
    ------
    UsageError
        ``by`` is none of these, there is no such column or none with times, or there would be more than 2,000 windows.
    """
    named = str(by).strip()
    count = _ROWS.fullmatch(named) or re.fullmatch(r"(\d+)", named)
    if count:
        return _by_rows(frame, int(re.sub("[_,]", "", count[1])), time)
    unit = re.sub(r"^1\s*", "", named.lower())
    unit = unit.removesuffix("s") if unit.removesuffix("s") in _UNITS else unit
    length = None if unit in _UNITS else _length(named)
    if unit not in _UNITS and length is None:
        if named in map(str, frame.columns):
            return _by_values(frame, named)
        raise UsageError(
            f"by={by!r} cuts no windows.",
            hint=f"Give {', '.join(_UNITS)}, a length such as '7d', '1000 rows', 'file', or a column.",
        )
    columns = time_columns(frame, time)
    moments = times_of(frame, columns)
    codes, start, shape = _calendar(moments, unit) if length is None else _lengths(moments, length)

    def labels(used: Any) -> list[str]:
        if unit == "quarter":
            return [f"{moment.year}-Q{moment.quarter}" for moment in start(used)]
        return list(start(used).strftime(shape))

    found, used = _grouped(frame, unit if length is None else named, codes, labels, columns)
    return replace(found, incomplete=_incomplete(found, moments, start(used), start(used + 1)))


def _by_rows(frame: pd.DataFrame, size: int, time: str | Sequence[str] | None) -> Windows:
    if size < 1:
        raise UsageError("A window needs at least 1 row.")
    columns = time_columns(frame, time) if time is not None else ()
    order, rows = None, len(frame)
    if columns:
        moments = times_of(frame, columns).to_numpy()
        order = np.argsort(moments, kind="stable")[: int(np.sum(~np.isnat(moments)))]
        rows = len(order)
    bounds = np.append(np.arange(0, rows, size), rows)
    _few(len(bounds) - 1)
    labels = tuple(f"rows {first + 1}–{end}" for first, end in pairwise(bounds))
    short = labels[-1:] if labels and bounds[-1] - bounds[-2] < size else ()
    return Windows(
        frame=frame,
        by=f"{size} rows",
        labels=labels,
        bounds=bounds,
        order=order,
        incomplete=short,
        unplaced=len(frame) - rows,
        columns=columns,
    )


def _by_values(frame: pd.DataFrame, column: str) -> Windows:
    import pandas as pd

    values = frame.iloc[:, [str(name) for name in frame.columns].index(column)]
    codes, found = pd.factorize(values, sort=True)
    _few(len(found))
    codes = np.where(codes < 0, _NEVER, codes).astype(np.int64)
    return _grouped(frame, column, codes, lambda used: [str(found[code]) for code in used], (column,))[0]


def _length(text: str) -> Any:
    import pandas as pd

    try:
        # pandas wants the day as a capital letter, people write it small.
        found = pd.Timedelta(re.sub(r"(?<=\d)\s*d$", "D", text))
    except ValueError:
        return None
    return found if found > pd.Timedelta(0) else None


def _calendar(moments: pd.Series, unit: str) -> tuple[Any, Any, str]:
    """Give the number of each row's window, when windows of given numbers start, and how that is written."""
    frequency = _UNITS[unit]
    codes = moments.dt.to_period(frequency).array.asi8
    return (
        codes,
        lambda used: _periods(used, frequency).start_time,
        _SHOWN.get(unit, ""),
    )


def _periods(numbers: Any, frequency: str) -> Any:
    import pandas as pd

    return pd.PeriodIndex.from_ordinals(np.asarray(numbers), freq=frequency)  # type: ignore[attr-defined]


def _lengths(moments: pd.Series, length: pd.Timedelta) -> tuple[Any, Any, str]:
    import pandas as pd

    origin = moments.min().normalize()
    codes = np.where(moments.isna(), 0, (moments - origin) // length).astype(np.int64)
    codes[moments.isna().to_numpy()] = _NEVER
    days = length % pd.Timedelta(days=1) == pd.Timedelta(0)
    return (
        codes,
        lambda used: origin + pd.TimedeltaIndex(np.asarray(used) * length),
        "%Y-%m-%d" if days else ("%Y-%m-%d %H:%M"),
    )


def _grouped(
    frame: pd.DataFrame, by: str, codes: Any, labels: Callable[[Any], list[str]], columns: tuple[str, ...]
) -> tuple[Windows, Any]:
    placed = codes != _NEVER
    unplaced = int(len(codes) - placed.sum())
    order = None
    if unplaced or (np.diff(codes) < 0).any():
        order = np.flatnonzero(placed)
        order = order[np.argsort(codes[order], kind="stable")]
        codes = codes[order]
    used = np.unique(codes)
    if len(used) and used[-1] - used[0] < MOST_WINDOWS:
        # A window without a row is told too: that nothing came is news. One wrong date must not make a million of them.
        used = np.arange(used[0], used[-1] + 1)
    _few(len(used))
    bounds = np.append(np.searchsorted(codes, used), len(codes)).astype(np.int64)
    found = Windows(
        frame=frame, by=by, labels=tuple(labels(used)), bounds=bounds, order=order, unplaced=unplaced, columns=columns
    )
    return found, used


def _incomplete(windows: Windows, moments: pd.Series, starts: Any, ends: Any) -> tuple[str, ...]:
    """Name the first and last window if more is missing at their outer end than anywhere inside and at the others' ends."""
    times = moments.to_numpy()
    times = times if windows.order is None else times[windows.order]
    bounds, found = windows.bounds, []
    used = np.flatnonzero(np.diff(bounds) > 0)
    if not len(used):
        return ()
    lows = [times[bounds[i] : bounds[i + 1]].min() for i in used]
    highs = [times[bounds[i] : bounds[i + 1]].max() for i in used]
    before = [low - starts[i].to_datetime64() for low, i in zip(lows, used, strict=True)]
    after = [ends[i].to_datetime64() - high for high, i in zip(highs, used, strict=True)]
    for at, gaps in ((0, before), (-1, after)):
        i = used[at]
        pauses = np.diff(np.unique(times[bounds[i] : bounds[i + 1]]))
        others = gaps[1:] if at == 0 else gaps[:-1]
        known = [*pauses, *others]
        if known and gaps[at] > max(known) and windows.labels[i] not in found:
            found.append(windows.labels[i])
    return tuple(found)


def _few(windows: int) -> None:
    if windows > MOST_WINDOWS:
        raise UsageError(
            f"That makes {windows:,} windows; at most {MOST_WINDOWS:,} are compared.", hint="Cut longer ones."
        )
