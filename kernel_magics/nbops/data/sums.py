"""Sums of floats that come out the same, bit by bit, in whatever order and however parted the numbers are added.

A number is cut into digits of 36 bits on a grid that does not depend on the data; the digits of the two highest levels that
any number reaches are added as whole numbers, which a float does exactly (Demmel and Nguyen, Parallel reproducible
summation, 2015). What lies below is at most 2 to the power of -36 of the largest number, for each number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nbops.data.exact import exact_sum

Floats = np.ndarray[Any, np.dtype[np.float64]]

_DIGIT = 36
# Numbers added at once: with 36 bits and a sign they stay below the 53 bits of a float.
MOST = 1 << 16
_LOWEST = -28
_FAR = 2.0**960
_UNIT = 1074


@dataclass(slots=True)
class Sum:
    """An exact sum; ``high`` and ``low`` count units of the grid's level ``level`` and of the one below.

    ``far`` holds numbers beyond 2 to the power of 960, in units of 2 to the power of -1074.
    """

    level: int = _LOWEST
    high: int = 0
    low: int = 0
    far: int = 0

    @classmethod
    def of(cls, values: Floats, scratch: Floats, top: float | None = None) -> Sum:
        """Sum at most 65,536 finite numbers; ``scratch`` has room for as many, and ``values`` are overwritten.

        ``top`` is the size of the largest, where that is known.
        """
        if not len(values):
            return cls()
        top = max(float(values.max()), -float(values.min())) if top is None else top
        far = 0
        if top >= _FAR:
            beyond = np.abs(values) >= _FAR
            far = exact_sum(values[beyond])
            values[beyond] = 0.0
            top = float(np.abs(values).max())
        level = max(_LOWEST, math.ceil((math.frexp(top)[1] + 1) / _DIGIT) - 1) if top else _LOWEST
        high = _digits(values, scratch, level)
        return cls(level, high, _digits(values, scratch, level - 1), far)

    def add(self, other: Sum) -> None:
        """Add another sum."""
        highest = max(self.level, other.level)
        a, b = _raised(self, highest), _raised(other, highest)
        self.level, self.high, self.low, self.far = highest, a[0] + b[0], a[1] + b[1], self.far + other.far

    def exact(self) -> Fraction:
        """Give the sum as a fraction."""
        near = Fraction(self.high) * Fraction(2) ** (self.level * _DIGIT)
        below = Fraction(self.low) * Fraction(2) ** ((self.level - 1) * _DIGIT)
        return near + below + Fraction(self.far, 1 << _UNIT)


def as_float(value: Fraction) -> float:
    """Give the nearest float, an infinity where there is none."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _digits(values: Floats, scratch: Floats, level: int) -> int:
    """Take the digits of one level off the numbers, and give their sum in units of the level."""
    unit = math.ldexp(1.0, level * _DIGIT)
    # Adding this leaves no room for anything below the unit, so that the sum is rounded to whole units.
    room = 1.5 * math.ldexp(unit, 52)
    part = scratch[: len(values)]
    np.add(values, room, out=part)
    np.subtract(part, room, out=part)
    np.subtract(values, part, out=values)
    return int(float(part.sum()) / unit)


def _raised(found: Sum, level: int) -> tuple[int, int]:
    steps = level - found.level
    return (found.high, found.low) if steps == 0 else (0, found.high) if steps == 1 else (0, 0)
