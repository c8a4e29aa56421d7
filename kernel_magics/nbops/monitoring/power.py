"""What samples of a given size can show at all."""

from __future__ import annotations

import numpy as np
from scipy import special

# Four times in five.
_SEEN = float(special.ndtri(0.8))


def detectable(n: float, m: float, p: float) -> float:
    """Give the smallest KS distance that is seen four times in five: that of two normal columns, one of them moved.

    Parameters
    ----------
    n, m
        Rows of both sides.
    p
        The p-value below which the rank test finds something.
    """
    if not n or not m:
        return 1.0
    shift = _needed(p) * np.sqrt((n + m) / (n * m))
    return float(special.erf(shift / np.sqrt(8)))


def rows_needed(n: float, p: float, effect: float) -> int | None:
    """Give the rows of current data from which on a KS distance of ``effect`` is seen four times in five.

    ``None``: never, the ``n`` rows of the reference are too few.
    """
    shift = np.sqrt(8) * special.erfinv(effect)
    both = (_needed(p) / shift) ** 2 if shift > 0 else np.inf
    return int(np.ceil(n * both / (n - both))) if n > both else None


def _needed(p: float) -> float:
    return float(-special.ndtri(p / 2) + _SEEN)
