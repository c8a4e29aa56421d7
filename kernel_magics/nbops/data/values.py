"""The values of a column, whatever holds them: pandas and Arrow types come down to a few forms that are counted alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.times import PER_SECOND, clock_of, seconds_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Array = np.ndarray[Any, Any]

NUMBERS, WORDS, FLAGS, TIMES, VECTORS, NESTED, NOTHING = (
    "numbers", "words", "flags", "times", "vectors", "nested", "nothing",
)  # fmt: skip
_OF_OBJECTS = {
    "boolean": FLAGS, "integer": NUMBERS, "floating": NUMBERS, "mixed-integer-float": NUMBERS, "decimal": NUMBERS,
    "datetime": TIMES, "datetime64": TIMES, "date": TIMES, "complex": NESTED,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values of one column of some rows.

    Parameters
    ----------
    form
        ``numbers`` (floats, or whole numbers as integers; NaN among them is missing), ``words``, ``flags``, ``times``, ``vectors``,
        ``nested`` or ``nothing``.
    rows, nulls
        Rows, and how many of them have no value (beside the NaN among numbers).
    dtype
        The type as its library names it.
    numbers
        Shape ``(n,)``.
    parts
        Instead of ``numbers`` several such arrays, of one type, where they were asked for.
    words, counts
        Different texts (an Arrow array without nulls) and how often each comes.
    flags
        How many are false and true.
    own, utc
        Times as their own clock shows them, and in UTC.
    vectors
        Shape ``(n, width)``.
    chosen
        The words name kinds that a person chose, as pandas' categories do, even if they are numbers.
    text_cells
        How many cells hold text.
    """

    form: str
    rows: int
    nulls: int
    dtype: str
    numbers: Any = None
    parts: tuple[Array, ...] = ()
    words: Any = None
    counts: Any = None
    flags: tuple[int, int] = (0, 0)
    own: Any = None
    utc: Any = None
    vectors: Any = None
    chosen: bool = False
    text_cells: int = 0

    @property
    def whole(self) -> bool:
        """Whether these are numbers of a type of whole numbers."""
        numbers = self.parts[0] if self.parts else self.numbers
        return numbers is not None and numbers.dtype.kind in "iu"


def of_array(values: Array) -> Values:
    """Take numbers, truth values or times from an array of shape ``(n,)``."""
    kind, rows, dtype = values.dtype.kind, len(values), str(values.dtype)
    if kind == "b":
        true = int(values.sum())
        return Values(form=FLAGS, rows=rows, nulls=0, dtype=dtype, flags=(rows - true, true))
    if kind == "M":
        known = values[~np.isnat(values)]
        form = TIMES if len(known) else NOTHING
        return Values(form=form, rows=rows, nulls=rows - len(known), dtype=dtype, own=known, utc=known)
    if kind == "m":
        unit, step = np.datetime_data(values.dtype)
        if step != 1 or unit not in PER_SECOND:
            values, unit = values.astype("timedelta64[s]"), "s"
        numbers = np.where(np.isnat(values), np.nan, seconds_of(values.astype(np.int64), unit))
        return Values(form=NUMBERS, rows=rows, nulls=0, dtype=dtype, numbers=numbers)
    if kind in "iuf":
        return Values(form=NUMBERS, rows=rows, nulls=0, dtype=dtype, numbers=values)
    return Values(form=NESTED, rows=rows, nulls=0, dtype=dtype)


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
        return _of_objects(values)
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
    return _of_objects(values.astype(object))


