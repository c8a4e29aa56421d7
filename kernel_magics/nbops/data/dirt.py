"""Dirt that needs no rule to be seen: empty columns, blanks, numbers kept as text, marks for missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from nbops.data.findings import Finding, warning
from nbops.data.profile import ColumnProfile
from nbops.data.typed import as_numbers

if TYPE_CHECKING:
    import pandas as pd

# Numbers people write for "missing"; told when they stand far outside all the others.
_SENTINELS = (-9999.0, -999.0, -99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0, 99999999.0, 999999999.0)


def dirt(column: ColumnProfile, frame: pd.DataFrame) -> Iterator[Finding]:
    """Give warnings about one column of a frame whose columns are named by texts."""
    if column.rows and column.nulls == column.rows:
        yield warning(column.name, "empty", "has no value at all", rows=column.rows)
    if column.blank:
        yield warning(column.name, "blank", f"{column.blank} cells hold only blanks", rows=column.blank)
    if column.kind in {"category", "number"} and 0.5 < column.parsed < 1:
        said = f"numbers kept as text; {1 - column.parsed:.2%} of them do not parse"
        yield warning(column.name, "text numbers", said)
    if column.infinite:
        yield warning(column.name, "infinite", f"{column.infinite} infinite values", rows=column.infinite)
    if column.kind == "number":
        yield from _sentinels(column, frame)


def _sentinels(column: ColumnProfile, frame: pd.DataFrame) -> Iterator[Finding]:
    usual = column.quantile(0.9), column.quantile(0.1)
    for extreme, inner in zip((column.maximum, column.minimum), usual, strict=True):
        if extreme not in _SENTINELS or inner is None or abs(extreme) <= 20 * max(abs(inner), 1.0):
            continue
        hits = int((as_numbers(frame[column.name]) == extreme).sum())
        said = f"{hits} cells hold {extreme:.0f}, which looks like a mark for missing"
        yield replace(warning(column.name, "sentinel", said, rows=hits), value=extreme)
