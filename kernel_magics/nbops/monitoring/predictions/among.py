"""Which parts of a Parquet file may hold certain identifiers, by the least and the greatest that its end names.

Only identifiers decide: when a label arrived, or a prediction was made, says nothing of whose label it is, because both times are given by
whoever writes. Identifiers that are made sort by time, so that those of some days lie in few files.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

_ID, _AT = "prediction_id", "at"


class Among:
    """Identifiers that are looked for.

    Parameters
    ----------
    ids
        Which ones, in any order.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        import pyarrow as pa

        # Texts go by the same order as their bytes, by which Parquet says least and greatest. pandas would give each by itself.
        self._ids: list[str] = sorted(pa.array(ids, pa.string()).to_pylist())

    def may_hold(self, group: Any) -> bool:
        """Whether a row group (``pyarrow.parquet.RowGroupMetaData``) may hold some of them; one that does not say so may."""
        known = _ends(group, _ID)
        if known is None:
            return True
        place = bisect_left(self._ids, known[0])
        return place < len(self._ids) and self._ids[place] <= known[1]


def begins_before(group: Any, end: float | None) -> bool | None:
    """Whether a row group has rows of a time before ``end``; ``None`` where its end does not say."""
    if not group.num_rows or end is None:
        return bool(group.num_rows)
    known = _ends(group, _AT)
    return None if known is None else bool(known[0] < end)


def _ends(group: Any, name: str) -> tuple[Any, Any] | None:
    """Give the least and the greatest value of a column that has no missing ones."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == name:
            said = column.statistics
            if said is None or not said.has_min_max or not said.has_null_count or said.null_count:
                return None
            return said.min, said.max
    return None