def _of_categories(values: pd.Series, base: dict[str, Any]) -> Values:
    counts = np.bincount(values.cat.codes.to_numpy() + 1, minlength=len(values.cat.categories) + 1)[1:]
    kinds = values.cat.categories.to_series()
    if kinds.dtype.kind in "OTUS" or str(kinds.dtype).startswith("str"):
        return _counted_words([*kinds.map(str)], counts, base, text_cells=int(counts.sum()))
    if kinds.dtype.kind == "b":
        by_name = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
        return Values(form=FLAGS, flags=(by_name.get(False, 0), by_name.get(True, 0)), **base)
    if kinds.dtype.kind == "M" or hasattr(kinds.dtype, "tz"):
        own, utc = clock_of(values.astype(kinds.dtype))
        return Values(form=TIMES, own=own, utc=utc, **base)
    numbers = kinds.to_numpy()
    words = [number_word(value) for value in numbers.tolist()] if numbers.dtype.kind in "iuf" else [*map(str, kinds)]
    return _counted_words(words, counts, base, chosen=True)


def _counted_words(words: list[str], counts: Array, base: dict[str, Any], **more: Any) -> Values:
    there = np.flatnonzero(counts)
    return Values(form=WORDS, words=text_array([words[i] for i in there]), counts=counts[there], **more, **base)


def _of_objects(values: pd.Series) -> Values:
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
        nested = _of_nested(present.tolist(), base)
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


def _of_nested(cells: list[Any], base: dict[str, Any]) -> Values | None:
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


def of_arrow(values: pa.ChunkedArray | pa.Array, *, parted: bool = False) -> Values:
    """Take the values of a column of an Arrow table; ``parted`` where numbers may stay in parts, which spares a copy."""
    import pyarrow as pa
    import pyarrow.types as types

    kind, base = values.type, {"rows": len(values), "nulls": values.null_count, "dtype": str(values.type)}
    if values.null_count == len(values):
        return Values(form=NOTHING, **base)
    if types.is_dictionary(kind):
        return _of_encoded(values, base)
    if types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return of_arrow(pc.run_end_decode(values), parted=parted)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        kept = values if not types.is_string_view(kind) else values.cast(pa.large_string())
        return _of_dictionary(kept.dictionary_encode(), base)
    if types.is_boolean(kind):
        import pyarrow.compute as pc

        true = pc.sum(values).as_py() or 0
        return Values(form=FLAGS, flags=(len(values) - values.null_count - true, true), **base)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        if parted and values.num_chunks > 1:
            return Values(form=NUMBERS, parts=tuple(map(_arrow_numbers, values.chunks)), **base)
        return Values(form=NUMBERS, numbers=_arrow_numbers(values), **base)
    if types.is_timestamp(kind) or types.is_date(kind):
        if types.is_date(kind):
            values = values.cast(pa.timestamp("s" if types.is_date32(kind) else "ms"))
        if getattr(values.type, "tz", None) is None:
            own = utc = (values.drop_null() if values.null_count else values).to_numpy(**_copying(values))
        else:
            own, utc = clock_of(values.to_pandas())
        return Values(form=TIMES, own=own, utc=utc, **base)
    if types.is_duration(kind):
        whole = values.drop_null().cast(pa.int64())
        return Values(form=NUMBERS, numbers=seconds_of(whole.to_numpy(**_copying(whole)), kind.unit), **base)
    return _arrow_nested(values, base)


def _arrow_numbers(values: Any) -> Array:
    import pyarrow as pa
    import pyarrow.types as types

    kept = values.drop_null() if values.null_count else values
    if types.is_decimal(kept.type):
        # Straight to floats Arrow is off by the last bit of some.
        kept = kept.cast(pa.string()).cast(pa.float64())
    found: Array = kept.to_numpy(**_copying(kept))
    return found


def _copying(values: Any) -> dict[str, bool]:
    """Give what lets an Arrow array be copied to numpy where need be; of several chunks it always is."""
    return {} if hasattr(values, "chunks") else {"zero_copy_only": False}


