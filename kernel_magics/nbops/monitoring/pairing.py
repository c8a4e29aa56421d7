"""Both profiles of a column made comparable: values as values, whatever type holds them, marks for missing taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from nbops.data import histogram
from nbops.data.counted import sums_without
from nbops.data.profile import ColumnProfile
from nbops.monitoring.timelike import told_time

_WORDS = {"category": "text", "text": "text", "number": "number", "boolean": "boolean", "time": "time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A column of both sides, as it is compared; ``None`` where a side has no such column.

    ``why_not`` says why its values are not compared, ``mismatch`` that they are of types that cannot be.
    """

    name: str
    before: ColumnProfile | None
    after: ColumnProfile | None
    why_not: str = ""
    mismatch: str = ""
    sentinels: dict[str, tuple[int, int]]


def paired(name: str, before: ColumnProfile | None, after: ColumnProfile | None) -> Pair:
    """Put both profiles of a column side by side, each as far as it can be compared with the other."""
    if before is None or after is None:
        return Pair(name=name, before=before, after=after, sentinels={})
    before, after = _alike(before, after)
    marks: dict[str, tuple[int, int]] = {}
    if before.kind == after.kind == "number":
        for mark in sorted(before.sentinels.keys() | after.sentinels.keys()):
            marks[mark] = _marked(before, mark), _marked(after, mark)
            before, after = (
                _without(side, float(mark), n) for side, n in zip((before, after), marks[mark], strict=True)
            )
    why_not = _why_not(before, after)
    mismatch = (
        "" if why_not or before.kind == after.kind or "empty" in (before.kind, after.kind) else _mismatch(before, after)
    )
    return Pair(name=name, before=before, after=after, why_not=why_not, mismatch=mismatch, sentinels=marks)


def zones_differ(before: ColumnProfile, after: ColumnProfile) -> tuple[str, str] | None:
    """Give the time zones of both sides where each names one and they are not the same."""
    named = (_zone(before.dtype), _zone(after.dtype))
    return named if all(named) and named[0] != named[1] else None


def _zone(dtype: str) -> str:
    name = dtype.partition(", ")[2].rstrip("]").removeprefix("tz=") if dtype.startswith("datetime64[") else ""
    return "UTC" if name in {"Etc/UTC", "Z", "+00:00"} else name


def is_constant(side: ColumnProfile) -> bool:
    """Whether all values are one."""
    if side.kind == "number":
        return side.minimum is not None and side.minimum == side.maximum and not side.infinite
    return side.kind in {"category", "boolean"} and len(side.categories) == 1 and not side.rest


def _mismatch(before: ColumnProfile, after: ColumnProfile) -> str:
    return f"was {_WORDS.get(before.kind, before.kind)} and is {_WORDS.get(after.kind, after.kind)}"


def _why_not(before: ColumnProfile, after: ColumnProfile) -> str:
    kinds = before.kind, after.kind
    for kind in ("identifier", "nested"):
        if kind in kinds:
            return kind
    if kinds == ("empty", "empty"):
        return "empty on both sides"
    if kinds == ("time", "time") and not (before.aspects and after.aspects):
        return "time"
    told = told_time(before, after)
    if told:
        return told
    return "constant" if is_constant(before) and is_constant(after) and _value(before) == _value(after) else ""


def _value(side: ColumnProfile) -> object:
    return side.minimum if side.kind == "number" else next(iter(side.categories))


def _alike(before: ColumnProfile, after: ColumnProfile) -> tuple[ColumnProfile, ColumnProfile]:
    """Give both as one kind where the values allow it: codes as text and as numbers, truth values and 0 and 1."""
    kinds = before.kind, after.kind
    if kinds == ("number", "boolean"):
        return before, _as_numbers(after, before.shift) or after
    if kinds == ("number", "category"):
        return before, _as_numbers(after, before.shift) or after
    if kinds == ("boolean", "number"):
        return before, _as_booleans(after) or after
    if kinds == ("category", "number"):
        found = _as_numbers(before, after.shift)
        return (found, after) if found else (before, after)
    if kinds == ("category", "boolean") and {"0", "1", "0.0", "1.0"} >= before.categories.keys():
        return replace(before, kind="boolean", categories=_renamed(before)), after
    if kinds == ("category", "category") and before.categories.keys() != after.categories.keys():
        return _plain_codes(before), _plain_codes(after)
    return before, after


