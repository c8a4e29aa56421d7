"""A profile of bounded size, small enough to be stored with every version of a model.

Numbers keep at most 64 groups of neighbouring bins of about equal count, each counted under its last bin; categories
the most frequent. A data set compared with it is folded into the same groups, so that both sides are cut at the same
points: a distance found this way is at most the true one, and a test on it raises no more false alarms. So that this
holds for categories too, those kept by name stand clear of the others in frequency: which of many about equally
frequent ones come first is chance, and they would seem to have become rarer ever after. The others are spread over
groups by a hash of their names.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.counting import number_column, profile_values
from nbops.data.histogram import Histogram
from nbops.data.profile import ColumnProfile, Profile
from nbops.data.values import of_array
from nbops.errors import DataError

LIMIT = 200_000
# Of how sums are made, which are kept where a mark for missing may have to be taken out of them.
_VERSION = 2
# Groups of a number and kept categories, from the finest to what thousands of columns leave room for.
_LEVELS = ((64, 50), (32, 25), (16, 12), (8, 6), (4, 3))
_LONGEST_NAME = 80
_LEFT_TO_DEFAULT = ("name", "rows", "histogram", "categories", "aspects", "hashes", "sums", "marks")


def compact(profile: Profile, clean: Callable[[str], str] = str, limit: int = LIMIT) -> dict[str, Any]:
    """Give a profile as JSON-able values that take at most ``limit`` bytes as JSON.

    Parameters
    ----------
    profile
        What :func:`~nbops.data.profile.profile_frame` gave.
    clean
        Takes secrets out of a text. A category that it changes, or that is longer than 80 characters, is not named.
    limit
        Bytes. Where the coarsest form is larger still, the last columns are left out, and ``left_out`` counts them.
    """
    # What a level leaves is coarser for more columns anyway; this spares trying the finer ones in vain.
    level = sum(len(profile.columns) > most for most in (120, 250, 500, 900))
    for groups, names in _LEVELS[level:]:
        columns = [_small(column, groups, names, clean) for column in profile.columns]
        sizes = [len(json.dumps(column, ensure_ascii=False).encode("utf-8", "replace")) + 2 for column in columns]
        if sum(sizes) + 200 <= limit:
            break
    kept = int(np.searchsorted(np.cumsum(sizes), limit - 200, "right")) if sizes else 0
    found: dict[str, Any] = {"version": _VERSION, "binned": True, "rows": profile.rows, "columns": columns[:kept]}
    return found if kept == len(columns) else {**found, "left_out": len(columns) - kept}


def profile_array(values: Any, names: tuple[str, ...] = ()) -> Profile:
    """Profile an array of shape ``(rows, columns)``; pandas is not needed. Columns of texts are told as such only.

    Parameters
    ----------
    values
        The array.
    names
        Of its columns; ``x0``, ``x1``, … where there are not as many.
    """
    rows, width = values.shape
    names = names if len(names) == width else tuple(f"x{i}" for i in range(width))
    if values.dtype.kind not in "biufmM":
        made = [ColumnProfile(name=name, kind="identifier", dtype=str(values.dtype), rows=rows) for name in names]
        return Profile(rows, tuple(made))
    columns = []
    for position, name in enumerate(names):
        found = values[:, position]
        if values.dtype.kind not in "iuf":
            columns.append(profile_values(name, of_array(found)))
            continue
        nulls = int(np.isnan(found).sum()) if values.dtype.kind == "f" else 0
        base = ColumnProfile(name=name, kind="empty", dtype=str(values.dtype), rows=rows, nulls=nulls)
        columns.append(base if nulls == rows else number_column(base, found))
    return Profile(rows, tuple(columns))


def expanded(data: dict[str, Any]) -> Profile:
    """Read what :func:`compact` gave; its columns are marked as binned.

    Raises
    ------
    DataError
        It is no such profile, or one of a newer nbops.
    """
    if data.get("version") != _VERSION or not data.get("binned"):
        raise DataError(f"This is no stored profile that nbops can read (version {data.get('version')!r}).")
    rows = int(data["rows"])
    columns = tuple(_large(column, rows) for column in data["columns"])
    return Profile(rows, columns, left_out=int(data.get("left_out", 0)))


def aligned(reference: Profile, current: Profile) -> Profile:
    """Fold the current data into the groups of a reference that is binned; others stay as they are."""
    columns = []
    for column in current.columns:
        before = reference.column(column.name)
        columns.append(_folded(before, column) if before is not None and before.binned else column)
    return Profile(current.rows, tuple(columns))


def _small(column: ColumnProfile, groups: int, names: int, clean: Callable[[str], str]) -> dict[str, Any]:
    fields = ColumnProfile.__dataclass_fields__
    found: dict[str, Any] = {"name": column.name}
    for name, value in ((name, getattr(column, name)) for name in fields if name not in _LEFT_TO_DEFAULT):
        if value != fields[name].default and value != {}:
            # Sums of huge numbers overflow, and JSON has no infinity.
            found[name] = float(np.clip(value, -1e308, 1e308)) if isinstance(value, float) else value
    if column.sentinels:
        # To look at the others without them takes the sums as they are.
        found["sums"] = list(column.sums)
    if column.histogram:
        found["bins"], found["counts"] = _grouped(column.histogram, groups)
    if column.categories:
        found |= _named(column, names, clean)
    if column.aspects:
        found["aspects"] = [_small(aspect, groups, names, clean) for aspect in column.aspects]
    return found


def _named(column: ColumnProfile, names: int, clean: Callable[[str], str]) -> dict[str, Any]:
    counted = column.categories
    shown = [*counted]
    if len(shown) > names:
        shown = shown[: _clear_of_others([*counted.values()][:names])]
    shown = [name for name in shown if len(name) <= _LONGEST_NAME and clean(name) == name]
    found: dict[str, Any] = {"categories": {name: counted[name] for name in shown}}
    hidden = {name: count for name, count in counted.items() if name not in found["categories"]}
    if hidden:
        found["folds"] = max(3, names // 2)
        found["categories"] |= _spread(hidden, found["folds"])
    return found


def _clear_of_others(counts: list[int]) -> int:
    """Give how many of the most frequent stand clear of the next by more than chance moves them."""
    most = len(counts) // 2
    clear = [n for n in range(1, most + 1) if counts[n - 1] - counts[n] > 4 * counts[n - 1] ** 0.5]
    return max(clear, default=0)


def _spread(counted: dict[str, int], folds: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in counted.items():
        group = f"others, group {zlib.crc32(name.encode('utf-8', 'surrogatepass')) % folds + 1} of {folds}"
        found[group] = found.get(group, 0) + count
    return dict(sorted(found.items()))


def _large(data: dict[str, Any], rows: int) -> ColumnProfile:
    known = {name: value for name, value in data.items() if name in ColumnProfile.__dataclass_fields__}
    counted = Histogram.of(dict(zip(data.get("bins", ()), data.get("counts", ()), strict=True)))
    aspects = tuple(_large(aspect, rows) for aspect in data.get("aspects", ()))
    known["sums"] = tuple(data.get("sums", ()))
    return ColumnProfile(**{**known, "rows": rows, "histogram": counted, "binned": True, "aspects": aspects})


def _grouped(counted: Histogram, groups: int) -> tuple[list[int], list[int]]:
    ascending = np.argsort(_places()[counted.bins], kind="stable")
    order, counts = counted.bins[ascending], counted.counts[ascending]
    if len(order) <= groups:
        return order.tolist(), counts.tolist()
    share = np.cumsum(counts) / counts.sum()
    # The smallest values stand alone, so that what falls below the reference is not lost in its first group.
    cuts = np.unique([0, *np.searchsorted(share, np.arange(1, groups - 1) / (groups - 1) - 1e-12), len(order) - 1])
    starts = np.concatenate([[0], cuts[:-1] + 1])
    return order[cuts].tolist(), np.add.reduceat(counts, starts).tolist()


@functools.cache
def _places() -> Any:
    """Give the place of each bin in ascending order; numbers beyond float32, in the bins of infinities, come first and last."""
    found = histogram.places().copy()
    found[histogram.bins_of(np.array([np.inf]), 0.0)] = histogram.BINS
    return found


def _folded(reference: ColumnProfile, current: ColumnProfile) -> ColumnProfile:
    if reference.aspects and current.aspects:
        known = {aspect.name: aspect for aspect in reference.aspects}
        folded = (_folded(known[a.name], a) if a.name in known else a for a in current.aspects)
        return replace(current, aspects=tuple(folded))
    if reference.histogram and current.histogram:
        places = _places()
        ends = np.array(sorted(places[name] for name in reference.histogram))
        names = {int(places[name]): name for name in reference.histogram}
        # What lies below the first bin or beyond the last one is a group of its own on either side.
        below = max((n for n in current.histogram if places[n] < ends[0]), key=places.__getitem__, default=-1)
        above = min((n for n in current.histogram if places[n] > ends[-1]), key=places.__getitem__, default=-1)
        found: dict[int, int] = {}
        for name, count in current.histogram.items():
            group = int(np.searchsorted(ends, places[name], "left"))
            end = names[int(ends[group])] if group < len(ends) else above
            end = below if places[name] < ends[0] else end
            found[end] = found.get(end, 0) + count
        return replace(current, histogram=Histogram.of(found))
    if reference.folds and current.categories:
        kept = {name: count for name, count in current.categories.items() if name in reference.categories}
        hidden = {name: count for name, count in current.categories.items() if name not in kept}
        return replace(current, categories=kept | _spread(hidden, reference.folds))
    return current
