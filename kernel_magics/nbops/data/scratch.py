"""Room for counting numbers piece by piece."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.distinct import Hashing

Array = np.ndarray[Any, Any]

# Numbers of a piece: what is done with them stays in the cache of one processor.
PIECE = 1 << 18
_AT_ONCE = 2


class Scratch:
    """Arrays that are used again for each piece; to make new ones takes longer than what is done with them."""

    def __init__(self, size: int) -> None:
        """Make room for pieces of so many numbers."""
        # The less is touched, the more of it stays in the cache: one array serves for all steps in turn.
        self.room = np.empty(size)
        self.hashing = Hashing(self.room.view(np.uint64))
        self._moved, self._present = np.empty(size), np.empty(size)
        self._small = self.room.view(np.float32)
        # Counting into so many bins is dear, so that it is done for some pieces at once.
        self._bins = np.empty(_AT_ONCE * size, np.int64)
        self._kept = 0

    def present(self, part: Array) -> Array:
        """Give the numbers that are not NaN."""
        there = np.flatnonzero(part == part)
        return np.take(part, there, out=self._present[: len(there)], mode="clip")

    def less(self, part: Array, shift: float) -> Array:
        """Give the numbers less the shift."""
        moved = self._moved[: len(part)]
        histogram.less(part, shift, moved)
        return moved

    def places(self, part: Array, shift: float) -> Array:
        """Give the bins of numbers; what is too large or too small for a float32 must not be warned of."""
        small, bins = self._small[: len(part)], self._bins[self._kept : self._kept + len(part)]
        if histogram.is_beyond(shift):
            np.copyto(small, self.less(part, shift), casting="unsafe")
        else:
            np.subtract(part, shift, out=small, dtype=np.float64, casting="unsafe")
        bits = small.view(np.uint32)
        np.right_shift(bits, histogram.SHIFT, out=bits)
        np.copyto(bins, bits)
        return bins

    def keep(self, places: Array) -> None:
        """Remember the bins that were given last."""
        self._kept += len(places)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for the bins of another piece."""
        return self._kept > len(self._bins) - len(self.room)

    def forget(self) -> None:
        """Forget bins that an error left behind."""
        self._kept = 0

    def counted(self) -> Array:
        """Count the bins that are remembered."""
        return np.bincount(self._bins[: self._kept], minlength=histogram.BINS)

    def count_into(self, dense: Array) -> None:
        """Count the bins that are remembered, and forget them; bins that were given must be kept before or given again."""
        if self._kept:
            dense += self.counted()
        self._kept = 0


_of_thread = threading.local()


def scratch_of_thread() -> Scratch:
    """Give the arrays of this thread, which it keeps for the columns that follow."""
    found: Scratch | None = getattr(_of_thread, "scratch", None)
    if found is None:
        found = _of_thread.scratch = Scratch(PIECE)
    found.forget()
    return found
