"""Columns of times: when they begin and end, and at which hours and on which weekdays they lie.

A time moves on by nature, so that its values are never compared; the hours and weekdays are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from nbops.data.profile import ColumnProfile

HOURS = tuple(str(hour) for hour in range(24))
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# The first day of the epoch was a Thursday.
_FIRST_WEEKDAY = 3


def clock_of(values: pd.Series) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Give the times that are there as ``datetime64``, twice, each of shape ``(n,)``.

    Returns
    -------
    tuple
        As the clock of their own zone shows them, and in UTC. Without a zone both are the same.
    """
    present = values.dropna()
    if hasattr(present.dtype, "freq") and hasattr(present.dt, "to_timestamp"):
        present = present.dt.to_timestamp()
    if getattr(present.dt, "tz", None) is None:
        found = present.to_numpy(dtype="datetime64[ns]" if present.dtype.kind == "O" else None)
        return found, found
    own = present.dt.tz_localize(None).to_numpy()
    return own, present.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()


def hours_and_weekdays(times: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Count times by hour of the day, shape ``(24,)``, and by day of the week from Monday, shape ``(7,)``."""
    hours = times.astype("datetime64[h]").astype(np.int64)
    by_week = np.bincount((hours + 24 * _FIRST_WEEKDAY) % (7 * 24), minlength=7 * 24).reshape(7, 24)
    return by_week.sum(axis=0), by_week.sum(axis=1)


def time_column(base: ColumnProfile, values: pd.Series) -> ColumnProfile:
    """Fill in what is known of a column of times; ``minimum`` and ``maximum`` are seconds since 1970 in UTC."""
    own, utc = clock_of(values)
    return filled(base, *hours_and_weekdays(own), *range_of(utc), int(values.nunique()))


def range_of(times: np.ndarray[Any, Any]) -> tuple[float | None, float | None]:
    """Give the first and the last time in seconds since 1970."""
    if not len(times):
        return None, None
    ends = (end.astype("datetime64[us]").astype(np.int64) for end in (times.min(), times.max()))
    first, last = (int(end) / 1e6 for end in ends)
    return first, last


def filled(
    base: ColumnProfile,
    hours: np.ndarray[Any, Any],
    weekdays: np.ndarray[Any, Any],
    minimum: float | None,
    maximum: float | None,
    distinct: int,
) -> ColumnProfile:
    """Give the profile of a column of times from its counts."""
    aspects = (counted_aspect(base, "hour", HOURS, hours), counted_aspect(base, "weekday", WEEKDAYS, weekdays))
    return replace(base, kind="time", minimum=minimum, maximum=maximum, distinct=distinct, aspects=aspects)


def counted_aspect(
    base: ColumnProfile, name: str, words: tuple[str, ...], counts: np.ndarray[Any, Any]
) -> ColumnProfile:
    """Give an aspect that is a category from how often each of its words comes."""
    pairs = [(word, int(count)) for word, count in zip(words, counts, strict=True) if count]
    found = dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
    return replace(
        base, name=name, kind="category", dtype="str", categories=found, distinct=len(found), aspects=(), parsed=0.0
    )
