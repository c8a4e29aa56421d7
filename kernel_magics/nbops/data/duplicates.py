"""Rows that are exact repetitions of an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 5_000_000


def repeated_rows(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> int | None:
    """Count the rows of a frame that repeat an earlier one; its index does not count.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    columns
        Only these, by name as text; all by default.

    Returns
    -------
    int or None
        ``None`` where there are no rows, no columns, or more than 5,000,000 rows, or cells cannot be hashed.
    """
    import pandas as pd

    if columns is not None:
        wanted = set(columns)
        frame = frame.loc[:, [str(name) in wanted for name in frame.columns]]
    if not 0 < len(frame) <= MOST_ROWS or not len(frame.columns):
        return None
    try:
        return int(pd.util.hash_pandas_object(frame, index=False).duplicated().sum())
    except (TypeError, ValueError):
        return None
