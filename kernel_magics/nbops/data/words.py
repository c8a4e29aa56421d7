"""How often words come: counts that are the same however the rows were parted and in whatever order parts come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Words that are remembered with their counts; beyond it, those with the smallest hashes.
MOST_WORDS = 100_000
_HASHES = float(1 << 64)


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
