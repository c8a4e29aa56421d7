"""Sums of floats that come out the same, bit by bit, in whatever order and however parted the numbers are added.

Numbers are rounded to a grid whose step does not depend on what else is summed, and whole steps add exactly. The step comes from
a *unit* that the reference fixes, a power of two near the usual distance from its shift: ``2**-35`` of it for the sum and
``2**-16`` for the squares. A number beyond ``2**10`` units is rounded to a step that is coarser in the same proportion (the levels
of Demmel and Nguyen, Parallel reproducible summation, 2015, chosen by each number itself).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

# Numbers added at once: so many whole numbers of 45 bits and a sign stay within 64 bits.
MOST = 1 << 17
FINE, COARSE = 35, 16
# Units beyond which a number is taken to a higher level, and how far apart levels are, both as powers of two.
_REACH = 10
# Squares are of 52 bits, so that fewer of them are added at once.
_SQUARES = 1 << 10
_ROUNDING = 1.5 * 2.0**52
UNITS = (-950, 900)


@dataclass(slots=True)
class Moments:
    """Exact sums of numbers less a shift, on the grid of a unit ``2**unit``.

    ``fine`` counts steps of ``2**(unit - 35)``; ``coarse`` those of ``2**(unit - 18)``, and ``squares`` the squares of these.
    """

    unit: int = 0
    fine: int = 0
    coarse: int = 0
    squares: int = 0

    def take(self, moved: Floats, low: float, high: float, scratch: Floats) -> None:
        """Add at most 131,072 finite numbers, of which ``low`` and ``high`` are the least and the greatest.

        ``scratch`` has room for as many; the numbers are overwritten where some are far from the others.
        """
        limit = math.ldexp(1.0, self.unit + _REACH)
        for is_far in ([moved >= limit] if high >= limit else []) + ([moved <= -limit] if low <= -limit else []):
            far = np.flatnonzero(is_far)
            self._take_far(moved[far])
            moved[far] = 0.0
        self._take(moved, 0, scratch[: len(moved)])

    def add(self, other: Moments) -> None:
        """Add the sums of other numbers, made with the same unit."""
        self.fine += other.fine
        self.coarse += other.coarse
        self.squares += other.squares

    def total(self) -> Fraction:
        """Give the sum of the numbers."""
        return Fraction(self.fine) * Fraction(2) ** (self.unit - FINE)

    def spread(self, count: int) -> Fraction:
        """Give the sum of the squares of so many numbers, less the square of their mean."""
        squares = Fraction(self.squares) - Fraction(self.coarse * self.coarse, count)
        return squares * Fraction(4) ** (self.unit - COARSE)

    def _take(self, values: Floats, level: int, scratch: Floats) -> None:
        # Adding this leaves no room for anything below a step: the bits of the float count them.
        room = np.float64(math.ldexp(_ROUNDING, self.unit - FINE))
        np.add(values, room, out=scratch)
        steps = scratch.view(np.int64)
        np.subtract(steps, room.view(np.int64), out=steps)
        self.fine += int(steps.sum()) << level
        np.right_shift(steps, FINE - COARSE, out=steps)
        self.coarse += int(steps.sum()) << level
        np.multiply(steps, steps, out=steps)
        parts = np.add.reduceat(steps, np.arange(0, len(steps), _SQUARES)) if len(steps) else steps
        self.squares += sum(parts.tolist()) << 2 * level

    def _take_far(self, values: Floats) -> None:
        exponents = np.frexp(values)[1]
        levels = (exponents - (self.unit + _REACH) + _REACH - 1) // _REACH * _REACH
        for level in np.unique(levels).tolist():
            near = np.ldexp(values[levels == level], -level)
            self._take(near, level, np.empty(len(near)))


def unit_of(distance: float) -> int:
    """Give the unit for numbers that are usually so far from their shift, as the exponent of a power of two."""
    lowest, highest = UNITS
    return min(max(math.frexp(distance)[1], lowest), highest) if distance else 0


def as_float(value: Fraction) -> float:
    """Give the nearest float, an infinity where there is none."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf
