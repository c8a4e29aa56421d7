"""A stable form of any cell value: the same bytes in every process, never a memory address."""

from __future__ import annotations

import pickle
import struct
from typing import Any

from nbops.errors import DataError


def encode(value: Any) -> bytes:
    """Give bytes that differ whenever type or value differ.

    Raises
    ------
    DataError
        The value has no stable form.
    """
    kind = type(value)
    name = kind.__qualname__.encode()
    if value is None or kind is bool or kind is int:
        return name + b" " + repr(value).encode()
    if kind is str:
        return b"s " + str(value).encode("utf-8", "surrogatepass")
    if kind is float:
        return b"f " + struct.pack("<d", value)
    if kind in (bytes, bytearray):
        return b"b " + bytes(value)
    if kind in (tuple, list):
        return name + b"[" + b"".join(_sized(encode(item)) for item in value) + b"]"
    if kind in (set, frozenset):
        return name + b"{" + b"".join(sorted(_sized(encode(item)) for item in value)) + b"}"
    if kind is dict:
        pairs = (_sized(encode(key)) + _sized(encode(item)) for key, item in value.items())
        return b"dict{" + b"".join(pairs) + b"}"
    return _other(value, name)


def _other(value: Any, name: bytes) -> bytes:
    module = type(value).__module__.encode()
    if module == b"numpy" and hasattr(value, "tobytes") and value.dtype != object:
        content: bytes = value.tobytes()
        return b"numpy " + str(value.dtype.str).encode() + repr(value.shape).encode() + content
    if module == b"numpy" and hasattr(value, "tolist"):
        return b"numpy " + encode(value.tolist())
    try:
        # One value at a time: within one pickle, equal and identical texts would differ.
        return module + b"." + name + b" " + pickle.dumps(value, protocol=5)
    except Exception as error:
        raise DataError(
            f"A cell holds a {type(value).__module__}.{type(value).__qualname__}, which has no stable form: {error}.",
            hint="Turn such cells into text or numbers first.",
        ) from error


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(8, "little") + data