def _of_encoded(values: Any, base: dict[str, Any]) -> Values:
    """Take values that are stored as places in dictionaries, which may differ by chunk and hold what is missing."""
    import pyarrow.types as types

    kind = values.type.value_type
    dictionaries = [chunk.dictionary for chunk in getattr(values, "chunks", [values])]
    if types.is_string(kind) or types.is_large_string(kind):
        if not any(dictionary.null_count for dictionary in dictionaries):
            return _of_dictionary(values, base)
        return of_arrow(values.cast(kind))
    plain = values.cast(kind)
    if (not types.is_integer(kind) and not types.is_floating(kind)) or plain.null_count == len(plain):
        return replace(of_arrow(plain), chosen=True)
    counted = plain.drop_null().value_counts()
    words = [number_word(value) for value in counted.field("values").to_pylist()]
    base = {**base, "nulls": plain.null_count, "dtype": str(kind)}
    return _counted_words(words, counted.field("counts").to_numpy(), base, chosen=True)


def _of_dictionary(values: Any, base: dict[str, Any]) -> Values:
    import pyarrow as pa

    chunks = values.unify_dictionaries().chunks if isinstance(values, pa.ChunkedArray) else [values]
    known = chunks[0].dictionary
    counts = np.zeros(len(known), np.int64)
    for places in (chunk.indices for chunk in chunks):
        codes = (places.drop_null() if places.null_count else places).to_numpy(zero_copy_only=False)
        counts += np.bincount(codes, minlength=len(known))
    there = np.flatnonzero(counts)
    if len(there) < len(known):
        known, counts = known.take(pa.array(there)), counts[there]
    rows = int(counts.sum())
    nulls = len(values) - rows
    return Values(
        form=WORDS, words=known.cast(pa.large_string()), counts=counts, text_cells=rows, **{**base, "nulls": nulls}
    )


def _arrow_nested(values: Any, base: dict[str, Any]) -> Values:
    import pyarrow as pa
    import pyarrow.types as types

    if types.is_list(values.type) or types.is_large_list(values.type) or types.is_fixed_size_list(values.type):
        present = values.drop_null()
        return _of_nested(
            present.to_numpy(zero_copy_only=False).tolist()
            if not hasattr(present, "chunks")
            else present.to_numpy().tolist(),
            base,
        ) or Values(form=NESTED, **base)
    if types.is_null(values.type):
        return Values(form=NOTHING, **base)
    if types.is_time64(values.type):
        # Python's times have no nanoseconds.
        values = values.cast(pa.time64("us"), safe=False)
    in_cells = (types.is_time, types.is_binary, types.is_large_binary, types.is_fixed_size_binary)
    if any(is_it(values.type) for is_it in in_cells):
        return replace(of_series(values.to_pandas()), dtype=base["dtype"])
    return Values(form=NESTED, **base)


def type_name(dtype: str) -> str:
    """Give the type as pandas names it, so that a column is of the same one in a frame and in a file."""
    if dtype.startswith(("dictionary", "string", "large_string", "utf8", "large_utf8")):
        return "str"
    if dtype.startswith("timestamp"):
        unit, _, zone = dtype[len("timestamp[") : -1].partition(", tz=")
        return f"datetime64[{unit}, {zone}]" if zone else f"datetime64[{unit}]"
    if dtype.startswith("duration"):
        return "timedelta64" + dtype[len("duration") :]
    return {"double": "float64", "float": "float32", "halffloat": "float16"}.get(dtype, dtype)


def text_array(texts: list[Any]) -> pa.Array:
    """Give texts as an Arrow array; half characters, which no file can hold, are written as escapes."""
    import pyarrow as pa

    try:
        return pa.array(texts, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        mended = [text.encode("utf-8", "backslashreplace").decode() for text in texts]
        return pa.array(mended, pa.large_string())


def word_of(value: Any) -> str:
    """Give a value as a word: a whole number is the same word as integer and as float."""
    return number_word(value) if isinstance(value, (float, np.floating)) else str(value)


def number_word(value: Any) -> str:
    """Give a number as a word: ``1`` for 1.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _arrow(values: pd.Series) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values, from_pandas=True)
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError):
        return text_array([None if missing else word_of(v) for v, missing in zip(values, values.isna(), strict=True)])
