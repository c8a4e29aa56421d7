"""Which steps a table asks for by the types of its columns, for whoever declares none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbops.data.typed import as_words

if TYPE_CHECKING:
    import pandas as pd

# As many categories can each have a column of their own.
MOST_CATEGORIES = 30


def suggested(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the steps that the columns of a frame ask for: parts of dates, an encoding of many categories.

    Parameters
    ----------
    frame
        The columns to learn from, shape ``(rows, columns)``, without the target.
    """
    dates = [name for name in frame.columns if is_time(frame[name])]
    many = [
        name for name in frame.columns if is_words(frame[name]) and as_words(frame[name]).nunique() > MOST_CATEGORIES
    ]
    steps: list[dict[str, Any]] = []
    if dates:
        steps.append({"step": "dates", "columns": dates})
    if many:
        steps.append({"step": "target_encoding", "columns": many})
    return steps


def is_time(values: pd.Series) -> bool:
    """Whether a column holds times."""
    import pandas as pd

    return pd.api.types.is_datetime64_any_dtype(values.dtype) or isinstance(values.dtype, pd.PeriodDtype)


def is_words(values: pd.Series) -> bool:
    """Whether a column holds neither numbers nor truth values nor times."""
    from pandas.api import types

    other = types.is_numeric_dtype(values.dtype) or types.is_bool_dtype(values.dtype)
    return not (other or is_time(values) or types.is_timedelta64_dtype(values.dtype))
