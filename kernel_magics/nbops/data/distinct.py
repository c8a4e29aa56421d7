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
_MOST_WAITING = 1 << 10
# Where so many more are expected below a limit than are kept, one is tried that leaves hardly more.
_MANY, _ENOUGH = 3, 1.5
_RARE = 0.2
# Three standard errors of the estimate by hashes.
_LIKELY = 3 * KEPT**-0.5
_MOST_WHOLE = 1 << 53


@dataclass(slots=True)
class Distinct:
    """The smallest hashes in ascending order, each with a last bit that says whether it came more than once.

    ``cut`` tells that some were left out.
    """

    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    cut: bool = False

    def add(self, other: Distinct) -> None:
        """Add the values of another part."""
        if len(self.smallest):
            self.take(other.smallest)
        else:
            self.smallest = other.smallest
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

        Where hardly any of those kept came twice, the cells tell it best: all but the second ones are different. Unless a value
        or two that are not kept fill many cells, by what the hashes say.
        """
        if not self.cut:
            return len(self.smallest)
        largest = float(int(self.smallest[-1]) >> 1) / float(1 << _BITS)
        by_hashes = min(cells, round((len(self.smallest) - 1) / largest))
        repeated = float((self.smallest & _ONE).mean())
        by_cells = round(cells / (1 + repeated))
        is_like_hashes = abs(by_cells - by_hashes) <= _LIKELY * by_hashes
        return max(KEPT + 1, by_cells if repeated < _RARE and is_like_hashes else by_hashes)

    @property
    def has_all_twice(self) -> bool:
        """Whether each value came more than once."""
        return bool((self.smallest & _ONE).all())

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

    def __init__(self, before: Distinct | None = None) -> None:
        """Take what came ``before``, of whose values only those matter that can still be among the smallest."""
        self._found = Distinct()
        self._limit = 0
        if before is not None and before.cut:
            self._limit = _beyond(before.smallest[-1])
            self._found.cut = True
        self._rows = 0
        # Hashes below the limit that have not been taken yet, since taking some at once is quicker.
        self._waiting: list[Hashes] = []
        self._slots: Hashes | None = None

    def take(self, hashes: Hashes) -> None:
        """Take values by what :class:`Hashing` gives, which may be used again."""
        while len(hashes) and not self._limit:
            # What came so far tells which of the others need a look at all, for about as many.
            many = max(_FIRST_LOOK, 4 * self._rows)
            part = ~hashes[:many]
            # Of -0.0, which is 0.0.
            part[part == np.uint64(_ALL >> 1)] = _ALL
            self._take_new(part)
            self._rows += len(hashes[:many])
            hashes = hashes[many:]
        if len(hashes):
            self._take_below(hashes)

    def taken(self) -> Distinct:
        """Give what was found."""
        self._settle()
        return self._found

    def _take_new(self, hashes: Hashes) -> None:
        while len(hashes := self._new_among(hashes)):
            self._remember(hashes[:_FIRST_LOOK])
            hashes = hashes[_FIRST_LOOK:]
            if self._found.cut:
                if len(hashes):
                    self._take_below(~hashes)
                return

    def _take_below(self, hashes: Hashes) -> None:
        """Take those that may still be among the smallest when they are turned."""
        if self._limit > _ALL >> 1:
            hashes = hashes[hashes != np.uint64(1 << 63)]
        expected = self._limit * len(hashes) / _ALL
        lower = self._limit
        if expected > _MANY * KEPT and not self._waiting:
            # A limit that leaves enough of them, all at once; they may not all be different.
            lower = int(self._limit * _ENOUGH * KEPT / expected)
        taken: np.ndarray[Any, Any] | None = None
        while lower < self._limit:
            is_below = hashes > np.uint64(_ALL - lower)
            self._keep(~hashes[is_below if taken is None else is_below & ~taken])
            if self._limit <= lower:
                return
            taken, lower = is_below, 4 * lower
        is_below = hashes > np.uint64(_ALL - self._limit)
        self._waiting.append(~hashes[is_below if taken is None else is_below & ~taken])
        if sum(map(len, self._waiting)) > _MOST_WAITING:
            self._settle()

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._keep(np.concatenate(waiting))

    def _keep(self, hashes: Hashes) -> None:
        self._found.take((hashes >> _DROPPED) << _ONE)
        # What came before may have left a lower limit.
        if len(self._found.smallest) == KEPT:
            self._limit = min(self._limit, _beyond(self._found.smallest[-1]))

    def _new_among(self, hashes: Hashes) -> Hashes:
        """Give the hashes that are new while there are few different ones: each has a place that remembers it."""
        if self._slots is None or not len(hashes):
            return hashes
        places = (hashes >> _TO_SLOT).view(np.int64)
        new = self._slots[places] != hashes
        some = bool(new.any())
        if not self._found.has_all_twice:
            again = np.zeros(1 << _SLOTS, bool)
            again[places[~new] if some else places] = True
            kept = self._found.smallest >> _ONE
            places = (kept >> np.uint64(_BITS - _SLOTS)).view(np.int64)
            there = again[places] & ((self._slots[places] >> _DROPPED) == kept)
            self._found.smallest = self._found.smallest | there.astype(np.uint64)
        return hashes[new] if some else hashes[:0]

    def _remember(self, fresh: Hashes) -> None:
        self._found.take((fresh >> _DROPPED) << _ONE)
        if self._found.cut:
            self._limit = _beyond(self._found.smallest[-1])
            return
        if self._slots is None:
            self._slots = np.zeros(1 << _SLOTS, np.uint64)
            # What belongs to another place stands for none here.
            self._slots[0] = _ALL
        self._slots[fresh >> _TO_SLOT] = fresh


class Hashing:
    """Hashes values of 64 bits into an array that is used again for each piece.

    What it gives are hashes with all of their bits turned: nought, which is frequent, must not have the smallest hash of all.
    """

    def __init__(self, room: Hashes) -> None:
        """Take the array."""
        self._bits = room

    def of_numbers(self, values: np.ndarray[Any, Any]) -> Hashes:
        """Hash numbers by value: 1 and 1.0 are alike. Whole ones beyond 2 to the power of 53 stay apart from each other.

        The hashes hold until the next call. That of -0.0 is another than that of 0.0, and of no other number.
        """
        if values.dtype == np.float64:
            return self._of_bits(np.ascontiguousarray(values).view(np.uint64))
        bits = self._bits[: len(values)]
        np.copyto(bits.view(np.float64), values, casting="unsafe")
        if are_beyond_floats(values):
            beyond = (values > _MOST_WHOLE) | (values < -_MOST_WHOLE)
            bits[beyond] = values[beyond].astype(np.uint64) ^ _SECOND
        return self._of_bits(bits)

    def of_times(self, values: Hashes) -> Hashes:
        """Hash times, whole numbers of microseconds as 64 bits each."""
        # Times go by even steps, whose products would go by even steps too.
        mixed = self._bits[: len(values)]
        np.bitwise_xor(values, _SECOND, out=mixed)
        return self._of_bits(mixed)

    def _of_bits(self, values: Hashes) -> Hashes:
        """Hash 64 bits of each value: the upper bits of the product spread most values evenly (Fibonacci hashing, Knuth)."""
        bits: Hashes = self._bits[: len(values)]
        np.multiply(values, _FIRST, out=bits)
        return bits


def are_beyond_floats(values: np.ndarray[Any, Any]) -> bool:
    """Whether there are whole numbers so large that two of them may be the same float."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize < 8 or not len(values):
        return False
    return bool(values.max() > _MOST_WHOLE or values.min() < -_MOST_WHOLE)


def mixed(bits: Hashes) -> Hashes:
    """Mix 64 bits of each value in place so that any of them may stand for a draw at random."""
    np.multiply(bits, _FIRST, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    np.multiply(bits, _SECOND, out=bits)
    np.bitwise_xor(bits, bits >> _HALF, out=bits)
    return bits


def hashes_of_numbers(values: np.ndarray[Any, Any]) -> Hashes:
    """Hash floats by value, in an array of their own."""
    return ~Hashing(np.empty(len(values), np.uint64)).of_numbers(values + 0.0)


def _beyond(marked: np.uint64) -> int:
    """Give the first hash of 64 bits beyond one of those kept."""
    return min(((int(marked) >> 1) + 1) << (64 - _BITS), _ALL)
