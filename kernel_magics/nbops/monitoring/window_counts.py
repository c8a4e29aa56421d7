"""The windows of a column counted in one pass over the column.

Each number's bin, or value's category, and its window make one key, and keys are counted; profiling each window by itself would cost several times as much
in what it takes to begin. What windows are compared by is there: rows, missing ones, histogram, range, mean and deviation, categories;
what profiles are merged and remarked on by is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import histogram
from nbops.data.numbers import MARKS
from nbops.data.profile import MOST_CATEGORIES, ColumnProfile, Profile, profile_frame
from nbops.monitoring.cutting import Windows

if TYPE_CHECKING:
    import pandas as pd

# Counts that are in memory at a time.
_MOST = 20_000_000


def counted_windows(known: ColumnProfile, values: pd.Series, windows: Windows) -> list[ColumnProfile] | None:
    """Give the profile of a column in each window; nothing where that takes more than counting numbers.

    Parameters
    ----------
    known
        The reference's column, for the kind and the shift.
    values
        The column, of the frame that was cut.
    windows
        How it was cut.
    """
    if known.kind == "number" and isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf":
        return _numbers(known, values, windows)
    return _words(known, values, windows) if known.kind in {"category", "boolean"} else None


def _numbers(known: ColumnProfile, values: pd.Series, windows: Windows) -> list[ColumnProfile] | None:
    numbers = _in_order(values.to_numpy(), windows)
    numbers = numbers.astype(np.float64) if numbers.dtype.kind == "f" else numbers
    bins = histogram.bins_of(numbers, known.shift)
    used = np.flatnonzero(np.bincount(bins, minlength=histogram.BINS))
    finite = histogram.places()[used] >= 0
    # Infinite numbers and those beyond float32 are looked at one by one.
    if not (finite | ~histogram.is_number(used)).all():
        return None
    place = np.zeros(histogram.BINS, np.int64)
    place[used] = np.arange(len(used))
    table = _table(place[bins], len(used), windows)
    if table is None or _marked(numbers, table[:, finite], used[finite], known.shift):
        return None
    base = ColumnProfile(name=known.name, kind="number", dtype=str(values.dtype), rows=0, shift=known.shift)
    sums = _sums(numbers, known.shift, windows.bounds - windows.bounds[0])
    each = zip(windows.rows, table[:, finite], *sums, strict=True)
    return [_window(base, used[finite], *one) for one in each]


def _words(known: ColumnProfile, values: pd.Series, windows: Windows) -> list[ColumnProfile] | None:
    import pandas as pd

    codes, found = pd.factorize(values)
    names = [str(one) for one in found]
    if not names or len(names) > MOST_CATEGORIES:
        return None
    # Each value once tells whether all of them are counted by their names.
    once = profile_frame(pd.DataFrame({known.name: found}), Profile(known.rows, (known,))).columns[0]
    if once.kind != known.kind or once.categories != dict.fromkeys(names, 1):
        return None
    table = _table(_in_order(np.where(codes < 0, len(names), codes), windows), len(names) + 1, windows)
    if table is None:
        return None
    base = ColumnProfile(name=known.name, kind=known.kind, dtype=str(values.dtype), rows=0)
    profiles = []
    for counts in table:
        rows, there = int(counts.sum()), np.flatnonzero(counts[:-1])
        profiles.append(
            replace(
                base,
                kind=known.kind if len(there) else "empty",
                rows=rows,
                nulls=int(counts[-1]),
                categories={names[at]: int(counts[at]) for at in there},
            )
        )
    return profiles


def _in_order(values: Any, windows: Windows) -> Any:
    """Give the values of the rows that are in a window, in the order of these."""
    first, last = int(windows.bounds[0]), int(windows.bounds[-1])
    return values[first:last] if windows.order is None else values[windows.order[first:last]]


def _table(places: Any, size: int, windows: Windows) -> Any:
    """Count by window and place, shape ``(windows, size)``; nothing where that would take too much memory."""
    count = len(windows.labels)
    if not len(places) or count * size > _MOST:
        return None
    window = np.repeat(np.arange(count), windows.rows)
    return np.bincount(window * size + places, minlength=count * size).reshape(count, size)


def _window(
    base: ColumnProfile, used: Any, rows: int, counts: Any, low: float, high: float, total: float, squares: float
) -> ColumnProfile:
    there = np.flatnonzero(counts)
    count = int(counts.sum())
    if not count:
        return replace(base, kind="empty", rows=rows, nulls=rows, shift=0.0)
    return replace(
        base,
        rows=rows,
        nulls=rows - count,
        histogram=histogram.Histogram(used[there], counts[there]),
        minimum=float(low),
        maximum=float(high),
        # The sum is of the numbers, that of squares of what is left without the shift.
        total=float(total + base.shift * count),
        squares=float(squares),
    )


def _sums(numbers: Any, shift: float, bounds: Any) -> tuple[Any, Any, Any, Any]:
    """Give the least, the largest, the sum and the sum of squares of each window's numbers, these two less the shift."""
    full = np.flatnonzero(np.diff(bounds))
    starts = bounds[full]
    moved = np.empty(len(numbers))
    histogram.less(numbers, shift, moved)
    np.nan_to_num(moved, copy=False)
    found = np.zeros((4, len(bounds) - 1))
    found[0, full] = np.fmin.reduceat(numbers, starts)
    found[1, full] = np.fmax.reduceat(numbers, starts)
    found[2, full] = np.add.reduceat(moved, starts)
    found[3, full] = np.add.reduceat(moved * moved, starts)
    return found[0], found[1], found[2], found[3]


def _marked(numbers: Any, table: Any, used: Any, shift: float) -> bool:
    """Whether a number that people write for "missing" stands out in any window, as profiles have it; those are looked at one by one."""
    marks = np.array(MARKS)
    places = histogram.bins_of(marks, shift)
    there = [(mark, place) for mark, place in zip(marks, places, strict=True) if place in used and mark in numbers]
    if not there:
        return False
    order = np.argsort(histogram.places()[used])
    others = order[~np.isin(used[order], [place for _, place in there])]
    full = table[:, others] > 0
    full = full[full.any(axis=1)]
    if not len(full):
        return False
    middles = histogram.finite_bins()[1][histogram.places()[used[others]]] + shift
    low, high = middles[full.argmax(axis=1)], middles[len(others) - 1 - full[:, ::-1].argmax(axis=1)]
    reach = np.maximum(high - low, 1.0)
    return any(bool(((mark < low - reach) | (mark > high + reach)).any()) for mark, _ in there)
