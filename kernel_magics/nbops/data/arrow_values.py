"""The values of a column of an Arrow table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.object_values import of_nested, of_objects
from nbops.data.times import clock_of, seconds_of
from nbops.data.values import (
    FLAGS,
    NESTED,
    NOTHING,
    NUMBERS,
    TIMES,
    WORDS,
    Values,
    counted_codes,
    counted_words,
    number_word,
)

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


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
    if hasattr(kind, "freq"):
        # Periods of pandas, as a frame has them.
        own, utc = clock_of(values.to_pandas())
        return Values(form=TIMES, own=own, utc=utc, **base)
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
    return counted_words(words, counted.field("counts").to_numpy(), base, chosen=True)


def _of_dictionary(values: Any, base: dict[str, Any]) -> Values:
    import pyarrow as pa

    chunks = values.unify_dictionaries().chunks if isinstance(values, pa.ChunkedArray) else [values]
    known = chunks[0].dictionary
    counts = np.zeros(len(known), np.int64)
    for places in (chunk.indices for chunk in chunks):
        codes = (places.drop_null() if places.null_count else places).to_numpy(zero_copy_only=False)
        counts += counted_codes(codes, len(known))
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
        return of_nested(
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
        return replace(of_objects(values.to_pandas()), dtype=base["dtype"])
    return Values(form=NESTED, **base)
