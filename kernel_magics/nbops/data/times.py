"""Columns of times: when they begin and end, and at which hours and on which weekdays they lie.

A time moves on by nature, so that its values are never compared; the hours and weekdays are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

HOURS = tuple(str(hour) for hour in range(24))
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# The first day of the epoch was a Thursday.
_FIRST_WEEKDAY = 3
_WEEK = 7 * 24
PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_PER_HOUR = {unit: 3600 * many for unit, many in PER_SECOND.items()}
# Only of these clocks of a zone are known: the years of Python's times, but for a day at either end.
_FIRST_KNOWN, _LAST_KNOWN = np.datetime64("0001-01-02"), np.datetime64("9999-12-30")
_AT_ONCE = 1 << 16


def clock_of(values: pd.Series) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give the times that are there as ``datetime64``, twice, each of shape ``(n,)``.

    Returns
    -------
    tuple
        As the clock of their own zone shows them, and in UTC. Without a zone both are the same, and so they are before the year 1
        and after 9999.
    """
    present = values.dropna()
    if hasattr(present.dtype, "freq") and hasattr(present.dt, "to_timestamp"):
        present = present.dt.to_timestamp()
    if getattr(present.dt, "tz", None) is None:
        found = present.to_numpy(dtype="datetime64[ns]" if present.dtype.kind == "O" else None)
        return found, found
    utc = present.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    if not len(utc) or (utc.min() >= _FIRST_KNOWN and utc.max() <= _LAST_KNOWN):
        return present.dt.tz_localize(None).to_numpy(), utc
    own, known = utc.copy(), (utc >= _FIRST_KNOWN) & (utc <= _LAST_KNOWN)
    own[known] = present[known].dt.tz_localize(None).to_numpy()
    return own, utc


def seconds_of(durations: np.ndarray[Any, Any], unit: str) -> np.ndarray[Any, Any]:
    """Give durations, whole numbers of a unit of shape ``(n,)``, in seconds: the same float whichever unit they are held in."""
    found: np.ndarray[Any, Any] = durations / PER_SECOND[unit]
    if unit == "ns":
        micro, rest = np.divmod(durations, 1000)
        found[rest == 0] = micro[rest == 0] / PER_SECOND["us"]
    return found


def hours_and_weekdays(times: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Count times by hour of the day, shape ``(24,)``, and by day of the week from Monday, shape ``(7,)``."""
    by_week = np.zeros(_WEEK, np.int64)
    for first in range(0, len(times), _AT_ONCE):
        part = times[first : first + _AT_ONCE]
        unit, step = np.datetime_data(part.dtype)
        if step == 1 and unit in _PER_HOUR:
            hours = part.view(np.int64) // _PER_HOUR[unit]
        else:
            hours = part.astype("datetime64[h]").astype(np.int64)
        start, end = int(hours.min()), int(hours.max())
        if end - start < _AT_ONCE:
            counts, places = np.bincount(hours - start), np.arange(start, end + 1)
        else:
            places, counts = np.unique(hours, return_counts=True)
        np.add.at(by_week, (places + 24 * _FIRST_WEEKDAY) % _WEEK, counts)
    found = by_week.reshape(7, 24)
    return found.sum(axis=0), found.sum(axis=1)


def range_of(times: np.ndarray[Any, Any]) -> tuple[float | None, float | None]:
    """Give the first and the last time in seconds since 1970."""
    if not len(times):
        return None, None
    # As whole numbers they are compared quicker; none is missing.
    whole = times.view(np.int64)
    return _in_seconds(times[whole.argmin()]), _in_seconds(times[whole.argmax()])


def _in_seconds(time: np.datetime64) -> float:
    """Give a time in seconds since 1970, to the microsecond; 64 bits hold times that they would not hold in microseconds."""
    unit, step = np.datetime_data(time.dtype)
    if step != 1 or unit not in PER_SECOND:
        time, unit = time.astype("datetime64[s]"), "s"
    return (int(time.astype(np.int64)) * PER_SECOND["us"] // PER_SECOND[unit]) / PER_SECOND["us"]
