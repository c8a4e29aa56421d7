"""What is logged of predictions, as an Arrow table: a row each, its inputs beside it if they are kept."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import DataError
from nbops.monitoring.predictions.identifiers import new_ids
from nbops.redaction import Redactor

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Inputs have names of their own, which may be those of the log.
INPUT = "input:"
SCORE = "score"
# How missing values read as text.
_NONE = frozenset({"", "None", "nan", "<NA>", "NaT"})
# The year 10000.
_END = 253_402_300_800.0


def entries(
    *,
    ids: Sequence[Any] | None,
    outputs: Any,
    scores: Any,
    version: int | None,
    digest: str,
    latency: Any,
    at: Any,
) -> tuple[pa.Table, list[str]]:
    """Make the table of some predictions without their inputs, and give their identifiers.

    Raises
    ------
    DataError
        There are not as many of one thing as of another, identifiers repeat or are missing, or a time, score, latency or version
        is none.
    """
    import pyarrow as pa

    output = column(outputs, "outputs")
    rows = len(output)
    names = new_ids(rows) if ids is None else identifiers(ids)
    if len(names) != rows:
        raise DataError(f"There are {len(names)} identifiers of {rows} predictions.")
    if len(set(names)) < rows:
        raise DataError("Two predictions have the same identifier.")
    columns: dict[str, Any] = {
        "prediction_id": pa.array(names, pa.string()),
        "at": pa.array(times(at, rows)),
        "version": pa.array(np.full(rows, _number_of(version), np.int32), mask=np.full(rows, version is None)),
        "digest": pa.array([str(digest)] * rows, pa.string()),
        "output": output,
        **_scores(scores, rows),
        "latency": pa.array(_numbers(latency, rows, "latency"), from_pandas=True),
    }
    return pa.table(columns), names


def identifiers(ids: Sequence[Any]) -> list[str]:
    """Give identifiers as texts.

    Raises
    ------
    DataError
        One is missing: all that are would be taken for the same prediction.
    """
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise DataError(f"Identifiers are a list, one of each row, not {ids!r:.60}.")
    names = [str(one) for one in ids]
    if not _NONE.isdisjoint(names):
        # Seldom true, and then looked at closely: somebody may be called so.
        missing = [place for place, one in enumerate(ids) if not (one if isinstance(one, str) else _known(one))]
        if missing:
            raise DataError(f"The identifier of row {missing[0]} is missing.", hint="Leave ids out to have them made.")
    return names


def _known(one: Any) -> bool:
    import pandas as pd

    return pd.isna(one) is not True


def _number_of(version: Any) -> int:
    if version is None:
        return 0
    if isinstance(version, bool) or not isinstance(version, (int, np.integer)) or not 0 <= version < 2**31:
        raise DataError(f"version must be the number of one, not {version!r:.60}.")
    return int(version)


def inputs(rows: Any, count: int, leave_out: Sequence[str], redactor: Redactor) -> pd.DataFrame:
    """Give the inputs that may be kept, secrets in texts replaced.

    Raises
    ------
    DataError
        There are not as many as predictions, or two columns have one name.
    """
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        frame = rows
    elif isinstance(rows, Mapping):
        frame = pd.DataFrame(dict(rows))
    else:
        values = np.asarray(rows)
        if not values.ndim:
            raise DataError(f"Inputs are a frame with a row of each prediction, not {rows!r:.60}.")
        values = values.reshape(len(values), -1)
        frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])
    if len(frame) != count:
        raise DataError(f"There are {len(frame)} rows of inputs of {count} predictions.")
    names = [str(name) for name in frame.columns]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise DataError(f"The inputs have two columns {twice!r}.", hint="Rename one of them.")
    kept = [name for name in frame.columns if str(name) not in leave_out]
    return pd.DataFrame({str(name): _redacted(frame[name], str(name), redactor) for name in kept}).reset_index(
        drop=True
    )


def with_inputs(table: pa.Table, frame: pd.DataFrame) -> pa.Table:
    """Put inputs beside the predictions."""
    for name in frame.columns:
        table = table.append_column(f"{INPUT}{name}", column(frame[name], f"column {name!r}"))
    return table


def column(values: Any, what: str) -> pa.Array:
    """Give values as an Arrow array; objects of several types become text."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(values, pd.Series) and isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if not isinstance(values, (pd.Series, pd.Index)):
        values = values if isinstance(values, np.ndarray) else _array(values)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values.ravel()
        if values.ndim > 1:
            return pa.array(values.tolist())
        if values.ndim == 0:
            raise DataError(f"{what} must be as many as there are predictions, not one value.")
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        found = pa.array([None if _absent(value) else str(value) for value in values], pa.string())
    found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if pa.types.is_large_string(found.type) or pa.types.is_string_view(found.type):
        found = found.cast(pa.string())
    return found


