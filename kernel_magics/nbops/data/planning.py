"""What a column is: decided once from its values, or taken from a reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data import values as v
from nbops.data.histogram import Scale, scale_of
from nbops.data.profile import (
    IDENTIFIER_ROWS,
    IDENTIFIER_SHARE,
    NUMBER_DISTINCT,
    NUMBER_SHARE,
    ColumnProfile,
)
from nbops.data.texts import may_be_number, wordy
from nbops.data.values import Values
from nbops.data.vectors import looks_of_vectors

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

_NATURAL = {v.FLAGS: "boolean", v.TIMES: "time", v.VECTORS: "vector", v.NESTED: "nested", v.NOTHING: "empty"}
# Free text: at least half of the values hold three words or more, and at least half of the cells differ.
_WORDY, _DIFFERENT, _FEWEST_TEXTS = 0.5, 0.5, 50


def decide(name: str, values: Values) -> ColumnProfile:
    """Decide from values what a column is.

    Returns
    -------
    ColumnProfile
        With kind, shift and, for numbers kept as text, ``parsed``; the aspects have their shifts. It counts nothing.
    """
    base = ColumnProfile(name=name, kind=_NATURAL.get(values.form, "empty"), dtype=values.dtype, rows=0)
    if values.form == v.NUMBERS and values.numbers is not None:
        return _of_numbers(base, values)
    if values.form == v.WORDS and values.words is not None:
        return _of_words(base, values)
    if values.form == v.VECTORS and values.vectors is not None:
        part = values.vectors[:: max(1, len(values.vectors) // 4096)]
        scales = {aspect: scale_of(found) for aspect, found in looks_of_vectors(part).items()}
        return replace(base, aspects=tuple(_number(aspect, scale) for aspect, scale in scales.items()))
    return base


def natural(name: str, values: Values) -> ColumnProfile:
    """Tell what values are of themselves, whatever rows there are of them: no identifier, no text, shifted by nothing."""
    kind = {v.NUMBERS: "number", v.WORDS: "category"}.get(values.form) or _NATURAL[values.form]
    found = ColumnProfile(name=name, kind=kind, dtype=values.dtype, rows=0)
    if kind == "vector":
        aspects = ("norm", *(f"projection {i + 1}" for i in range(16)))
        return replace(found, aspects=tuple(_number(aspect, Scale()) for aspect in aspects))
    return found


def fits(known: ColumnProfile, values: Values) -> bool:
    """Whether values can be counted as what the reference says the column is."""
    form, kind = values.form, known.kind
    if form == v.NOTHING:
        return True
    if kind in {"number", "boolean"}:
        return form in {v.NUMBERS, v.FLAGS, v.WORDS}
    if kind == "category":
        # Numbers are the same values as categories named 1, 2, 3, and not as others.
        return form in {v.WORDS, v.FLAGS} or (form == v.NUMBERS and known.parsed >= _DIFFERENT)
    if kind == "time":
        return form in {v.TIMES, v.WORDS}
    if kind == "identifier":
        return form in {v.NUMBERS, v.WORDS}
    return (kind, form) in {("text", v.WORDS), ("vector", v.VECTORS), ("nested", v.NESTED), ("nested", v.VECTORS)}


def parsed_numbers(words: pa.Array) -> Array:
    """Read texts as floats, NaN where one is no number; shape ``(n,)``."""
    import pandas as pd

    found = words.to_pylist()
    if not any(map(may_be_number, found)):
        return np.full(len(found), np.nan)
    texts = np.array(found, dtype=object)
    return np.asarray(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), dtype=np.float64)


def _of_numbers(base: ColumnProfile, values: Values) -> ColumnProfile:
    numbers = values.numbers
    if numbers is None or not len(numbers) or _are_missing(numbers):
        return base
    if values.whole and not values.nulls and _numbers_rows(numbers):
        return replace(base, kind="identifier")
    found = scale_of(numbers)
    return replace(base, kind="number", shift=found.shift, unit=found.unit)


def _are_missing(numbers: Array) -> bool:
    """Whether all are NaN; to look at the first one first mostly spares looking at all."""
    return bool(numbers.dtype.kind == "f" and np.isnan(numbers[0]) and np.isnan(numbers).all())


def _numbers_rows(numbers: Array) -> bool:
    """Whether whole numbers merely number the rows: all different, and hardly more values than rows."""
    rows = len(numbers)
    if rows < IDENTIFIER_ROWS:
        return False
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= 2 * rows:
        return False
    there = np.zeros(high - low + 1, bool)
    there[(numbers - numbers.dtype.type(low)).astype(np.int64)] = True
    return int(there.sum()) == rows


def _of_words(base: ColumnProfile, values: Values) -> ColumnProfile:
    words, counts = values.words, values.counts
    if words is None or counts is None:
        return base
    distinct, cells = len(words), int(counts.sum())
    numbers = parsed_numbers(words)
    share = float(np.isfinite(numbers).mean() if distinct else 0.0)
    found = replace(base, kind="category", parsed=share)
    if share >= NUMBER_SHARE and distinct > NUMBER_DISTINCT and not values.chosen:
        scale = scale_of(np.sort(numbers[np.isfinite(numbers)]))
        return replace(found, kind="number", shift=scale.shift, unit=scale.unit)
    if distinct > NUMBER_DISTINCT and not values.chosen and _are_times(words):
        return replace(found, kind="time")
    if cells < _FEWEST_TEXTS or share >= 0.5 or values.chosen:
        return found
    if distinct >= _DIFFERENT * cells and wordy(words) >= _WORDY:
        import pyarrow.compute as pc

        lengths = pc.utf8_length(words).to_numpy(zero_copy_only=False).astype(float)
        return replace(found, kind="text", aspects=(_number("length", scale_of(np.sort(lengths))),))
    return replace(found, kind="identifier") if distinct >= IDENTIFIER_SHARE * cells else found


def _are_times(words: pa.Array) -> bool:
    """Whether texts are dates in a form that no country reads otherwise."""
    import pyarrow.compute as pc

    from nbops.data.typed import times_of_texts

    shaped = pc.match_substring_regex(words, r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}.*)?\s*$")
    if pc.sum(shaped).as_py() < NUMBER_SHARE * len(words):
        return False
    return bool((~np.isnat(times_of_texts(words.to_pylist()))).mean() >= NUMBER_SHARE)


def _number(name: str, scale: Scale) -> ColumnProfile:
    return ColumnProfile(name=name, kind="number", dtype="", rows=0, shift=scale.shift, unit=scale.unit)
