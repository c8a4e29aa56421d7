"""Limits learned from windows of the reference: how far these lie apart when all is well.

Each window is compared with all the others together and never with itself: a window that is part of its own reference
looks more alike than a new one can (NannyML's issue 426), and its limits would be too tight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special

from nbops.data import histogram
from nbops.data.profile import ColumnProfile, Profile
from nbops.errors import DataError, UsageError
from nbops.monitoring.counts import Counts
from nbops.monitoring.statistics import category_effect, number_effect

FEWEST_WINDOWS = 10
_MOST_WINDOWS = 60


def learned_limits(windows: Sequence[Profile], alpha: float) -> dict[tuple[str, str], float]:
    """Learn by column and aspect (empty where a column has none) the effect that a further window passes by chance.

    The effects of the windows are taken as lognormal; the limit is the upper end of the prediction interval of one more
    at ``alpha`` divided by the number of columns (Bonferroni). Where neighbouring windows are alike, they count as fewer:
    as n (1 - r) / (1 + r) of them, r their first autocorrelation (Bartlett 1946).

    Raises
    ------
    UsageError
        There are fewer than 10 windows.
    """
    if len(windows) < FEWEST_WINDOWS:
        raise UsageError(
            f"Limits are learned from at least {FEWEST_WINDOWS} windows of the reference, not {len(windows)}.",
            hint="Give more reference windows, or leave thresholds calibrated.",
        )
    found: dict[tuple[str, str], list[float]] = {}
    for name in (column.name for column in windows[0].columns):
        columns = [window.column(name) for window in windows]
        present = [column for column in columns if column is not None]
        if len(present) == len(windows):
            for aspect, parts in _parts(present).items():
                found[name, aspect] = _apart(parts)
    usable = {key: effects for key, effects in found.items() if len(effects) >= FEWEST_WINDOWS}
    level = alpha / max(len(usable), 1)
    return {key: _limit(np.array(effects), level) for key, effects in usable.items()}


def windows_of(frame: Any, count: int | None, rows: int) -> list[Any]:
    """Cut a frame, in its order, into windows: ``count`` of them, or as many of ``rows`` rows as it has, at least 10 and at most 60.

    Raises
    ------
    DataError
        It has too few rows.
    """
    number = count or min(_MOST_WINDOWS, max(FEWEST_WINDOWS, len(frame) // max(rows, 1)))
    if len(frame) < 2 * number:
        raise DataError(f"The reference has {len(frame)} rows, too few for {number} windows.")
    cuts = np.linspace(0, len(frame), number + 1).astype(int)
    return [frame.iloc[first:last] for first, last in pairwise(cuts)]


def _parts(columns: Sequence[ColumnProfile]) -> dict[str, list[ColumnProfile]]:
    if not all(column.aspects for column in columns):
        return {"": list(columns)}
    names = [aspect.name for aspect in columns[0].aspects]
    by_name = [{aspect.name: aspect for aspect in column.aspects} for column in columns]
    return {name: [found[name] for found in by_name if name in found] for name in names}


def _apart(columns: Sequence[ColumnProfile]) -> list[float]:
    """Give the effect of each window against the others together."""
    full = [column for column in columns if column.kind != "empty"]
    kinds = {column.kind for column in full}
    if len(kinds) != 1 or not kinds <= {"number", "category", "boolean"}:
        return []
    effect: Callable[[Counts, Counts], float] = number_effect if kinds == {"number"} else category_effect
    counts = _stacked(full, kinds == {"number"})
    whole = counts.sum(axis=0)
    return [effect(whole - one, one) for one in counts if one.sum() and (whole - one).sum()]


def _stacked(columns: Sequence[ColumnProfile], numbers: bool) -> Any:
    """Give counts of shape ``(windows, bins)``, the bins ascending."""
    places = histogram.places()
    counted = [column.histogram if numbers else column.categories for column in columns]
    keys: list[Any] = list(dict.fromkeys(key for one in counted for key in one))
    if numbers:
        keys = sorted((key for key in keys if places[key] >= 0), key=places.__getitem__)
    position = {key: i for i, key in enumerate(keys)}
    found = np.zeros((len(columns), len(keys)))
    for row, one in enumerate(counted):
        for key, count in one.items():
            if key in position:
                found[row, position[key]] = count
    return found


def _limit(effects: Any, level: float) -> float:
    logs = np.log(np.maximum(effects, 1e-4))
    centred = logs - logs.mean()
    spread = (centred**2).sum()
    alike = float((centred[1:] * centred[:-1]).sum() / spread) if spread > 0 else 0.0
    counting = max(3.0, len(logs) * (1 - max(alike, 0.0)) / (1 + max(alike, 0.0)))
    reach = special.stdtrit(counting - 1, 1 - level) * np.sqrt(1 + 1 / counting)
    return float(min(1.0, np.exp(logs.mean() + reach * logs.std(ddof=1))))
