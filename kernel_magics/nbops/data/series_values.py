"""The values of a column of a frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.arrow_values import of_arrow
from nbops.data.object_values import of_objects
from nbops.data.times import clock_of
from nbops.data.values import (
    FLAGS,
    NESTED,
    NOTHING,
    NUMBERS,
    TIMES,
    Values,
    counted_codes,
    counted_words,
    number_word,
    of_array,
    text_array,
    word_of,
)

if TYPE_CHECKING:
    import pandas as pd


def of_series(values: pd.Series) -> Values:
    """Take the values of a column of a frame."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biufMmc":
        found = of_array(values.to_numpy())
        return replace(found, nulls=int(values.isna().sum())) if found.form == NESTED else found
    return replace(_of_extension(values), dtype=str(dtype))


def _of_extension(values: pd.Series) -> Values:
    from pandas.api import types

    dtype = values.dtype
    if types.is_object_dtype(dtype):
        return of_objects(values)
    nulls = int(values.isna().sum())
    base: dict[str, Any] = {"rows": len(values), "nulls": nulls, "dtype": str(dtype)}
    if nulls == len(values):
        return Values(form=NOTHING, **base)
    if hasattr(dtype, "pyarrow_dtype"):
        return replace(of_arrow(_arrow(values)), dtype=str(dtype))
    if hasattr(values, "cat"):
        return _of_categories(values, base)
    if types.is_bool_dtype(dtype):
        true = int(values.sum())
        return Values(form=FLAGS, flags=(len(values) - nulls - true, true), **base)
    if types.is_datetime64_any_dtype(dtype) or hasattr(dtype, "freq"):
        own, utc = clock_of(values)
        return Values(form=TIMES, own=own, utc=utc, **base)
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        present = values.dropna() if nulls else values
        kind = "int64" if types.is_signed_integer_dtype(dtype) else "uint64"
        return Values(form=NUMBERS, numbers=present.to_numpy(kind if types.is_integer_dtype(dtype) else float), **base)
    if types.is_string_dtype(dtype):
        return replace(of_arrow(_arrow(values)), dtype=str(dtype))
    return of_objects(values.astype(object))


def _of_categories(values: pd.Series, base: dict[str, Any]) -> Values:
    codes = values.cat.codes.to_numpy()
    counts = counted_codes(codes[codes >= 0] if base["nulls"] else codes, len(values.cat.categories))
    kinds = values.cat.categories.to_series()
    if kinds.dtype.kind in "OTUS" or str(kinds.dtype).startswith("str"):
        return counted_words([*kinds.map(str)], counts, base, text_cells=int(counts.sum()))
    if kinds.dtype.kind == "b":
        by_name = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
        return Values(form=FLAGS, flags=(by_name.get(False, 0), by_name.get(True, 0)), **base)
    if kinds.dtype.kind == "M" or hasattr(kinds.dtype, "tz"):
        own, utc = clock_of(values.astype(kinds.dtype))
        return Values(form=TIMES, own=own, utc=utc, **base)
    numbers = kinds.to_numpy()
    words = [number_word(value) for value in numbers.tolist()] if numbers.dtype.kind in "iuf" else [*map(str, kinds)]
    return counted_words(words, counts, base, chosen=True)


def _arrow(values: pd.Series) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError):
        return text_array([None if missing else word_of(v) for v, missing in zip(values, values.isna(), strict=True)])
