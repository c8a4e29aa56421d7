"""Say what changed in a column, in a few words a manager can read."""

from __future__ import annotations

from collections.abc import Mapping

from nbops.data.profile import ColumnProfile

_SMALL_SHIFT = 0.1


def not_compared(before: ColumnProfile, after: ColumnProfile) -> str:
    """Say why a column is not compared; empty when it is."""
    if "identifier" in (before.kind, after.kind):
        return "identifier"
    if "time" in (before.kind, after.kind):
        return "time"
    if before.kind == after.kind == "empty":
        return "empty on both sides"
    return ""


def change_words(
    before: ColumnProfile, after: ColumnProfile, found: Mapping[str, float], drifted: bool, min_effect: float
) -> str:
    """Describe the change, with what it is compared to."""
    if not found:
        return "no values to compare"
    if before.kind != "number":
        return _category_words(before, after, found, drifted, min_effect)
    shift, spread = found["mean_shift"], found["spread"]
    if not drifted:
        return f"{_small(found['ks'], min_effect)} ({abs(shift):.2f} σ)"
    if abs(shift) >= _SMALL_SHIFT:
        return f"shifted {'up' if shift > 0 else 'down'} by {abs(shift):.2f} σ"
    if spread > 1.15 or spread < 0.87:
        return f"spread {spread:.2f} times as wide"
    return f"changed shape, the mean stayed ({shift:+.2f} σ)"


def _category_words(
    before: ColumnProfile, after: ColumnProfile, found: Mapping[str, float], drifted: bool, min_effect: float
) -> str:
    if not drifted:
        return f"{_small(found['tv'], min_effect)} ({found['tv']:.1%} of rows)"
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
