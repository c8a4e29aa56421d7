"""Columns that tell a time without being of a type of time: years, epoch seconds, counters, dates as text.

They move by nature. That they are others now than in the reference is no drift.
"""

from __future__ import annotations

import re

import numpy as np

from nbops.data import histogram
from nbops.data.profile import ColumnProfile

_SPANS = {
    ("year", "yr", "jahr", "annee", "anno"): ((0, 99), (1900, 2100)),
    ("month", "mnth", "mon", "monat", "mois"): ((0, 12), (190000, 210012)),
    ("day", "dom", "tag", "jour"): ((0, 31),),
    ("week", "woche"): ((0, 53),),
    ("quarter", "qtr"): ((0, 4),),
}
_HINTS = {"time", "timestamp", "date", "datetime", "epoch", "ts", "created", "updated", "modified", "at"}
# Years that nobody names otherwise, and epochs from 1990 to 2100, in seconds to nanoseconds.
_EPOCH = (6.3e8, 4.1e9)
_DATE = re.compile(
    r"\s*(\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?|\d{1,2}[/.]\d{1,2}[/.]\d{4}.*|\d{4}/\d{1,2}/\d{1,2}.*)\s*"
)
_ALMOST_ALL = 0.95
_FEWEST, _FULL = 50, 0.5


def told_time(before: ColumnProfile, after: ColumnProfile) -> str:
    """Say what makes a column tell a time; empty where nothing does."""
    if before.kind == after.kind == "number":
        return _of_numbers(before, after)
    if before.kind == after.kind == "category":
        return "time as text" if _dates(before) and _dates(after) else ""
    return ""


def _of_numbers(before: ColumnProfile, after: ColumnProfile) -> str:
    ends = (before.minimum, before.maximum, after.minimum, after.maximum)
    if any(end is None for end in ends):
        return ""
    low, high = min(before.minimum or 0.0, after.minimum or 0.0), max(before.maximum or 0.0, after.maximum or 0.0)
    whole = all(float(end or 0.0).is_integer() for end in ends)
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", before.name).lower()))
    if whole:
        for names, spans in _SPANS.items():
            if words & set(names) and any(first <= low and high <= last for first, last in spans):
                return f"time: {names[0]}"
    later = (after.minimum or 0.0) > (before.maximum or 0.0)
    epochs = any(_EPOCH[0] * unit <= low and high <= _EPOCH[1] * unit for unit in (1, 1e3, 1e6, 1e9))
    if epochs and (later or words & _HINTS):
        return "time: seconds since 1970"
    return "counts up, as a time or row number does" if whole and _counts(before) and _counts(after) else ""


def _counts(side: ColumnProfile) -> bool:
    """Whether these are whole numbers one after the other, each once: every bin is about as full as whole numbers can make it."""
    bins, counts = side.histogram.bins, side.histogram.counts
    if side.binned or side.infinite or counts.sum() < _FEWEST:
        return False
    low, high = histogram.edges()
    room = np.floor(high[bins] + side.shift) - np.ceil(low[bins] + side.shift) + 1
    return bool((counts <= room + 1).all() and counts.sum() >= _FULL * room.sum())


def _dates(side: ColumnProfile) -> bool:
    counted = list(side.categories.items())[:200]
    dates = sum(count for name, count in counted if _DATE.fullmatch(name))
    return dates >= _ALMOST_ALL * sum(count for _, count in counted) > 0
