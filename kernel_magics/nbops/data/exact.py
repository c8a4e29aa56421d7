"""Sums and counts that come out the same, bit by bit, however the rows were parted and in whatever order parts come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# The smallest float is this power of two; sums are whole numbers of it.
_UNIT = 1074
_BITS, _HALF = 53, 27
_CHUNK = 1 << 22
# Words that are remembered with their counts; beyond it, those with the smallest hashes.
MOST_WORDS = 100_000
_HASHES = float(1 << 64)


def exact_sum(values: np.ndarray[Any, np.dtype[np.float64]]) -> int:
    """Sum finite floats without rounding, in units of 2 to the power of -1074.

    Mantissas are summed per exponent as whole numbers, in two halves that a float holds exactly.
    """
    total = 0
    for first in range(0, len(values), _CHUNK):
        mantissa, exponent = np.frexp(values[first : first + _CHUNK])
        whole = np.ldexp(mantissa, _BITS).astype(np.int64)
        known, place = np.unique(exponent, return_inverse=True)
        high = np.bincount(place, (whole >> _HALF).astype(float), len(known))
        low = np.bincount(place, (whole & ((1 << _HALF) - 1)).astype(float), len(known))
        for power, upper, lower in zip(known.tolist(), high.tolist(), low.tolist(), strict=True):
            found, shift = (int(upper) << _HALF) + int(lower), power - _BITS + _UNIT
            total += found << shift if shift >= 0 else found >> -shift
    return total


def rounded(total: int) -> float:
    """Give an exact sum as the nearest float."""
    try:
        return total / (1 << _UNIT)
    except OverflowError:
        return float("inf") if total > 0 else float("-inf")


@dataclass(slots=True)
class WordCounts:
    """How often each word comes, for as many words as are kept.

    All words up to 100,000 of them; of more, those with the smallest hashes, whose counts are exact all the same: a word among
    the smallest of all is among the smallest of every part that has it (Bar-Yossef et al. 2002). ``total`` counts all rows.
    """

    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def of(cls, words: pd.Series) -> WordCounts:
        """Count the values of a column as texts; missing ones do not count."""
        found = words.value_counts()
        made = cls(int(found.sum()), {str(word): int(count) for word, count in found.items()})
        made._keep()
        return made

    @classmethod
    def of_pairs(cls, words: Iterable[str], counts: Any) -> WordCounts:
        """Count words by how often each comes; one may come twice."""
        made = cls()
        words, counts = list(words), np.asarray(counts, np.int64).tolist()
        if all(counts) and len(found := dict(zip(words, counts, strict=True))) == len(words):
            made.counts, made.total = found, sum(counts)
            made._keep()
            return made
        for word, count in zip(words, counts, strict=True):
            if count:
                made.counts[word] = made.counts.get(word, 0) + count
                made.total += count
        made._keep()
        return made

    def add(self, other: WordCounts) -> None:
        """Add the counts of another part."""
        mine = self.counts
        for word, count in other.counts.items():
            mine[word] = mine.get(word, 0) + count
        self.total += other.total
        self.cut |= other.cut
        self._keep()

    @property
    def distinct(self) -> int:
        """How many different words there are; an estimate, about 0.3 % off, where not all are kept."""
        if not self.cut:
            return len(self.counts)
        largest = float(_hashes(self.counts).max())
        return round((len(self.counts) - 1) / (largest / _HASHES))

    @property
    def unique(self) -> bool:
        """Whether no word that is kept comes twice."""
        return all(count == 1 for count in self.counts.values())

    def most_frequent(self, many: int) -> dict[str, int]:
        """Give the most frequent words with their counts; ties are settled by the word."""
        # Sorting twice makes no pairs, which would set the garbage collector off.
        order = sorted(sorted(self.counts), key=self.counts.__getitem__, reverse=True)
        return {word: self.counts[word] for word in order[:many]}

    def _keep(self) -> None:
        if len(self.counts) <= MOST_WORDS:
            return
        words = list(self.counts)
        order = np.argsort(_hashes(words), kind="stable")[:MOST_WORDS]
        self.counts = {words[place]: self.counts[words[place]] for place in order.tolist()}
        self.cut = True


def _hashes(words: Iterable[str]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    import pandas as pd

    found: np.ndarray[Any, np.dtype[np.uint64]] = pd.util.hash_array(
        np.array(list(words), dtype=object), categorize=False
    )
    return found
