"""Rows of a segment, and how far they moved: counts of groups, distances, and what chance alone makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from nbops.monitoring.coding import Coded

Rows = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of both sides in a segment."""

    reference: Rows
    current: Rows

    def of(self, column: Coded, groups: Any) -> Part:
        """Give the rows whose group of a column is among some, a mask of shape ``(column.size,)``."""
        return Part(
            self.reference[groups[column.reference[self.reference]]],
            self.current[groups[column.current[self.current]]],
        )


@dataclass(slots=True)
class Node:
    """A segment: the words of its own condition, and its rows in the half that is searched and in the one that verifies."""

    words: str
    conditions: dict[str, str]
    searched: Part
    held: Part
    parent: Node | None
    depth: int
    target: str = ""
    shares: Any = ()
    effect: float = 0.0
    p: float = 1.0
    larger: float = 1.0
    more: float = 0.0
    drifted: bool = False

    @property
    def path(self) -> str:
        """All conditions; of two that bound a column from one side the narrower."""
        return " and ".join(self.conditions.values()) or self.words


def counts(column: Coded, part: Part) -> tuple[Any, Any]:
    """Give how many rows of each side are in each group, without missing values."""
    a = np.bincount(column.reference[part.reference], minlength=column.size)[:-1]
    b = np.bincount(column.current[part.current], minlength=column.size)[:-1]
    return a, b


def effect(column: Coded, part: Part) -> float:
    """Give how far a column moved in a segment."""
    a, b = counts(column, part)
    return float(distances(a[None], b[None], column.ordered)[0])


def distances(a: Any, b: Any, ordered: bool) -> Any:
    """Give the KS distance or total variation of each row of two tables of counts, shape ``(subsets, groups)``."""
    n, m = a.sum(axis=1), b.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = a / n[:, None] - b / m[:, None]
    found = np.abs(np.cumsum(difference, axis=1)).max(axis=1) if ordered else np.abs(difference).sum(axis=1) / 2
    return np.where((n > 0) & (m > 0), found, 0.0)


def noise(a: Any, b: Any, ordered: bool) -> Any:
    """Give the effect that chance alone makes about once in a hundred in each row of two tables, shape ``(subsets,)``."""
    n, m = np.maximum(a.sum(axis=1), 1), np.maximum(b.sum(axis=1), 1)
    if ordered:
        return special.kolmogi(0.01) * np.sqrt(1 / n + 1 / m)
    shares = (a + b) / (n + m)[:, None]
    spread = np.sqrt(shares * (1 - shares)) * np.sqrt(1 / n + 1 / m)[:, None]
    many = np.sqrt(2 / np.pi) / 2 * spread.sum(axis=1) + 2.33 * 0.3 * np.sqrt((spread**2).sum(axis=1))
    # Of two categories the one rises as the other falls; of many each goes its way.
    return np.maximum(many, 2.58 * spread.max(axis=1))
