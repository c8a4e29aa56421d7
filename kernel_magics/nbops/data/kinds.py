"""A column read as the kind that is expected of it: one blank cell makes text of a whole column of a CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbops.data.counting import number_column
from nbops.data.profile import ColumnProfile

if TYPE_CHECKING:
    import pandas as pd

_TEXT = frozenset({"string", "mixed", "mixed-integer", "categorical"})
_ENOUGH = 0.9


def is_text(values: pd.Series) -> bool:
    """Whether some cells hold text."""
    from pandas.api import types

    return not types.is_numeric_dtype(values.dtype) and types.infer_dtype(values, skipna=True) in _TEXT


def text_as_numbers(column: ColumnProfile, values: pd.Series, *, usual: bool) -> tuple[ColumnProfile | None, int]:
    """Read a column of text as numbers.

    Parameters
    ----------
    usual
        Whether such a column is text as a rule. If not, only blank cells may have made it text.

    Returns
    -------
    tuple
        The profile as numbers, in which what does not parse is missing, or nothing where these are words or where it was
        not the blank cells; and the number of cells that hold something else than numbers and blanks.
    """
    import pandas as pd

    present = values.dropna().astype(str)
    said = present[present.str.strip() != ""]
    words = int(pd.to_numeric(said, errors="coerce").isna().sum())
    blanks = len(present) - len(said)
    if (words > (1 - _ENOUGH) * len(said)) if usual else (words or not blanks):
        return None, words
    numbers = pd.to_numeric(values, errors="coerce")
    base = replace(column, categories={}, rest=0, nulls=int(numbers.isna().sum()))
    return number_column(base, numbers.to_numpy(dtype=float)), words


def text_as_booleans(column: ColumnProfile) -> ColumnProfile:
    """Read ``True``, ``False`` and blank cells as booleans, of which the blank ones are missing; others stay."""
    found = {name: count for name, count in column.categories.items() if name.strip()}
    if column.kind != "category" or column.rest or not found or not found.keys() <= {"True", "False"}:
        return column
    blank = sum(column.categories.values()) - sum(found.values())
    return replace(column, kind="boolean", categories=found, nulls=column.nulls + blank)
