"""Sums of floats that come out the same, bit by bit, in whatever order and however parted the numbers are added.

Numbers are rounded to a grid whose step does not depend on what else is summed, and whole steps add exactly. The step comes from
a *unit* that the reference fixes, a power of two near the usual distance from its shift: ``2**-34`` of it for the sum and
``2**-16`` for the squares. A number beyond ``2**10`` units is rounded to a step that is coarser in the same proportion (the levels
of Demmel and Nguyen, Parallel reproducible summation, 2015, chosen by each number itself).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Floats = np.ndarray[Any, np.dtype[np.float64]]

# Digits below the unit. Numbers are of 44 bits and a sign then, so that 262,144 of them, added at once, stay within 64 bits.
FINE, COARSE = 34, 16
# Units beyond which a number is taken to a higher level, and how far apart levels are, both as powers of two.
_REACH = 10
# Squares, and sums of squares, are of 53 bits, so that fewer of them are added at once.
_ADDED = 1 << 9
# Floats add whole numbers of so many digits exactly, which is quicker where enough squares can be added at once; powers of two.
_EXACT, _WORTH, _MOST = 53, 6, 12
_ROUNDING = 1.5 * 2.0**52
UNITS = (-950, 900)
# Units beyond which a shift is no longer taken off in the same step, and those whose squares no float holds; as powers of two.
_NEAR, _USUAL = 40, 400


@dataclass(slots=True)
class Moments:
    """Exact sums of numbers less a shift, on the grid of a unit ``2**unit``.

    ``fine`` counts steps of ``2**(unit - 34)``; ``coarse`` those of ``2**(unit - 16)``, and ``squares`` the squares of these.
    """

    unit: int = 0
    fine: int = 0
    coarse: int = 0
    squares: int = 0

    def take(self, values: Array, shift: float, low: float, high: float, scratch: Floats) -> None:
        """Add at most 262,144 finite numbers less a shift; ``low`` and ``high`` are the least and the greatest of them.

        ``scratch`` has room for as many. The shift is the same each time.
        """
        if not self.is_near(shift):
            values, low, high, shift = np.subtract(values, shift, dtype=np.float64), low - shift, high - shift, 0.0
        limit = math.ldexp(1.0, self.unit + _REACH)
        far = None
        if high >= shift + limit or low <= shift - limit:
            far = np.flatnonzero((values >= shift + limit) | (values <= shift - limit))
            self._take_far(np.subtract(values[far], shift, dtype=np.float64))
        extent = min(max(high - shift, shift - low), limit)
        self._take(values, shift, far, extent, scratch[: len(values)], 0)

    def add(self, other: Moments) -> None:
        """Add the sums of other numbers, made with the same unit."""
        self.fine += other.fine
        self.coarse += other.coarse
        self.squares += other.squares

    def is_near(self, shift: float) -> bool:
        """Whether a shift can be taken off while numbers are rounded, instead of before."""
        return abs(shift) < math.ldexp(1.0, self.unit + _NEAR)

    def total(self, shift: float, count: int) -> Fraction:
        """Give the sum of the numbers, so many of them, of which the shift was taken off."""
        taken = Fraction(shift)
        if self.is_near(shift):
            rounding = math.ldexp(_ROUNDING, self.unit - FINE)
            taken = Fraction(rounding) - Fraction(rounding - shift)
        return self.fine * Fraction(2) ** (self.unit - FINE) + taken * count

    def spread(self, count: int) -> Fraction:
        """Give the sum of the squares of so many numbers, less the square of their mean."""
        squares = Fraction(self.squares) - Fraction(self.coarse * self.coarse, count)
        return squares * Fraction(4) ** (self.unit - COARSE)

    def _take(self, values: Array, shift: float, far: Array | None, extent: float, scratch: Floats, level: int) -> None:
        self.fine += self._steps(values, shift, far, FINE, scratch) << level
        self.coarse += self._steps(values, shift, far, COARSE, scratch) << level
        rounding = math.ldexp(_ROUNDING, self.unit - COARSE)
        digits = math.frexp(extent)[1] - self.unit + COARSE
        at_once = min(_EXACT - 1 - 2 * digits, _MOST)
        if at_once >= _WORTH and abs(self.unit) < _USUAL:
            np.subtract(scratch, rounding, out=scratch)
            squares = _squares_of_floats(scratch, 1 << at_once, self.unit - COARSE)
        else:
            steps = scratch.view(np.int64)
            np.subtract(steps, _bits(rounding), out=steps)
            squares = _squares_of_whole(steps)
        self.squares += squares << 2 * level

    def _steps(self, values: Array, shift: float, far: Array | None, digits: int, scratch: Floats) -> int:
        """Round numbers to so many digits below the unit and give the sum in steps of these."""
        # Adding this leaves no room for anything below a step: the bits of the float, less its own, count them.
        rounding = math.ldexp(_ROUNDING, self.unit - digits)
        np.add(values, rounding - shift, out=scratch, dtype=np.float64)
        if far is not None:
            scratch[far] = rounding
        # The sum may go around any number of times.
        total = int(np.add.reduce(scratch.view(np.int64))) - len(values) * _bits(rounding)
        return (total + 2**63) % 2**64 - 2**63

    def _take_far(self, values: Floats) -> None:
        exponents = np.frexp(values)[1]
        levels = (exponents - (self.unit + _REACH) + _REACH - 1) // _REACH * _REACH
        for level in np.unique(levels).tolist():
            near = np.ldexp(values[levels == level], -level)
            extent = math.ldexp(1.0, self.unit + _REACH)
            self._take(near, 0.0, None, extent, np.empty(len(near)), level)


def _bits(number: float) -> int:
    return int(np.float64(number).view(np.int64))


def _squares_of_floats(values: Floats, at_once: int, step: int) -> int:
    """Give the sum of squares, in squares of steps ``2**step`` of which the values are multiples, where so many of them add exactly."""
    even = len(values) // at_once * at_once
    rows = values[:even].reshape(-1, at_once)
    found = np.append(np.vecdot(rows, rows), np.vecdot(values[even:], values[even:]))
    return _total(np.ldexp(found, -2 * step).astype(np.int64))


def _squares_of_whole(values: Array) -> int:
    np.multiply(values, values, out=values)
    return _total(values)


def _total(values: Array) -> int:
    """Add whole numbers of at most 53 bits, so few at once that their sums stay within 64."""
    found = np.add.reduceat(values, np.arange(0, len(values), _ADDED)) if len(values) else values
    return sum(found.tolist())


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
