"""Say what changed in a column, in a few words a manager can read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nbops.data.profile import ColumnProfile
from nbops.monitoring.counts import paired_categories, paired_numbers
from nbops.monitoring.pairing import paired
from nbops.redaction import redacted_cells

_SMALL_SHIFT = 0.1
# Numbers of so few different values are read as codes.
_FEW = 10
# What chance moves on average it exceeds by a little as often as not.
_NOISE = 1.1
# Hashed words have no name that anybody could read.
_UNNAMED = {"tokens": "other words", "characters": "other characters"}


def not_compared(before: ColumnProfile, after: ColumnProfile) -> str:
    """Say why a column is not compared; empty when it is."""
    return paired(before.name, before, after).why_not


def change_words(
    before: ColumnProfile, after: ColumnProfile, found: Mapping[str, float], drifted: bool, min_effect: float
) -> str:
    """Describe the change, with what it is compared to."""
    if not found:
        return "no values to compare"
    if before.kind != "number":
        return _category_words(before, after, found, drifted, min_effect)
    if "ks" not in found:
        return "no values to compare"
    shift, spread = found["mean_shift"], found["spread"]
    if not drifted:
        return f"{_small(found['ks'], min_effect)} ({abs(shift):.2f} σ)"
    few = _few_values(before, after)
    if few:
        return few
    if abs(shift) >= _SMALL_SHIFT:
        return f"shifted {'up' if shift > 0 else 'down'} by {abs(shift):.2f} σ"
    if spread > 1.15 or spread < 0.87:
        return f"spread {spread:.2f} times as wide"
    return f"changed shape, the mean stayed ({round(shift, 2) + 0.0:+.2f} σ)"


def _few_values(before: ColumnProfile, after: ColumnProfile) -> str:
    """Say which of a few whole numbers (codes, ratings) moved most; empty where there are many, or others."""
    if max(len(before.histogram), len(after.histogram)) > _FEW or before.binned:
        return ""
    p, q, middle = paired_numbers(before, after)
    values = middle + before.shift
    if np.abs(values - values.round()).max() > 0.01 * max(1.0, np.abs(values).max()):
        return ""
    old, new = p / p.sum(), q / q.sum()
    most = int(np.abs(new - old).argmax())
    return f"{values[most].round() + 0.0:.0f} in {old[most]:.0%} → {new[most]:.0%} of rows"


def aspect_words(kind: str, aspect: str, words: str, drifted: bool) -> str:
    """Say which aspect of a column it is that changed."""
    if not drifted:
        return words
    if aspect in _UNNAMED:
        return _UNNAMED[aspect] if not kind or kind == "text" else f"{aspect}: {words}"
    return f"{aspect} {words}"


def _category_words(
    before: ColumnProfile, after: ColumnProfile, found: Mapping[str, float], drifted: bool, min_effect: float
) -> str:
    if "tv" not in found:
        return "no values to compare"
    if not drifted:
        return f"{_small(found['tv_beyond_chance'], min_effect)} ({_moved(found, min_effect)})"
    names, p, q = paired_categories(before, after)
    old, new = p[:-1] / p.sum(), q[:-1] / q.sum()
    most = int(np.abs(new - old).argmax()) if names else 0
    if not names:
        return "other categories"
    (shown,) = redacted_cells(before.name, [names[most]])
    if shown[-1:].isdigit():
        # Two numbers beside each other would read as one.
        return f"{shown} in {old[most]:.0%} → {new[most]:.0%} of rows"
    return f"{shown} {old[most]:.0%} → {new[most]:.0%}"


def _moved(found: Mapping[str, float], min_effect: float) -> str:
    """Say how many rows are in other categories, and where that sounds like much, how many chance alone moves."""
    tv, chance = found["tv"], found.get("tv_by_chance", 0.0)
    if tv < min_effect or not chance:
        return f"{tv:.1%} of rows"
    if tv <= _NOISE * chance:
        return f"{tv:.1%} of rows, noise: chance alone moves {chance:.1%} at this size"
    return f"{tv:.1%} of rows, of which chance moves {chance:.1%} at this size"


def _small(effect: float, min_effect: float) -> str:
    # Large and yet not significant is another thing than small.
    return "no change that matters" if effect < min_effect else "could be chance"
