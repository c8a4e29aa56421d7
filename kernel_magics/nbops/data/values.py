"""The values of a column, whatever holds them: pandas and Arrow types come down to a few forms that are counted alike.

:mod:`nbops.data.series_values` takes them from a column of a frame, :mod:`nbops.data.arrow_values` from one of an Arrow table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.times import PER_SECOND, seconds_of

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

NUMBERS, WORDS, FLAGS, TIMES, VECTORS, NESTED, NOTHING = (
    "numbers", "words", "flags", "times", "vectors", "nested", "nothing",
)  # fmt: skip

# Codes counted at once: their copy is small enough to be made in the same place each time.
_CODES = 1 << 14


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
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    if kind == "b":
        true = int(values.sum())
        return Values(form=FLAGS, rows=rows, nulls=0, dtype=dtype, flags=(rows - true, true))
    if kind == "M":
        missing = np.isnat(values)
        known = values[~missing] if missing.any() else values
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


def counted_words(words: list[str], counts: Array, base: dict[str, Any], **more: Any) -> Values:
    """Take texts by how often each comes, those that do not come left out."""
    there = np.flatnonzero(counts)
    return Values(form=WORDS, words=text_array([words[i] for i in there]), counts=counts[there], **more, **base)


def counted_codes(codes: Array, many: int) -> Array:
    """Count whole numbers from 0 to ``many``, shape ``(n,)``; piece by piece, as numpy makes a copy of each."""
    counts, at_once = np.zeros(many, np.int64), max(_CODES, many)
    for first in range(0, len(codes), at_once):
        counts += np.bincount(codes[first : first + at_once], minlength=many)
    return counts


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
