"""How many different values there are, exact for few and an estimate that adds up for many.

Of the values' hashes the 512 smallest are kept: a hash among the smallest of all is among the smallest of every part
that has it, so parts add up exactly (Bar-Yossef et al. 2002; with 512 the estimate is about 4.4 % off).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

KEPT = 512
_BITS = 48
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_DROPPED = np.uint64(64 - _BITS)
_ALL = np.uint64(2**64 - 1)
_SLOTS = 16
_FIRST_LOOK = 1 << 11
_MOST_WHOLE = float(1 << 53)


@dataclass(slots=True)
class Distinct:
    """The smallest hashes in ascending order, and whether some were left out."""

    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    cut: bool = False

    def add(self, other: Distinct) -> None:
        """Add the values of another part."""
        self.take(other.smallest)
        self.cut |= other.cut

    def take(self, hashes: Hashes) -> None:
        """Add values by their hashes (of 48 bits)."""
        if not len(hashes):
            return
        found = _sorted(np.concatenate([self.smallest, hashes]))
        self.cut |= len(found) > KEPT
        self.smallest = found[:KEPT]

    @property
    def count(self) -> int:
        """How many different values there are, an estimate where some hashes were left out."""
        if not self.cut:
            return len(self.smallest)
        return round((len(self.smallest) - 1) / (float(self.smallest[-1]) / float(1 << _BITS)))

    def packed(self) -> bytes:
        """Give the hashes as bytes, six each."""
        return self.smallest.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :6].tobytes()

    @classmethod
    def unpacked(cls, data: bytes, cut: bool) -> Distinct:
        """Read what :meth:`packed` gave."""
        wide = np.zeros((len(data) // 6, 8), np.uint8)
        wide[:, :6] = np.frombuffer(data, np.uint8).reshape(-1, 6)
        return cls(wide.reshape(-1).view("<u8").astype(np.uint64), cut)


class Seen:
    """Takes the values of a column piece by piece, hashing each and keeping few."""

    def __init__(self, found: Distinct) -> None:
        self.found = found
        self._slots: Hashes | None = None

    def take(self, hashes: Hashes) -> None:
        """Take values by their hashes of 64 bits (see :func:`mixed`)."""
        first = 0
        while first < len(hashes):
            # A few of the first piece tell which of the others need a look at all.
            fresh = self._fresh(hashes[first:] if self._known() else hashes[first : first + _FIRST_LOOK])
            first = len(hashes) if self._known() else first + _FIRST_LOOK
            if not len(fresh):
                continue
            if len(fresh) > _FIRST_LOOK and not self.found.cut:
                self._remember(_sorted(fresh[:_FIRST_LOOK]))
                fresh = self._fresh(fresh[_FIRST_LOOK:])
            self._remember(_sorted(fresh))

    def _known(self) -> bool:
        return self.found.cut or self._slots is not None

    def _fresh(self, hashes: Hashes) -> Hashes:
        if self.found.cut:
            last = int(self.found.smallest[-1])
            return hashes[hashes < np.uint64(min((last + 1) << int(_DROPPED), int(_ALL)))]
        if self._slots is None:
            return hashes
        # Few different values: each has a place that remembers it, and a look there is enough.
        return hashes[self._slots[hashes >> np.uint64(64 - _SLOTS)] != hashes]

    def _remember(self, fresh: Hashes) -> None:
        self.found.take(_sorted(fresh >> _DROPPED))
        if not self.found.cut:
            if self._slots is None:
                self._slots = np.zeros(1 << _SLOTS, np.uint64)
            self._slots[fresh >> np.uint64(64 - _SLOTS)] = fresh


def _sorted(values: Hashes) -> Hashes:
    """Give the different values in ascending order."""
    found = np.sort(values)
    new = np.empty(len(found), bool)
    new[:1] = True
    np.not_equal(found[1:], found[:-1], out=new[1:])
    return found[new]


def mixed(bits: Hashes) -> Hashes:
    """Mix 64 bits of each value in place so that any of them may stand for a draw at random."""
    np.multiply(bits, _FIRST, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    np.multiply(bits, _SECOND, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    return bits


def hashes_of_numbers(values: np.ndarray[Any, Any]) -> Hashes:
    """Hash numbers by value: 1 and 1.0 are alike. Whole ones beyond 2 to the power of 53 stay apart from each other."""
    bits: Hashes = np.add(values, 0.0, dtype=np.float64).view(np.uint64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        beyond = (values > _MOST_WHOLE) | (values < -_MOST_WHOLE)
        if beyond.any():
            bits[beyond] = values[beyond].astype(np.uint64) ^ _SECOND
    return mixed(bits)
