"""Read the time of each row, however a frame holds it: times, texts, years, seconds, or several columns that make one up."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_PARTS = ("year", "month", "day", "hour", "minute", "second")
# Whole numbers from and to these are years; larger ones count seconds, thousandths, millionths, billionths since 1970.
_YEARS = (1000, 3000)
_SCALES = ((1e11, "s"), (1e14, "ms"), (1e17, "us"), (np.inf, "ns"))


def time_columns(frame: pd.DataFrame, time: str | Sequence[str] | None) -> tuple[str, ...]:
    """Give the names of the columns that hold the time.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    time
        A column; several, also as ``"date,hour"``; or nothing for the only column of times.

    Raises
    ------
    UsageError
        There is no such column; or none was named and not exactly one holds times.
    """
    from pandas.api import types

    names = [str(name) for name in frame.columns]
    if time is None:
        kinds = zip(names, frame.dtypes, strict=True)
        found = [name for name, kind in kinds if types.is_datetime64_any_dtype(kind) or str(kind).startswith("period")]
        if len(found) != 1:
            said = f"more than one: {', '.join(found[:5])}" if found else "none"
            raise UsageError(f"Windows need one column of times; the data have {said}.", hint="Name it: time=COLUMN.")
        return (found[0],)
    if isinstance(time, str):
        time = [time] if time in names else [part.strip() for part in time.split(",")]
    for name in time:
        if name not in names:
            near = get_close_matches(name, names, 1)
            raise UsageError(
                f"The data have no column {name!r} to take the time from.",
                hint=f"Did you mean {near[0]!r}?" if near else f"They have {', '.join(names[:20])}.",
            )
    return tuple(time)


def times_of(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Give the time of each row, shape ``(rows,)``, without a time zone; ``NaT`` where it cannot be read.

    Parameters
    ----------
    frame
        Shape ``(rows, columns)``.
    columns
        What :func:`time_columns` gave: one; those named ``year``, ``month``, ``day``, ``hour``, ``minute``, ``second``; or a date
        and a column of hours.

    Raises
    ------
    UsageError
        Not one row has a time there.
    """
    import pandas as pd

    names = [str(name) for name in frame.columns]
    given = {name: frame.iloc[:, names.index(name)] for name in columns}
    if len(given) == 1:
        found = _one(next(iter(given.values())))
    elif {name.lower() for name in given} <= {*_PARTS} and any(name.lower() == "year" for name in given):
        parts = {"month": 1, "day": 1} | {name.lower(): values for name, values in given.items()}
        found = pd.to_datetime(pd.DataFrame(parts, index=frame.index), errors="coerce")
    else:
        date, *rest = given.values()
        found = _one(date)
        for hours in rest:
            found = found + pd.to_timedelta(pd.to_numeric(hours, errors="coerce"), unit="h")
    if not found.notna().any():
        raise UsageError(f"Not one row of {', '.join(columns)} can be read as a time.", hint="Name another column.")
    placed: pd.Series = found.reset_index(drop=True)
    return placed


def _one(values: pd.Series) -> Any:
    import pandas as pd
    from pandas.api import types

    if isinstance(values.dtype, pd.PeriodDtype):
        return values.dt.to_timestamp()
    if types.is_datetime64_any_dtype(values.dtype):
        return values.dt.tz_localize(None) if values.dt.tz is not None else values
    if types.is_bool_dtype(values.dtype) or types.is_timedelta64_dtype(values.dtype):
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns]")
    if types.is_numeric_dtype(values.dtype):
        return _numbers(values)
    return _texts(values)


def _numbers(values: pd.Series) -> Any:
    import pandas as pd

    numbers = values.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    finite = numbers[np.isfinite(numbers)]
    if len(finite) and finite.min() >= _YEARS[0] and finite.max() <= _YEARS[1] and (finite == np.round(finite)).all():
        years = pd.Series(numbers, index=values.index).astype("Int64").astype("string")
        return pd.to_datetime(years, format="%Y", errors="coerce")
    # The median decides: one slip of the pen does not make thousandths of seconds.
    size = float(np.median(np.abs(finite))) if len(finite) else 0.0
    unit: Any = next(unit for limit, unit in _SCALES if size < limit)
    return pd.to_datetime(pd.Series(numbers, index=values.index), unit=unit, errors="coerce")


def _texts(values: pd.Series) -> Any:
    import pandas as pd

    # Dates repeat; each text is read once.
    codes, known = pd.factorize(values.astype("string"))
    read = pd.to_datetime(pd.Series(known, dtype="object"), errors="coerce", utc=True, format="ISO8601")
    if read.isna().mean() > 0.1:
        other = pd.to_datetime(pd.Series(known, dtype="object"), errors="coerce", utc=True, format="mixed")
        read = other if other.isna().sum() < read.isna().sum() else read
    plain = read.dt.tz_localize(None).to_numpy()
    found = np.full(len(codes), np.datetime64("NaT"), dtype=plain.dtype if len(plain) else "datetime64[ns]")
    found[codes >= 0] = plain[codes[codes >= 0]]
    return pd.Series(found, index=values.index)
