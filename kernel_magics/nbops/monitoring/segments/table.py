"""Drift within each value of columns that the caller names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile, profile_frame
from nbops.errors import UsageError
from nbops.monitoring import statistics
from nbops.monitoring.coding import coded, comparable
from nbops.monitoring.pairs import Found, compared
from nbops.monitoring.segments.verdicts import told

if TYPE_CHECKING:
    import pandas as pd

_GROUPS, _CATEGORIES = 4, 12


def segment_table(
    before: Profile,
    after: Profile,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    by: Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
    alpha: float = 0.01,
    min_effect: float = 0.03,
) -> dict[str, Any]:
    """Compare both sides within each of the 12 most frequent values, or quarter of the reference's numbers, of some columns.

    Nothing is searched for, so that all rows count; Holm's correction is over all segments and columns.

    Parameters
    ----------
    before, after, reference, current
        Profiles of both sides, and their rows.
    by
        Columns whose values are the segments, one column after the other.
    columns, left_out, alpha, min_effect
        As :func:`nbops.monitoring.segments.tree.segment_tree` takes them.

    Returns
    -------
    dict
        As :func:`nbops.monitoring.segments.tree.segment_tree` gives it; a segment without rows on a side has no effect.

    Raises
    ------
    UsageError
        A column does not exist or cannot tell segments apart.
    """
    names = comparable(before, after, None, left_out)
    parts: list[tuple[str, str | None, tuple[pd.DataFrame, pd.DataFrame]]] = [("all rows", None, (reference, current))]
    for name in by:
        parts += [(words, name, sides) for words, sides in _values(name, names, before, reference, current)]
    pairs = [_compared(before, sides, columns, (*left_out, name)) for _, name, sides in parts]
    tests = {(i, name): found.p for i, pair in enumerate(pairs) for name, found in pair.items()}
    named = statistics.holm(tests, alpha)
    nodes = []
    for i, ((words, _, sides), pair) in enumerate(zip(parts, pairs, strict=True)):
        hit = {n: f for n, f in pair.items() if (i, n) in named and f.effect >= min_effect}
        column = max(hit or pair, key=lambda n: ((hit or pair)[n].effect, n), default="")
        nodes.append(
            {
                "id": i,
                "parent": None if i == 0 else 0,
                "words": words,
                "path": words,
                "rows": len(sides[1]),
                "share": round(len(sides[1]) / max(len(current), 1), 5),
                "reference_share": round(len(sides[0]) / max(len(reference), 1), 5),
                "column": column,
                "effect": round(pair[column].effect, 5) if column else None,
                "p": float(f"{min(1.0, pair[column].p * len(tests)):.3g}") if column else None,
                "drifted": bool(hit),
            }
        )
    return told(nodes)


def _values(
    name: str, names: Sequence[str], before: Profile, reference: pd.DataFrame, current: pd.DataFrame
) -> list[tuple[str, tuple[pd.DataFrame, pd.DataFrame]]]:
    profile = before.column(name)
    places = [[str(column) for column in frame.columns].index(name) for frame in (reference, current) if name in names]
    column = (
        coded(profile, reference.iloc[:, places[0]], current.iloc[:, places[1]], groups=_GROUPS, categories=_CATEGORIES)
        if places and profile is not None
        else None
    )
    if column is None:
        raise UsageError(f"{name!r} cannot tell segments apart.", hint=f"Columns that can: {', '.join(names[:20])}.")
    found = []
    for group in range(column.size):
        rows = np.flatnonzero(column.reference == group), np.flatnonzero(column.current == group)
        if len(rows[0]) or len(rows[1]):
            found.append((column.words(group), (reference.iloc[rows[0]], current.iloc[rows[1]])))
    return found


def _compared(
    before: Profile,
    sides: tuple[pd.DataFrame, pd.DataFrame],
    columns: Sequence[str] | None,
    left_out: Sequence[str | None],
) -> dict[str, Found]:
    a, b = (profile_frame(frame, before) for frame in sides)
    found = {}
    for name in comparable(a, b, columns, [name for name in left_out if name]):
        pair = compared(*(profile.column(name) for profile in (a, b)))  # type: ignore[arg-type]
        if pair is not None:
            found[name] = pair
    return found
