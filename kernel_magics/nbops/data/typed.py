"""Columns as the kinds a model can be told: numbers, truth values, times, words.

:func:`settle` decides once, from the rows to learn from; :func:`conform` brings later rows to the same kinds, whatever a
file happened to make of them: a column of a CSV is text because of one cell, or float because one is blank.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile
from nbops.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

NUMBER, BOOLEAN, TIME, WORD = "number", "boolean", "time", "word"
# Only forms that no country reads otherwise; others are named by whoever knows them.
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}.*)?")
_LEADING_ZERO = re.compile(r"[-+]?0\d")
_MOSTLY = 0.98
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Settled:
    """A frame of settled columns; ``kinds`` by column, ``notes`` what was changed, in words."""

    frame: pd.DataFrame
    kinds: Mapping[str, str]
    notes: tuple[str, ...]


def settle(frame: pd.DataFrame, *, dates: Iterable[str] = (), leave: Iterable[str] = ()) -> Settled:
    """Decide what each column is, and make it that.

    Numbers and ISO dates kept as text become what they are, blank texts and infinite numbers missing, durations seconds, and
    everything else but truth values words. Texts with a leading zero stay: they are codes.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    dates
        Columns that hold dates in whatever form.
    leave
        Columns that stay as they are.

    Raises
    ------
    DataError
        Two columns have the same name, or one of ``dates`` does not exist or holds no date.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"The data have two columns {twice!r}.", hint="Rename one of them.")
    frame = frame.set_axis(names, axis=1)
    require_columns(names, dates)
    notes: list[str] = []
    wanted, untouched = set(dates), set(leave)
    found = {
        name: frame[name] if name in untouched else _settled(name, frame[name], name in wanted, notes) for name in names
    }
    import pandas as pd

    settled = pd.DataFrame(found, index=frame.index)
    return Settled(settled, {name: kind_of(settled[name]) for name in names}, tuple(notes))


def kind_of(values: pd.Series) -> str:
    """Give the kind of a column by its type."""
    from pandas.api import types

    if types.is_bool_dtype(values.dtype):
        return BOOLEAN
    if types.is_numeric_dtype(values.dtype):
        return NUMBER
    return TIME if types.is_datetime64_any_dtype(values.dtype) else WORD


def kinds_of(profile: Profile) -> dict[str, str]:
    """Give the kinds of the columns that a profile was made of."""
    return {column.name: _kind_of_type(column.dtype) for column in profile.columns}