def _as_numbers(side: ColumnProfile, shift: float) -> ColumnProfile | None:
    """Read categories that are all numbers as such."""
    truth = {"True": "1", "False": "0"} if side.kind == "boolean" else {}
    try:
        pairs = [(float(truth.get(name, name)), count) for name, count in side.categories.items()]
    except ValueError:
        return None
    if side.rest or not pairs or not all(math.isfinite(value) for value, _ in pairs):
        return None
    values = np.array([value for value, _ in pairs])
    counts = np.array([count for _, count in pairs])
    bins, back = np.unique(histogram.bins_of(values, shift), return_inverse=True)
    counted = histogram.Histogram(bins.astype(np.int64), np.bincount(back, counts).astype(np.int64))
    moved = values - shift
    return replace(
        side,
        kind="number",
        shift=shift,
        categories={},
        histogram=counted,
        minimum=float(values.min()),
        maximum=float(values.max()),
        total=float((values * counts).sum()),
        squares=float((moved * moved * counts).sum()),
    )


def _as_booleans(side: ColumnProfile) -> ColumnProfile | None:
    names = {}
    for value, name in ((0.0, "False"), (1.0, "True")):
        (where,) = histogram.counted(np.array([value]), side.shift)
        names[where] = name
    if not side.histogram.keys() <= names.keys() or not {side.minimum, side.maximum} <= {0.0, 1.0}:
        return None
    counted = {names[where]: count for where, count in side.histogram.items()}
    return replace(side, kind="boolean", categories=counted, histogram=histogram.Histogram())


def _renamed(side: ColumnProfile) -> dict[str, int]:
    return {"True" if float(name) else "False": count for name, count in side.categories.items()}


def _plain_codes(side: ColumnProfile) -> ColumnProfile:
    """Write codes that became floats (``3.0``) as they were (``3``)."""
    found: dict[str, int] = {}
    for name, count in side.categories.items():
        plain = name[:-2] if name.endswith(".0") and name[:-2].lstrip("-").isdigit() else name
        found[plain] = found.get(plain, 0) + count
    return side if len(found) != len(side.categories) else replace(side, categories=found)


def _marked(side: ColumnProfile, mark: str) -> int:
    """Count a mark on a side where it was too rare to be told as one, or hides among others."""
    if mark in side.sentinels:
        return side.sentinels[mark]
    if mark in side.marks:
        return side.marks[mark]
    # A stored profile has no counts of marks; nor have categories that were read as numbers.
    value = float(mark)
    if side.minimum is None or not (side.minimum == value or side.maximum == value):
        return 0
    (where,) = histogram.counted(np.array([value]), side.shift)
    return side.histogram.get(where, 0)


def _without(side: ColumnProfile, value: float, count: int) -> ColumnProfile:
    """Take ``count`` times a value out; they are missing then."""
    (where,) = histogram.counted(np.array([value]), side.shift)
    if side.binned and where not in side.histogram:
        # A stored profile counts it in the group of its last numbers.
        places = histogram.places()
        where = min((b for b in side.histogram if places[b] >= places[where]), key=places.__getitem__, default=where)
    left = {b: n for b, n in side.histogram.items() if b != where}
    if side.histogram.get(where, 0) > count:
        left[where] = side.histogram[where] - count
    if not count:
        return side
    moved = value - side.shift
    total, squares = side.total - count * value, side.squares - count * moved * moved
    if side.sums:
        total, squares = sums_without(side, value, count)
    counted = histogram.Histogram.of(left)
    found = replace(side, nulls=side.nulls + count, histogram=counted, total=total, squares=max(0.0, squares), sums=())
    return _bounded(found, value) if left else replace(found, kind="empty", minimum=None, maximum=None)


def _bounded(side: ColumnProfile, value: float) -> ColumnProfile:
    """Give it the range of what is left, within a bin's width."""
    places = histogram.places()
    _, middles = histogram.finite_bins()
    ends = [places[b] for b in side.histogram if places[b] >= 0]
    if not ends:
        return side
    low, high = side.minimum, side.maximum
    if low == value:
        low = float(middles[min(ends)] + side.shift)
    if high == value:
        high = float(middles[max(ends)] + side.shift)
    return replace(side, minimum=low, maximum=high)
