"""The KS distance where a side begins or ends inside a bin.

Between the ends of bins both distribution functions are known no closer than the bin. Where both are smooth this hides
nothing; at the first or last number of a side, where its function has a corner, it can hide a part of the distance. The
end is known exactly, and the other side is taken as even within the bin, if it is about as dense in those beside.
"""

from __future__ import annotations

import numpy as np

from nbops.data import histogram
from nbops.data.profile import ColumnProfile
from nbops.monitoring.counts import Counts

_FEWEST = 50


def distance_at_ends(p: Counts, q: Counts, middle: Counts, before: ColumnProfile, after: ColumnProfile) -> float:
    """Give the largest difference of the distribution functions at the four ends, 0 where none can be told.

    Parameters
    ----------
    p, q, middle
        Counts of both sides and middles of the bins, see :func:`nbops.monitoring.counts.paired_numbers`.
    before, after
        The profiles, whose exact minimum and maximum it is about.
    """
    if before.binned or after.binned or before.minimum is None or after.minimum is None:
        return 0.0
    whole = all(float(end or 0.0).is_integer() for side in (before, after) for end in (side.minimum, side.maximum))
    width = 2.0 ** (np.floor(np.log2(np.maximum(np.abs(middle), 1e-300))) - histogram.BITS)
    found = [0.0]
    for own, other in ((before, q), (after, p)):
        for end, share in ((own.minimum, 0.0), (own.maximum, 1.0)):
            value = _as_float32((end or 0.0) - before.shift)
            at = int(np.argmin(np.abs(middle - value) - width / 2))
            if not _even(other, middle, width, at):
                continue
            low, high = middle[at] - width[at] / 2, middle[at] + width[at] / 2
            part = _part(low, high, value, before.shift, whole and width[at] >= 1, below=share == 0.0)
            reached = (other[:at].sum() + part * other[at]) / other.sum()
            found.append(abs(float(reached) - share))
    return max(found)


def _as_float32(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _even(counts: Counts, middle: Counts, width: Counts, at: int) -> bool:
    """Whether a bin is about as dense as the two beside it."""
    if not 0 < at < len(counts) - 1 or counts[at] < _FEWEST:
        return False
    beside = [at - 1, at + 1]
    touching = np.abs(middle[beside] - middle[at]) <= 1.01 * (width[beside] + width[at]) / 2
    expected = (counts[beside] / width[beside]).mean() * width[at]
    return bool(touching.all() and abs(counts[at] - expected) <= 5 * np.sqrt(counts[at]))


def _part(low: float, high: float, value: float, shift: float, whole: bool, *, below: bool) -> float:
    """Give the part of a bin that lies up to a value, or ``below`` it."""
    if not whole:
        return float(np.clip((value - low) / (high - low), 0.0, 1.0))
    first, last, end = np.ceil(low + shift), np.ceil(high + shift) - 1, np.round(value + shift)
    return float(np.clip((end - first + (0 if below else 1)) / max(last - first + 1, 1), 0.0, 1.0))
