"""The values of a column of Python objects, which may be of any type and of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.times import clock_of
from nbops.data.values import (
    FLAGS,
    NESTED,
    NOTHING,
    NUMBERS,
    TIMES,
    VECTORS,
    WORDS,
    Values,
    of_array,
    text_array,
    word_of,
)

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]

_OF_OBJECTS = {
    "boolean": FLAGS, "integer": NUMBERS, "floating": NUMBERS, "mixed-integer-float": NUMBERS, "decimal": NUMBERS,
    "datetime": TIMES, "datetime64": TIMES, "date": TIMES, "complex": NESTED,
}  # fmt: skip


def of_objects(values: pd.Series) -> Values:
    """Take the values of a column of Python objects, by what most of them have in common."""
    import pandas as pd
    from pandas.api import types

    present = values.dropna()
    base: dict[str, Any] = {"rows": len(values), "nulls": len(values) - len(present), "dtype": str(values.dtype)}
    if not len(present):
        return Values(form=NOTHING, **base)
    kind = types.infer_dtype(present, skipna=False)
    form = _OF_OBJECTS.get(kind, WORDS)
    if form == FLAGS:
        true = int(present.astype(bool).sum())
        return Values(form=FLAGS, flags=(len(present) - true, true), **base)
    if form == NUMBERS:
        return Values(form=NUMBERS, numbers=_object_numbers(present, kind), **base)
    if form == TIMES:
        return _object_times(present, base)
    if kind.startswith("timedelta"):
        return replace(of_array(pd.to_timedelta(present).to_numpy()), **base)
    if kind == "mixed" and not isinstance(present.iloc[0], str):
        nested = of_nested(present.tolist(), base)
        if nested is not None:
            return nested
    if form == NESTED:
        return Values(form=NESTED, **base)
    text_cells = len(present) if kind == "string" else int(present.map(lambda value: isinstance(value, str)).sum())
    said = present if kind == "string" else present.map(word_of)
    counted = said.value_counts(sort=False)
    return Values(
        form=WORDS, words=text_array([*counted.index]), counts=counted.to_numpy(), text_cells=text_cells, **base
    )


def _object_numbers(present: pd.Series, kind: str) -> Array:
    if kind == "integer":
        try:
            return present.to_numpy(np.int64)
        except OverflowError:
            pass
    try:
        return present.to_numpy(float)
    except OverflowError:
        # A whole number beyond every float.
        return np.array([_bounded(value) for value in present])


def _bounded(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _object_times(present: pd.Series, base: dict[str, Any]) -> Values:
    import pandas as pd

    times = pd.to_datetime(present, errors="coerce", utc=any(getattr(v, "tzinfo", None) for v in present))
    own, utc = clock_of(times)
    lost = len(present) - len(own)
    return Values(form=TIMES, own=own, utc=utc, **{**base, "nulls": base["nulls"] + lost})


def of_nested(cells: list[Any], base: dict[str, Any]) -> Values | None:
    """Take lists of numbers of one length as vectors, and other containers as what is not compared."""
    kinds = {type(cell) for cell in cells}
    if not all(issubclass(kind, (list, tuple, dict, set, frozenset, np.ndarray)) for kind in kinds):
        return None
    if all(issubclass(kind, (list, tuple, np.ndarray)) for kind in kinds) and len({len(cell) for cell in cells}) == 1:
        try:
            vectors = np.array(cells, dtype=float)
        except (TypeError, ValueError):
            return Values(form=NESTED, **base)
        if vectors.ndim == 2 and vectors.shape[1]:
            return Values(form=VECTORS, vectors=vectors, **base)
    return Values(form=NESTED, **base)