def moment(at: Any) -> float | None:
    """Give one end of a span of time in seconds since the epoch, within the calendar; ``None`` stays.

    Raises
    ------
    DataError
        It is no time.
    """
    if at is None:
        return None
    plain = isinstance(at, (int, float, np.number)) and not isinstance(at, bool)
    found = float(at) if plain else _seconds(at)
    if np.isnan(found):
        raise DataError(f"{at!r:.60} is no time.", hint="Give seconds since the epoch, or dates.")
    # A day of the year 10000 would sort before all others.
    return min(max(found, 0.0), _END - 1.0)


def times(at: Any, rows: int) -> np.ndarray[Any, Any]:
    """Give times as seconds since the epoch: now, one for all, or one each.

    Raises
    ------
    DataError
        A time is none, or lies before the epoch or beyond the year 9999.
    """
    import pandas as pd

    if at is None:
        return np.full(rows, time.time())
    values = _array(at)
    if values.ndim == 0 and not isinstance(at, (int, float, np.number)):
        values = np.asarray(_seconds(at))
    if values.ndim > 1 or isinstance(at, bool):
        raise DataError("Times must be one for all, or one each.")
    if values.dtype.kind not in "iuf":
        moments = pd.to_datetime(pd.Series([*map(_moment, at)]), utc=True, format="mixed", errors="coerce")
        values = (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    found = np.broadcast_to(values.astype(float), (rows,)) if values.ndim == 0 else values.astype(float)
    if len(found) != rows:
        raise DataError(f"There are {len(found)} times of {rows} rows.")
    if not np.all((found >= 0) & (found < _END)):
        raise DataError("A time is missing or cannot be one.", hint="Give seconds since the epoch, or dates.")
    return np.ascontiguousarray(found)


def _moment(one: Any) -> Any:
    """Give one of several times; pandas takes numbers among dates for nanoseconds, here they are seconds."""
    if isinstance(one, (int, float, np.number)) and not isinstance(one, bool):
        try:
            return datetime.fromtimestamp(float(one), UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return one


def _array(values: Any) -> np.ndarray[Any, Any]:
    """Give values as an array; lists of several lengths are objects of it."""
    try:
        return np.asarray(values)
    except ValueError:
        found = np.empty(len(values), object)
        found[:] = list(values)
        return found


def _seconds(at: Any) -> float:
    import pandas as pd

    try:
        moment = pd.Timestamp(at)
        return float((moment if moment.tzinfo else moment.tz_localize("UTC")).timestamp())
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f"{at!r:.60} is no time.", hint="Give seconds since the epoch, or dates.") from error


def _scores(scores: Any, rows: int) -> dict[str, Any]:
    import pandas as pd
    import pyarrow as pa

    if scores is None:
        return {}
    if isinstance(scores, (Mapping, pd.DataFrame)):
        named = {f"{SCORE}_{name}": scores[name] for name in scores}
    else:
        values = _floats(scores, "scores")
        named = {SCORE: values} if values.ndim < 2 else {f"{SCORE}_{i}": one for i, one in enumerate(values.T)}
    return {name: pa.array(_numbers(one, rows, "scores"), from_pandas=True) for name, one in named.items()}


def _numbers(values: Any, rows: int, what: str) -> np.ndarray[Any, Any]:
    found = np.full(rows, np.nan) if values is None else _floats(values, what)
    if found.ndim and len(found) != rows:
        raise DataError(f"There are {len(found)} {what} of {rows} predictions.")
    return np.ascontiguousarray(np.broadcast_to(found, (rows,)))


def _floats(values: Any, what: str) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers.", hint="One for each prediction.") from None


def _redacted(values: pd.Series, name: str, redactor: Redactor) -> pd.Series:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    found: dict[str, str] = {}
    for value in {value for value in values if isinstance(value, str)}:
        cleaned = next(iter(redactor.mapping({name: value}).values()))
        if cleaned != value:
            found[value] = cleaned
    if not found:
        return values
    return values.astype(object).map(lambda value: found.get(value, value) if isinstance(value, str) else value)


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)
