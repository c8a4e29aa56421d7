"""MLflow's protocol of ``/invocations``: rows as JSON, predictions as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from nbops.errors import DataError
from nbops.serving.served import Served

FORMS = ("dataframe_split", "dataframe_records", "inputs")


def rows_of(body: bytes, served: Served) -> Any:
    """Read what the model is asked to predict for, as :func:`request_of` does."""
    return request_of(body, served)[0]


def request_of(body: bytes, served: Served) -> tuple[Any, dict[str, Any]]:
    """Read what the model is asked to predict for: its columns, in its order and of its types; and ``params``, if there are any.

    Raises
    ------
    DataError
        It is no JSON of one of the three forms, columns are missing, or values are of another type. The message names them.
    """
    content = _json(body)
    given = [form for form in FORMS if form in content]
    if len(given) != 1:
        raise DataError(f"Give exactly one of {', '.join(FORMS)}.")
    params = _params(content.pop("params", None))
    unknown = [key for key in content if key not in given]
    if unknown:
        raise DataError(f"{unknown[0]!r} is not understood here; give {given[0]} alone.")
    frame = _frame(given[0], content[given[0]], served)
    if not len(frame):
        raise DataError("There are no rows.")
    frame = _chosen(frame, served)
    return (frame.to_numpy() if served.by_position else frame), params


def answer(predictions: Any) -> bytes:
    """Write predictions; what is no number is ``null``, which is what JSON has."""
    return json.dumps({"predictions": _plain(np.asarray(predictions).tolist())}, allow_nan=False).encode()


def _params(params: Any) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, dict) or not params.keys() <= {"prediction_ids"}:
        raise DataError("params may hold prediction_ids and nothing else.")
    return params


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DataError(f"The body is no JSON: {error}.") from error
    if not isinstance(content, dict):
        raise DataError(f"The body must be an object with one of {', '.join(FORMS)}.")
    return content


def _frame(form: str, value: Any, served: Served) -> pd.DataFrame:
    names = list(served.version.features)
    if form == "dataframe_split":
        return _split(value)
    if form == "dataframe_records":
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise DataError("dataframe_records must be a list of objects.")
        return pd.DataFrame.from_records(value)
    if isinstance(value, dict):
        columns = {name: column if isinstance(column, list) else [column] for name, column in value.items()}
        if len({len(column) for column in columns.values()}) > 1:
            raise DataError("inputs has columns of different lengths.")
        return pd.DataFrame(columns)
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise DataError("inputs must be a list of rows, each a list, or an object of columns.")
    return _table("inputs", value, names or [f"x{i}" for i in range(max(map(len, value), default=0))])


def _split(value: Any) -> pd.DataFrame:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise DataError("dataframe_split must be an object with columns and data.")
    rows, columns = value["data"], value.get("columns")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise DataError("dataframe_split must have columns: a list of names.")
    if len(set(columns)) < len(columns):
        raise DataError("dataframe_split names a column twice.")
    return _table("dataframe_split", rows, columns)


def _table(form: str, rows: list[Any], columns: list[str]) -> pd.DataFrame:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(columns):
            width = f"{len(row)} values" if isinstance(row, list) else f"a {type(row).__name__}"
            raise DataError(f"{form}: row {number} has {width}, and there are {len(columns)} columns.")
    return pd.DataFrame(rows, columns=columns)


def _chosen(frame: pd.DataFrame, served: Served) -> pd.DataFrame:
    wanted = list(served.version.features)
    if not wanted:
        return frame
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        other = [str(name) for name in frame.columns if name not in wanted]
        said = f" Not known here: {_listed(other)}." if other else ""
        raise DataError(f"Columns are missing: {_listed(missing)}.{said}")
    types = served.version.feature_types or ("",) * len(wanted)
    return pd.DataFrame({name: _typed(frame[name], kind) for name, kind in zip(wanted, types, strict=False)})


def _typed(column: pd.Series, kind: str) -> pd.Series:
    """Give a column in the type that the model has learnt from, as far as JSON can say it."""
    name = column.name
    nested = [value for value in column if isinstance(value, (list, dict))]
    if nested:
        raise DataError(f"Column {name!r} has a {type(nested[0]).__name__} where one value is expected.")
    if kind.startswith(("float", "int", "uint", "Float", "Int", "UInt")) or not kind:
        return _numbers(column, kind)
    if kind.startswith("datetime"):
        try:
            return pd.to_datetime(column)
        except (ValueError, TypeError) as error:
            raise DataError(f"Column {name!r} must hold dates such as 2026-01-31.") from error
    if kind in {"bool", "boolean"}:
        if not all(isinstance(value, (bool, np.bool_)) for value in column):
            raise DataError(f"Column {name!r} must be true or false.")
        return column
    if kind in {"str", "string"}:
        if wrong := [value for value in column.dropna() if not isinstance(value, str)]:
            raise DataError(f"Column {name!r} must be text; one row has {wrong[0]!r:.60}.")
        # Also so that what is missing is what it was in training, which encoders tell from anything else.
        return column.astype(pd.api.types.pandas_dtype(kind))
    # A category that was not among those learnt is the model's business.
    return column.astype("category") if kind == "category" else column.astype(object)


def _numbers(column: pd.Series, kind: str) -> pd.Series:
    for number, value in enumerate(column, 1):
        if value is not None and not isinstance(value, (bool, int, float, np.number)):
            if not kind:
                return column
            raise DataError(f"Column {column.name!r} must be numbers ({kind}); row {number} has {value!r:.60}.")
    try:
        numbers = column.astype(float)
    except (OverflowError, ValueError, TypeError) as error:
        raise DataError(f"Column {column.name!r} has a number that is too large.") from error
    whole = kind.startswith(("int", "uint")) and numbers.notna().all() and (numbers == np.floor(numbers)).all()
    return numbers.astype("int64") if whole and numbers.abs().max() < 2**53 else numbers


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
