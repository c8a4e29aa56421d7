"""The identity of a frame: a sha256 over its whole content.

Any edited cell, dtype, column name, index or order changes it; how the same values lie in memory (blocks, chunks,
slices, copies) and what stands under a null do not. Importing this module imports the standard library only.

Two details are bits and not values: ``0.0`` and ``-0.0`` differ, and NaNs with different payloads would (pandas
makes only one kind).
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nbops.data.cells import encode
from nbops.errors import DataError

_VERSION = b"nbops-frame-1"
# Below this, starting threads costs more than they save.
_THREADED = 16_000_000


def fingerprint(frame: Any) -> str:
    """Give the identity of a frame's whole content.

    Parameters
    ----------
    frame
        ``pandas.DataFrame``, ``pandas.Series``, ``numpy.ndarray`` or ``pyarrow.Table``.

    Returns
    -------
    str
        64 hexadecimal digits. Equal content gives the same on every machine and in every process.

    Raises
    ------
    DataError
        The object is no frame, or a cell holds something that has no stable form.
    """
    pandas, numpy, arrow = (sys.modules.get(name) for name in ("pandas", "numpy", "pyarrow"))
    if pandas is not None and isinstance(frame, pandas.DataFrame):
        return _frame(frame)
    if pandas is not None and isinstance(frame, pandas.Series):
        parts = [b"series", encode(frame.name), _column(frame.array), *_index(frame.index)]
        return _join(parts).hex()
    if numpy is not None and isinstance(frame, numpy.ma.MaskedArray):
        mask, filled = numpy.ma.getmaskarray(frame), numpy.ma.filled(frame, numpy.zeros((), frame.dtype))
        return _join([b"masked array", encode(frame.shape), _values(mask), _values(filled)]).hex()
    if numpy is not None and isinstance(frame, numpy.ndarray):
        return _join([b"array", encode(frame.shape), _values(frame)]).hex()
    if arrow is not None and isinstance(frame, arrow.Table):
        columns = (part for name in frame.column_names for part in (encode(name), _arrow(frame[name])))
        return _join([b"table", encode(frame.num_rows), *columns]).hex()
    raise DataError(
        f"A {type(frame).__module__}.{type(frame).__qualname__} has no fingerprint.",
        hint="Give a DataFrame, Series, numpy array or pyarrow Table.",
    )


def _frame(frame: Any) -> str:
    names = [encode(name) for name in frame.columns]
    arrays = [frame.iloc[:, position].array for position in range(len(names))]
    if sum(array.nbytes for array in arrays) > _THREADED:
        with ThreadPoolExecutor(2) as pool:
            columns = list(pool.map(_column, arrays))
    else:
        columns = [_column(array) for array in arrays]
    shape = encode((len(frame), len(names), tuple(frame.columns.names)))
    pairs = (part for pair in zip(names, columns, strict=True) for part in pair)
    return _join([b"frame", shape, *pairs, *_index(frame.index)]).hex()


def _index(index: Any) -> list[bytes]:
    # Without names, because a level that is called 1 is not the level at position 1.
    bare = index.set_names([None] * index.nlevels)
    levels = ((name, bare.get_level_values(position)) for position, name in enumerate(index.names))
    return [part for name, level in levels for part in (b"index", encode(name), _column(level.array))]


def _column(array: Any) -> bytes:
    """Digest one pandas array: its dtype, then its values in a form that does not depend on their layout."""
    dtype = array.dtype
    kind = type(array).__name__
    if kind in {"ArrowExtensionArray", "ArrowStringArray"}:
        return _join([str(dtype).encode(), _arrow(array.__arrow_array__())])
    if kind == "Categorical":
        # The dtype's text shortens long lists of categories; the categories themselves follow.
        order = b"ordered" if array.ordered else b"unordered"
        return _join([b"category", order, _column(array.categories.array), _values(array.codes)])
    if kind == "IntervalArray":
        return _join([str(dtype).encode(), _column(array.left.array), _column(array.right.array)])
    if hasattr(array, "asi8"):  # datetimes, timedeltas, periods
        return _join([str(dtype).encode(), _values(array.asi8)])
    if kind in {"IntegerArray", "FloatingArray", "BooleanArray"}:
        missing = array.isna()
        filled = array.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return _join([str(dtype).encode(), _values(missing), _values(filled)])
    import numpy

    return _join([str(dtype).encode(), _values(numpy.asarray(array))])


def _values(array: Any) -> bytes:
    """Digest a numpy array: dtype and bytes in row order; objects cell by cell."""
    if array.dtype == object:
        return _objects(array.ravel().tolist())
    import numpy

    plain = numpy.ascontiguousarray(array)
    digest = hashlib.sha256(plain.dtype.str.encode())
    if plain.dtype.hasobject or plain.dtype.kind == "V":
        return _objects(plain.ravel().tolist())
    digest.update(plain.reshape(-1).view(numpy.uint8).data)
    return digest.digest()


def _objects(cells: list[Any]) -> bytes:
    digest = hashlib.sha256(b"objects")
    for cell in cells:
        text = encode(cell)
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return digest.digest()


def _arrow(column: Any) -> bytes:
    """Digest an Arrow column: logical type, which cells are null, and the others; chunks and offsets do not count."""
    import numpy
    import pyarrow as arrow
    from pyarrow import compute, types

    if isinstance(column, arrow.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, arrow.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else arrow.array([], column.type)
    kind = column.type
    head = [str(kind).removeprefix("large_").encode(), encode(len(column))]
    if column.null_count:
        head.append(_values(compute.is_valid(column).to_numpy(zero_copy_only=False)))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        return _join([*head, *_texts(compute.fill_null(column, "") if column.null_count else column)])
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        filled = compute.fill_null(column, False if types.is_boolean(kind) else 0) if column.null_count else column
        return _join([*head, _values(filled.to_numpy(zero_copy_only=False))])
    if types.is_temporal(kind) and not types.is_interval(kind):
        numbers = column.cast(arrow.int64() if kind.bit_width == 64 else arrow.int32())
        filled = compute.fill_null(numbers, 0) if numbers.null_count else numbers
        return _join([*head, _values(numpy.asarray(filled))])
    return _join([*head, _objects(column.to_pylist())])


def _texts(column: Any) -> list[bytes]:
    """Give the lengths of all texts and their bytes one after the other, whatever slice of a buffer they are."""
    import numpy

    wide = str(column.type).startswith("large_")
    offsets = numpy.frombuffer(column.buffers()[1], dtype=numpy.int64 if wide else numpy.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1].astype(numpy.int64, copy=False)
    if len(offsets) == 0:
        return [b"no texts"]
    lengths = _values(numpy.diff(offsets))
    data = column.buffers()[2]
    content = hashlib.sha256()
    if data is not None:
        content.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
    return [lengths, content.digest()]


def _join(parts: list[bytes]) -> bytes:
    digest = hashlib.sha256(_VERSION)
    for part in parts:
        # Lengths keep neighbours apart: ("ab", "c") is not ("a", "bc").
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()
