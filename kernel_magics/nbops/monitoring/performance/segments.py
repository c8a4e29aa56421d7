"""Rows parted by the values of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_MOST = 20
_PARTS = 5


def segments_of(values: pd.Series) -> list[tuple[str, Any]]:
    """Give names and row numbers of the segments: each of few values, the rest as "other", many numbers in fifths."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype) and values.nunique() > _MOST:
        return _fifths(values)
    text = values.astype(object).where(values.notna(), "missing").astype(str)
    counts = text.value_counts()
    kept = sorted(
        counts.index[: _MOST if len(counts) > _MOST + 1 else _MOST + 1], key=lambda name: (-counts[name], name)
    )
    found = [(name, np.flatnonzero(text == name)) for name in kept]
    rest = np.flatnonzero(~text.isin(kept))
    return [*found, (f"{len(counts) - len(kept)} others", rest)] if len(rest) else found


def _fifths(values: pd.Series) -> list[tuple[str, Any]]:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, _PARTS + 1)))
    place = np.clip(np.searchsorted(edges, numbers, "right") - 1, 0, max(len(edges) - 2, 0))
    found = []
    for number in range(max(len(edges) - 1, 1)):
        rows = np.flatnonzero((place == number) & ~np.isnan(numbers))
        low, high = edges[number], edges[min(number + 1, len(edges) - 1)]
        if len(rows):
            found.append((f"{low:g} to {high:g}", rows))
    missing = np.flatnonzero(np.isnan(numbers))
    return [*found, ("missing", missing)] if len(missing) else found
