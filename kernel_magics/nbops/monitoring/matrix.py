"""Rows of both sides as one matrix of floats, for models that look at all columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile
from nbops.monitoring.coding import coded, floats

if TYPE_CHECKING:
    import pandas as pd

Floats = np.ndarray[Any, np.dtype[np.float64]]
_CATEGORIES = 50


@dataclass(frozen=True, slots=True)
class Matrix:
    """Both sides, shapes ``(rows, names)``; NaN is missing; categories are numbers of groups and marked in ``categories``."""

    names: tuple[str, ...]
    reference: Floats
    current: Floats
    categories: np.ndarray[Any, np.dtype[np.bool_]]


def matrix(names: Sequence[str], before: Profile, reference: pd.DataFrame, current: pd.DataFrame) -> Matrix:
    """Give columns that :func:`nbops.monitoring.coding.comparable` named as a matrix.

    Parameters
    ----------
    names
        Columns; of a category the 50 most frequent values are told apart.
    before
        The reference's profile, which says their kinds.
    reference, current
        The rows.
    """
    places = [{str(name): i for i, name in enumerate(frame.columns)} for frame in (reference, current)]
    sides: list[list[Floats]] = [[], []]
    kept, marks = [], []
    for name in names:
        values = [frame.iloc[:, place[name]] for frame, place in zip((reference, current), places, strict=True)]
        profile = before.column(name)
        if profile is None:
            continue
        if profile.kind == "number":
            found = [np.clip(floats(side), -1e30, 1e30) for side in values]
        else:
            column = coded(profile, *values, groups=2, categories=_CATEGORIES)
            if column is None:
                continue
            found = [np.where(side == column.size - 1, np.nan, side) for side in (column.reference, column.current)]
        kept.append(name)
        marks.append(profile.kind != "number")
        for side, filled in zip(sides, found, strict=True):
            side.append(np.asarray(filled, float))
    stacked = [
        np.column_stack(side) if side else np.zeros((len(frame), 0))
        for side, frame in zip(sides, (reference, current), strict=True)
    ]
    return Matrix(tuple(kept), stacked[0], stacked[1], np.array(marks, bool))


def sampled(frame: pd.DataFrame, most: int, random: np.random.Generator) -> pd.DataFrame:
    """Give at most so many rows, drawn by lot, in their order."""
    if len(frame) <= most:
        return frame
    return frame.iloc[np.sort(random.choice(len(frame), most, replace=False))]


def twin_rows(reference: Floats, current: Floats) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give for each current row the number of a reference row that equals it, each once, or -1; shape ``(rows of current,)``."""
    known: dict[bytes, list[int]] = {}
    for at, row in enumerate(reference):
        known.setdefault(row.tobytes(), []).append(at)
    found = np.full(len(current), -1)
    for at, row in enumerate(current):
        if left := known.get(row.tobytes()):
            found[at] = left.pop()
    return found
