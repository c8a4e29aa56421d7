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
_BITS = 47
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF, _ONE = np.uint64(32), np.uint64(1)
_DROPPED = np.uint64(64 - _BITS)
_ALL = 2**64 - 1
_SLOTS = 16
_TO_SLOT = np.uint64(64 - _SLOTS)
_FIRST_LOOK = 1 << 11
_RARE = 0.2
_MOST_WHOLE = float(1 << 53)


@dataclass(slots=True)
class Distinct:
    """The smallest hashes in ascending order, each with a last bit that says whether it came more than once.

    ``cut`` tells that some were left out.
    """

    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    cut: bool = False

    def add(self, other: Distinct) -> None:
        """Add the values of another part."""
        self.take(other.smallest)
        self.cut |= other.cut

    def take(self, marked: Hashes) -> None:
        """Add values by their hashes of 47 bits and the bit behind them."""
        if not len(marked):
            return
        found = np.sort(np.concatenate([self.smallest, marked]))
        bare = found >> _ONE
        starts = np.flatnonzero(np.concatenate([[True], bare[1:] != bare[:-1]]))
        several = np.diff(starts, append=len(found)) > 1
        again = np.maximum.reduceat(found & _ONE, starts) | several.astype(np.uint64)
        self.cut |= len(starts) > KEPT
        self.smallest = ((bare[starts] << _ONE) | again)[:KEPT]

    def count(self, cells: int) -> int:
        """How many different values there are among so many cells, an estimate where some hashes were left out.

        Where hardly any of those kept came twice, the cells tell it best: all but the second ones are different.
        """
        if not self.cut:
            return len(self.smallest)
        repeated = float((self.smallest & _ONE).mean())
        if repeated < _RARE:
            return max(KEPT + 1, round(cells / (1 + repeated)))
        largest = float(int(self.smallest[-1]) >> 1) / float(1 << _BITS)
        return max(KEPT + 1, min(cells, round((len(self.smallest) - 1) / largest)))

    @classmethod
    def of(cls, hashes: Hashes, counts: np.ndarray[Any, Any]) -> Distinct:
        """Take different values by their hashes of 64 bits and how often each comes."""
        if len(hashes) > 4 * KEPT:
            usable = hashes <= np.partition(hashes, KEPT)[KEPT]
            hashes, counts = hashes[usable], counts[usable]
        found = cls()
        found.take(((hashes >> _DROPPED) << _ONE) | (counts > 1).astype(np.uint64))
        return found

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

    def __init__(self, found: Distinct, before: Distinct | None = None) -> None:
        """Take what came ``before``, of whose values only those matter that can still be among the smallest."""
        self.found = found
        self._limit = 0
        if before is not None and before.cut:
            self._limit = min(((int(before.smallest[-1]) >> 1) + 1) << (64 - _BITS), _ALL)
            found.cut = True
        self._slots: Hashes | None = None

    def take(self, hashes: Hashes) -> None:
        """Take values by their hashes of 64 bits, of which the upper ones are mixed."""
        if self._limit:
            hashes = hashes[hashes < np.uint64(self._limit)]
            self.found.take((hashes >> _DROPPED) << _ONE)
            return
        first = 0
        while first < len(hashes):
            # A few of the first piece tell which of the others need a look at all.
            last = len(hashes) if self._known() else first + _FIRST_LOOK
            fresh = self._fresh(hashes[first:last])
            first = last
            while len(fresh):
                part = fresh if self.found.cut else fresh[:_FIRST_LOOK]
                self._remember(part)
                fresh = self._fresh(fresh[len(part) :])

    def _known(self) -> bool:
        return self.found.cut or self._slots is not None

    def _fresh(self, hashes: Hashes) -> Hashes:
        """Give the hashes that may be new."""
        if self.found.cut:
            last = int(self.found.smallest[-1]) >> 1
            below: Hashes = hashes[hashes < np.uint64(min((last + 1) << (64 - _BITS), _ALL))]
            return below
        if self._slots is None or not len(hashes):
            return hashes
        # Few different values: each has a place that remembers it, and a look there is enough.
        places = hashes >> _TO_SLOT
        new = self._slots[places] != hashes
        again = np.zeros(1 << _SLOTS, bool)
        again[places[~new] if new.any() else places] = True
        kept = self.found.smallest >> _ONE
        places = kept >> np.uint64(_BITS - _SLOTS)
        there = again[places] & ((self._slots[places] >> _DROPPED) == kept)
        self.found.smallest = self.found.smallest | there.astype(np.uint64)
        found: Hashes = hashes[new]
        return found

    def _remember(self, fresh: Hashes) -> None:
        self.found.take((fresh >> _DROPPED) << _ONE)
        if not self.found.cut:
            if self._slots is None:
                self._slots = np.zeros(1 << _SLOTS, np.uint64)
            self._slots[fresh >> _TO_SLOT] = fresh


def mixed(bits: Hashes) -> Hashes:
    """Mix 64 bits of each value in place so that any of them may stand for a draw at random."""
    np.multiply(bits, _FIRST, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    np.multiply(bits, _SECOND, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    return bits


def hashes_of_numbers(
    values: np.ndarray[Any, Any], out: np.ndarray[Any, Any] | None = None, spare: Hashes | None = None
) -> Hashes:
    """Hash numbers by value: 1 and 1.0 are alike. Whole ones beyond 2 to the power of 53 stay apart from each other.

    ``out`` and ``spare`` are arrays of 64 bits and as many values that may be used: to make new ones for each piece takes longer
    than hashing.
    """
    bits: Hashes = np.add(values, 0.0, out=out, dtype=np.float64).view(np.uint64)
    half = np.empty_like(bits) if spare is None else spare
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        beyond = (values > _MOST_WHOLE) | (values < -_MOST_WHOLE)
        if beyond.any():
            bits[beyond] = values[beyond].astype(np.uint64) ^ _SECOND
    # Nought, which is frequent, must not have the smallest hash of all.
    np.bitwise_xor(bits, _SECOND, out=bits)
    np.multiply(bits, _FIRST, out=bits)
    np.bitwise_xor(bits, np.right_shift(bits, _HALF, out=half), out=bits)
    np.multiply(bits, _SECOND, out=bits)
    return bits
