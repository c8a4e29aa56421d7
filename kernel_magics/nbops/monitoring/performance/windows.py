"""Windows that predictions fall into: days, weeks, months, so many rows, or all."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_WINDOW = re.compile(r"(?P<count>\d[\d_]*)?\s*(?P<unit>[a-z]+)", re.IGNORECASE)
_MINUTES = {"m": 60.0, "min": 60.0, "minute": 60.0}
_SECONDS = {**_MINUTES, "h": 3600.0, "hour": 3600.0, "d": 86_400.0, "day": 86_400.0, "w": 604_800.0, "week": 604_800.0}
_CALENDAR = {"month": 1, "quarter": 3, "y": 12, "year": 12}
# The first Monday after the epoch, which was a Thursday.
_MONDAY = 4 * 86_400.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Length:
    """How long a window is: ``rows``, ``seconds`` or ``months``, the others zero; all zero for everything."""

    rows: int = 0
    seconds: float = 0.0
    months: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A window from ``start`` until before ``end`` (seconds since the epoch), with the rows from ``first`` until before ``last``.

    ``closed`` says whether no further row can fall into it once ``end`` has passed.
    """

    label: str
    start: float
    end: float
    first: int
    last: int
    closed: bool = True


def length_of(window: str) -> Length:
    """Read the length of windows: ``1d``, ``7d``, ``12h``, ``30 min``, ``2 weeks``, ``1 month``, ``1 year``, ``1000 rows`` or ``all``.

    Raises
    ------
    UsageError
        It is none.
    """
    text = window.strip().lower()
    if text == "all":
        return Length()
    match = _WINDOW.fullmatch(text)
    if match is not None:
        count = int((match["count"] or "1").replace("_", ""))
        unit = match["unit"]
        unit = unit if unit in {*_SECONDS, *_CALENDAR} else unit.removesuffix("s")
        if count and unit in _SECONDS:
            return Length(seconds=count * _SECONDS[unit])
        if count and unit in _CALENDAR:
            return Length(months=count * _CALENDAR[unit])
        if count and unit == "row":
            return Length(rows=count)
    raise UsageError(f"{window!r} is no window.", hint="Write 1d, 12h, 2 weeks, 1 month, 1000 rows or all.")


def parts(
    at: Any, window: str, start: float | None = None, end: float | None = None, *, from_end: bool = False
) -> list[Window]:
    """Part rows, given by their sorted times, into windows; those without rows are left out.

    Windows of hours, days, weeks, months and years begin where those do in UTC, or at ``start`` if that is given and they are
    no calendar months. Windows of rows are counted from the first, or with ``from_end`` from the last.

    Raises
    ------
    UsageError
        ``window`` is none, or there would be more than 10,000.
    """
    length = length_of(window)
    at = np.asarray(at, dtype=float)
    if length == Length():
        first = start if start is not None else (float(at[0]) if len(at) else 0.0)
        last = end if end is not None else (float(np.nextafter(at[-1], np.inf)) if len(at) else first)
        return [Window("all", first, last, 0, len(at), closed=end is not None)]
    if not len(at):
        return []
    if length.rows:
        return _newest_by_rows(at, length.rows) if from_end else _by_rows(at, length.rows)
    edges = _edges(float(at[0]), float(at[-1]), length, start)
    places = np.searchsorted(at, edges, "left")
    return [
        Window(_label(edges[i], length), float(edges[i]), float(edges[i + 1]), int(places[i]), int(places[i + 1]))
        for i in range(len(edges) - 1)
        if places[i + 1] > places[i]
    ]


def newest(frame: pd.DataFrame, window: str) -> pd.DataFrame:
    """Give the newest rows of a frame that is sorted by ``at``.

    Raises
    ------
    UsageError
        ``window`` is none.
    """
    length = length_of(window)
    if length.rows:
        return frame.tail(length.rows)
    seconds = length.seconds or length.months * 30.4375 * 86_400.0
    return frame[frame["at"] > frame["at"].max() - seconds] if seconds and len(frame) else frame


def _by_rows(at: Any, rows: int) -> list[Window]:
    if len(at) / rows > _MOST:
        raise UsageError(f"There would be more than {_MOST:,} windows of {rows} rows.")
    found = []
    for first in range(0, len(at), rows):
        last = min(first + rows, len(at))
        end = float(at[last]) if last < len(at) else float(np.nextafter(at[-1], np.inf))
        label = f"{first + 1:,}–{last:,}"
        found.append(Window(label, float(at[first]), end, first, last, closed=last - first == rows))
    return found


def _newest_by_rows(at: Any, rows: int) -> list[Window]:
    found = []
    for last in range(len(at), 0, -rows):
        first = max(0, last - rows)
        end = float(at[last]) if last < len(at) else float(np.nextafter(at[-1], np.inf))
        # They have no numbers that stay, so their times name them.
        label = _label(at[first], Length(rows=rows))
        found.append(Window(label, float(at[first]), end, first, last, closed=last < len(at)))
    return found[::-1]


def _edges(first: float, last: float, length: Length, start: float | None) -> Any:
    if length.months:
        return _months(first, last, length.months)
    step = length.seconds
    if start is None:
        offset = _MONDAY if step % 604_800.0 == 0 else 0.0
        start = np.floor((first - offset) / step) * step + offset
    count = int((last - start) // step) + 2
    if count > _MOST:
        raise UsageError(f"There would be {count:,} windows.", hint="Choose longer windows, or a shorter time.")
    return start + step * np.arange(count)


def _months(first: float, last: float, months: int) -> Any:
    moment = dt.datetime.fromtimestamp(first, dt.UTC)
    number = (moment.year * 12 + moment.month - 1) // months * months
    edges: list[float] = []
    while not edges or edges[-1] <= last:
        edges.append(dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=dt.UTC).timestamp())
        number += months
    return np.array(edges)


def _label(start: float, length: Length) -> str:
    moment = dt.datetime.fromtimestamp(float(start), dt.UTC)
    if length.months:
        return f"{moment:%Y}" if length.months % 12 == 0 else f"{moment:%Y-%m}"
    return f"{moment:%Y-%m-%d}" if start % 86_400 == 0 and length.seconds % 86_400 == 0 else f"{moment:%Y-%m-%d %H:%M}"
