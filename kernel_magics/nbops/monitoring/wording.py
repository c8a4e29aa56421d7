"""Say what changed in a column, in a few words a manager can read."""

from __future__ import annotations

from collections.abc import Mapping

from nbops.data.profile import ColumnProfile
from nbops.monitoring.pairing import paired

_SMALL_SHIFT = 0.1
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
    if abs(shift) >= _SMALL_SHIFT:
        return f"shifted {'up' if shift > 0 else 'down'} by {abs(shift):.2f} σ"
    if spread > 1.15 or spread < 0.87:
        return f"spread {spread:.2f} times as wide"
    return f"changed shape, the mean stayed ({shift:+.2f} σ)"


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
        return f"{_small(found['tv_beyond_chance'], min_effect)} ({found['tv']:.1%} of rows)"
    moves = {
        name: after.categories.get(name, 0) / after.count - before.categories.get(name, 0) / before.count
        for name in before.categories.keys() | after.categories.keys()
    }
    name = max(sorted(moves), key=lambda key: abs(moves[key]))
    old = before.categories.get(name, 0) / before.count
    new = after.categories.get(name, 0) / after.count
    return f"{name} {old:.0%} → {new:.0%}"


def _small(effect: float, min_effect: float) -> str:
    # Large and yet not significant is another thing than small.
    return "no change that matters" if effect < min_effect else "could be chance"
