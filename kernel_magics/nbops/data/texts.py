"""Texts hashed and looked at without a language: how long, of which characters, of which words.

Everything is read off the bytes of an Arrow array at once. Of each text one word and one character are drawn, by its hash: rows
that are independent then stay so in the counts, as a test of them needs, which all words of a text would not be.
"""

from __future__ import annotations

import functools
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.distinct import mixed

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

TOKENS = 128
_BLOCK = 1 << 19
_PRIME = 0x100000001B3
_WORD = np.zeros(256, bool)
_WORD[[*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B), *range(0x80, 0x100)]] = True
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[0x41:0x5B] += 0x20
# By the first byte of a character in UTF-8, which tells its script roughly.
CLASSES = (
    "control", "space", "punctuation", "digit", "capital", "small", "latin", "greek or cyrillic", "semitic", "asian",
    "symbol",
)  # fmt: skip
_CLASS = np.zeros(256, np.int64)
for _first, _last, _name in (
    (0x21, 0x7E, "punctuation"), (0x30, 0x39, "digit"), (0x41, 0x5A, "capital"), (0x61, 0x7A, "small"),
    (0x20, 0x20, "space"), (0x09, 0x0D, "space"), (0xC2, 0xCC, "latin"), (0xCD, 0xD4, "greek or cyrillic"),
    (0xD5, 0xDF, "semitic"), (0xE0, 0xE1, "asian"), (0xE2, 0xE2, "symbol"), (0xE3, 0xED, "asian"),
    (0xEE, 0xFF, "symbol"),
):  # fmt: skip
    _CLASS[_first : _last + 1] = CLASSES.index(_name)

_BEGINNINGS = frozenset(["", *"0123456789+-.iInN"])


def hashes_of_texts(texts: pa.Array) -> Array:
    """Give 64 bits for each text of an array without nulls, shape ``(n,)``; the same in every process."""
    found = [_of_bytes(data, offsets) for data, offsets in _blocks(texts)]
    return mixed(np.concatenate(found)) if found else np.zeros(0, np.uint64)


def draws_of_texts(texts: pa.Array) -> tuple[Array, Array]:
    """Draw one word and one character of each text.

    Returns
    -------
    tuple
        The group of the word by its hash, 0 to 127, and the place of the character's class in ``CLASSES``; both of shape
        ``(n,)``, and -1 where a text has none.
    """
    found = [_draws(data, offsets) for data, offsets in _blocks(texts)]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([words for words, _ in found]), np.concatenate([letters for _, letters in found])


def wordy(texts: pa.Array) -> float:
    """Give the share of texts that hold three words at least."""
    several = 0
    for data, offsets in _blocks(texts):
        starts, _ = _words(data, offsets)
        several += int((np.diff(np.searchsorted(starts, offsets)) >= 3).sum())
    return several / len(texts) if len(texts) else 0.0


def _blocks(texts: pa.Array) -> Any:
    """Give the bytes of the texts in pieces, each with the offsets at which its texts begin and the last one ends."""
    import pyarrow as pa

    if not len(texts):
        return
    texts = texts if pa.types.is_large_string(texts.type) else texts.cast(pa.large_string())
    _, where, content = texts.buffers()
    offsets = np.frombuffer(where, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(content, np.uint8) if content is not None else np.zeros(0, np.uint8)
    first = 0
    while first < len(texts):
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _BLOCK, "right")) - 1)
        yield data[offsets[first] : offsets[last]], offsets[first : last + 1] - offsets[first]
        first = last


@functools.cache
def _powers() -> tuple[Array, Array]:
    inverse = pow(_PRIME, -1, 1 << 64)
    with np.errstate(over="ignore"):
        up, down = (np.cumprod(np.full(_BLOCK + 1, factor, np.uint64)) for factor in (_PRIME, inverse))
    return up, down


def _sums(data: Array) -> Array:
    """Give the polynomial hash of what comes before each byte, one more than there are bytes."""
    up, _ = _powers()
    found = np.zeros(len(data) + 1, np.uint64)
    np.cumsum((data.astype(np.uint64) + np.uint64(1)) * up[: len(data)], out=found[1:])
    return found


def _spans(sums: Array, starts: Array, ends: Array) -> Array:
    _, down = _powers()
    found: Array = (sums[ends] - sums[starts]) * down[starts]
    return found ^ (ends - starts).astype(np.uint64)


def _of_bytes(data: Array, offsets: Array) -> Array:
    if len(data) > _BLOCK:
        # One text that is larger than a block.
        whole = data.tobytes()
        return np.array([(zlib.crc32(whole) << 32) | zlib.adler32(whole)], np.uint64)
    return _spans(_sums(data), offsets[:-1], offsets[1:])


def _words(data: Array, offsets: Array) -> tuple[Array, Array]:
    """Give where words begin and end; none goes beyond its text."""
    inside = np.zeros(len(data) + 2, bool)
    inside[1:-1] = _WORD[data]
    begins, ends = inside[1:-1] & ~inside[:-2], inside[1:-1] & ~inside[2:]
    edges = offsets[:-1][np.diff(offsets) > 0]
    begins[edges] = inside[edges + 1]
    last = offsets[1:][np.diff(offsets) > 0] - 1
    ends[last] = inside[last + 1]
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _draws(data: Array, offsets: Array) -> tuple[Array, Array]:
    if len(data) > _BLOCK:
        data, offsets = data[:_BLOCK], np.array([0, _BLOCK])
    drawn = mixed(_of_bytes(data, offsets))
    sizes = np.diff(offsets)
    starts, ends = _words(data, offsets)
    first = np.searchsorted(starts, offsets[:-1])
    many = np.searchsorted(starts, offsets[1:]) - first
    words, letters = np.full(len(sizes), -1, np.int64), np.full(len(sizes), -1, np.int64)
    have = np.flatnonzero(many > 0)
    chosen = first[have] + (drawn[have] % many[have].astype(np.uint64)).astype(np.int64)
    hashed = mixed(_spans(_sums(_LOWER[data]), starts[chosen], ends[chosen]))
    words[have] = (hashed >> np.uint64(57)).astype(np.int64)
    have = np.flatnonzero(sizes > 0)
    place = offsets[:-1][have] + ((drawn[have] >> np.uint64(32)) % sizes[have].astype(np.uint64)).astype(np.int64)
    for _ in range(3):
        # Back to the byte that a character begins with.
        place -= (data[place] & 0xC0) == 0x80
    letters[have] = _CLASS[data[place]]
    return words, letters


def may_be_number(text: str) -> bool:
    """Whether a text may be a number by how it begins (``inf`` and ``nan`` are some), which is seen at once."""
    return text.lstrip()[:1] in _BEGINNINGS
