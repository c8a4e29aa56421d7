"""A segment: a file that is only added to, in frames whose length and checksum stand before them.

What was flushed is whole after any crash; a frame that was being written when its process died has no good checksum and
is left out, and so is everything after it, which nobody was told of.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"NBOPSEG1"
SCHEMA, ROWS, PROFILE = b"S", b"R", b"P"
# Kind, length of the content, and CRC-32 over kind, length and content.
_HEAD = struct.Struct("<cII")
_LARGEST = 1 << 31


def framed(kind: bytes, content: bytes | memoryview) -> bytes:
    """Give a frame with its content."""
    size = len(content)
    return _HEAD.pack(kind, size, _checksum(kind, size, content)) + bytes(content)


def frames(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Give the kinds and contents of the frames of a segment, up to the first that is not whole."""
    view = memoryview(data)
    if bytes(view[: len(MAGIC)]) != MAGIC:
        return
    at = len(MAGIC)
    while at + _HEAD.size <= len(view):
        kind, size, checksum = _HEAD.unpack_from(view, at)
        end = at + _HEAD.size + size
        if size > _LARGEST or end > len(view):
            return
        content = view[at + _HEAD.size : end]
        if _checksum(kind, size, content) != checksum:
            return
        yield kind, content
        at = end


def tables(data: bytes | memoryview) -> tuple[list[pa.Table], list[bytes]]:
    """Give the rows of a segment, as one table for each schema in the order they were written, and its profiles."""
    import pyarrow as pa

    schema: pa.Schema | None = None
    batches: list[pa.RecordBatch] = []
    found: list[pa.Table] = []
    profiles: list[bytes] = []
    for kind, content in frames(data):
        if kind == SCHEMA:
            if schema is not None and batches:
                found.append(pa.Table.from_batches(batches, schema))
            schema, batches = pa.ipc.read_schema(pa.py_buffer(content)), []
        elif kind == ROWS and schema is not None:
            batches.append(pa.ipc.read_record_batch(pa.py_buffer(content), schema))
        elif kind == PROFILE:
            profiles.append(bytes(content))
    if schema is not None and batches:
        found.append(pa.Table.from_batches(batches, schema))
    return found, profiles


def _checksum(kind: bytes, size: int, content: bytes | memoryview) -> int:
    return zlib.crc32(content, zlib.crc32(kind + size.to_bytes(4, "little")))