def conform(frame: pd.DataFrame, kinds: Mapping[str, str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Bring columns to the kinds that a model knows them by; others are left out.

    Returns
    -------
    tuple
        The frame, its columns in the order of ``kinds``, and by column how many cells were of no such kind and are missing now.

    Raises
    ------
    DataError
        A column is missing.
    """
    import pandas as pd

    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    require_columns(list(frame.columns), kinds)
    found = {name: _conformed(frame[name], kind) for name, kind in kinds.items()}
    lost = {name: _lost(frame[name], found[name]) for name in kinds}
    return pd.DataFrame(found, index=frame.index), {name: count for name, count in lost.items() if count}


def require_columns(known: Sequence[str], wanted: Iterable[str], who_has: str = "The data have") -> None:
    """Check that columns exist; ``who_has`` begins the sentence that says that one does not.

    Raises
    ------
    DataError
        One does not; the closest is named.
    """
    missing = [name for name in wanted if name not in known]
    if missing:
        near = difflib.get_close_matches(missing[0], known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(map(str, known[:20]))}."
        named = ", ".join(map(repr, missing[:5]))
        raise DataError(f"{who_has} no column {named}.", hint=hint)


def as_numbers(values: pd.Series) -> pd.Series:
    """Give floats; what is no finite number is missing."""
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").astype(float)
    return found.where(np.isfinite(found))


def as_words(values: pd.Series) -> pd.Series:
    """Give texts, missing where the value is: a whole number is the same word as integer and as float."""
    from pandas.api import types

    plain = values.astype(object)
    if types.is_float_dtype(values.dtype):
        plain = plain.map(_number_word, na_action="ignore")
    return plain.map(str, na_action="ignore").astype(object).where(values.notna(), None)


def as_times(values: pd.Series) -> pd.Series:
    """Give times without a zone (those with one as their own clock shows); what is no time is missing."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        found = values
    elif isinstance(values.dtype, pd.PeriodDtype):
        found = values.dt.to_timestamp()
    elif pd.api.types.is_numeric_dtype(values.dtype):
        # A bare number is a year or a count; pandas would take it for nanoseconds.
        years = as_words(values.where(values.between(1000, 9999)))
        found = pd.to_datetime(years, format="%Y", errors="coerce")
    else:
        found = pd.to_datetime(as_words(values), errors="coerce", format="mixed", utc=True)
    return found.dt.tz_localize(None) if found.dt.tz is not None else found


def times_of_texts(texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """Read texts as times in UTC (those without a zone as they are), NaT where one is none."""
    import pandas as pd

    found = pd.to_datetime(pd.Series(texts, dtype=object), errors="coerce", format="mixed", utc=True)
    return np.asarray(found.dt.tz_localize(None).to_numpy())


def _settled(name: str, values: pd.Series, date: bool, notes: list[str]) -> pd.Series:
    from pandas.api import types

    if date or isinstance(values.dtype, _period()):
        found = as_times(values)
        if found.isna().all() and values.notna().any():
            raise DataError(f"The column {name!r} holds no dates.", hint="Leave it out of dates.")
        return found
    if types.is_timedelta64_dtype(values.dtype):
        notes.append(f"{name}: durations became seconds")
        return as_numbers(values.dt.total_seconds())
    if types.is_bool_dtype(values.dtype):
        return values.astype(bool) if values.notna().all() else as_words(values)
    if types.is_datetime64_any_dtype(values.dtype):
        return values
    if types.is_numeric_dtype(values.dtype):
        if types.is_complex_dtype(values.dtype):
            raise DataError(f"The column {name!r} holds complex numbers.", hint="Leave it out.")
        finite = as_numbers(values)
        if count := int((finite.isna() & values.notna()).sum()):
            notes.append(f"{name}: {count:,} infinite values are missing now")
        whole = types.is_integer_dtype(values.dtype) and values.notna().all()
        return values.astype("int64") if whole and str(values.dtype) != "uint64" else finite
    return _text(name, values, notes)


def _text(name: str, values: pd.Series, notes: list[str]) -> pd.Series:
    said = as_words(values)
    stripped = said.str.strip() if said.notna().any() else said
    blank = stripped == ""
    if count := int(blank.sum()):
        notes.append(f"{name}: {count:,} blank cells are missing now")
        said = said.where(~blank, None)
    present = stripped[said.notna()]
    if not len(present):
        return said
    numbers = as_numbers(present)
    share = float(numbers.notna().mean())
    if share >= _MOSTLY and not present.str.match(_LEADING_ZERO).any():
        lost = int(numbers.isna().sum())
        notes.append(
            f"{name}: numbers kept as text are numbers now" + (f", {lost:,} cells are missing" if lost else "")
        )
        return as_numbers(said)
    if present.head(_LOOKED_AT).str.fullmatch(_ISO).all() and as_times(present).notna().all():
        notes.append(f"{name}: dates kept as text are dates now")
        return as_times(said)
    return said


def _conformed(values: pd.Series, kind: str) -> pd.Series:
    from pandas.api import types

    if kind == NUMBER:
        return as_numbers(values)
    if kind == TIME:
        return as_times(values)
    if kind == BOOLEAN:
        if types.is_bool_dtype(values.dtype) and values.notna().all():
            return values.astype(bool)
        truth = {"true": True, "false": False, "1": True, "0": False}
        return (
            as_words(values).map(lambda word: truth.get(str(word).strip().lower()), na_action="ignore").astype(object)
        )
    said = as_words(values)
    return said.where(said.str.strip() != "", None) if said.notna().any() else said


def _lost(before: pd.Series, after: pd.Series) -> int:
    """Count cells that held something, more than blanks, and are missing now."""
    gone = before[after.isna() & before.notna()]
    return int((gone.astype(str).str.strip() != "").sum()) if len(gone) else 0


def _kind_of_type(dtype: str) -> str:
    lower = dtype.lower()
    if lower.startswith("bool"):
        return BOOLEAN
    if lower.startswith(("int", "uint", "float", "double", "decimal")):
        return NUMBER
    return TIME if lower.startswith(("datetime", "timestamp", "date")) else WORD


def _number_word(value: Any) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _period() -> type:
    import pandas as pd

    return pd.PeriodDtype
