"""What else is to be told of a column: missing values, new and vanished ones, ranges, types. In words."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import numpy as np
from scipy import special

from nbops.data.profile import ColumnProfile
from nbops.monitoring.comparing import Comparison
from nbops.monitoring.pairing import is_constant, zones_differ
from nbops.redaction import redacted_cells

_NULL_EFFECT = 0.02
_NEW_EFFECT = 0.005
_FEW_VALUES = 200
_DAY = 86_400.0


def quality_findings(one: Comparison, significant: Collection[str]) -> list[str]:
    """Give what is wrong with the data of a column, given which of its tests are significant."""
    before, after = one.pair.before, one.pair.after
    if before is None or after is None:
        return ["is missing from the current data" if after is None else "is new in the current data"]
    found = [one.pair.mismatch] if one.pair.mismatch else []
    found += _nulls(one, before, after) if "nulls" in significant else []
    found += [
        f"{mark} appears in {n:,} rows and reads as a mark for missing"
        for mark, (known, n) in one.pair.sentinels.items()
        if n and not known
    ]
    if is_constant(before) and "new" in significant and one.statistics.get("new", 0.0) >= _NEW_EFFECT:
        return [*found, _no_longer_constant(before, after)]
    if "new" in significant:
        found += _appeared(one, before, after)
    if "gone" in significant:
        found += _vanished(one, before, after)
    if "range" in significant:
        found += _range(before, after)
    if not found:
        found += _cardinality(one, before, after)
    if after.infinite and not before.infinite:
        found.append(f"{after.infinite:,} infinite values")
    return found


def remarks(one: Comparison) -> list[str]:
    """Give what is worth knowing of a column and no fault: marks that both sides have, where times begin and end."""
    before, after = one.pair.before, one.pair.after
    if before is None or after is None:
        return []
    found = [
        f"{mark} reads as a mark for missing ({known:,} rows, now {n:,}) and is left out"
        for mark, (known, n) in one.pair.sentinels.items()
        if known
    ]
    if before.kind == "number" and (before.blank or after.blank):
        found.append(f"{before.blank:,} blank cells, now {after.blank:,}, count as missing")
    if before.kind == after.kind == "time":
        zones = zones_differ(before, after)
        if zones:
            found.append(f"times of {zones[1]}, reference of {zones[0]}: hours and weekdays are not compared")
        found += _times(before, after)
    return found


def _nulls(one: Comparison, before: ColumnProfile, after: ColumnProfile) -> list[str]:
    shares = before.nulls / before.rows, after.nulls / after.rows
    if abs(shares[1] - shares[0]) < _NULL_EFFECT:
        return []
    counted = [mark for mark, (_, n) in one.pair.sentinels.items() if n >= _NEW_EFFECT * after.rows]
    marks = f" ({', '.join(counted)} counted among them)" if counted else ""
    return [f"nulls {shares[0]:.1%} → {shares[1]:.1%}{marks}"]


def _no_longer_constant(before: ColumnProfile, after: ColumnProfile) -> str:
    if before.kind == "number":
        now = f"{after.minimum:.6g}" if is_constant(after) else f"{after.minimum:.6g} to {after.maximum:.6g}"
        return f"was always {before.minimum:.6g}, is now {now}"
    others = [name for name in after.categories if name not in before.categories]
    return f"was always {_named(before.name, list(before.categories))}, is now {_named(before.name, others)} as well"


def _appeared(one: Comparison, before: ColumnProfile, after: ColumnProfile) -> list[str]:
    share = one.statistics.get("new", 0.0)
    fresh = [name for name in after.categories if name not in before.categories]
    return [f"{share:.1%} in new categories: {_named(before.name, fresh)}"] if share >= _NEW_EFFECT else []


def _vanished(one: Comparison, before: ColumnProfile, after: ColumnProfile) -> list[str]:
    share = one.statistics.get("gone", 0.0)
    gone = [name for name in before.categories if name not in after.categories]
    return (
        [f"no longer seen: {_named(before.name, gone)} ({share:.1%} of the reference)"] if share >= _NEW_EFFECT else []
    )


def _named(column: str, names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in redacted_cells(column, names[:3])) + more


def _range(before: ColumnProfile, after: ColumnProfile) -> list[str]:
    if before.minimum is None or before.maximum is None or after.minimum is None or after.maximum is None:
        return []
    width = before.maximum - before.minimum
    if width and after.maximum > before.maximum + width:
        return [f"values up to {after.maximum:.6g}, reference ends at {before.maximum:.6g}"]
    if width and after.minimum < before.minimum - width:
        return [f"values down to {after.minimum:.6g}, reference begins at {before.minimum:.6g}"]
    return []


def _cardinality(one: Comparison, before: ColumnProfile, after: ColumnProfile) -> list[str]:
    """Compare numbers of different values as if both sides had as many rows (rarefaction, Sanders 1968, Hurlbert 1971)."""
    if before.kind != after.kind or before.binned or before.rest or after.rest:
        return []
    if one.numbers and len(before.histogram) <= _FEW_VALUES:
        p, q, _ = one.numbers
    elif one.categories and before.kind == "category":
        _, p, q = one.categories
    else:
        return []
    rows = min(p.sum(), q.sum())
    old, new = _rarefied(p, rows), _rarefied(q, rows)
    if max(old, new) < 1.5 * min(old, new) or abs(old - new) < 5 * np.sqrt(old + new):
        return []
    return [f"{new:,.0f} different values where the reference has {old:,.0f} in as many rows"]


def _rarefied(counts: np.ndarray, rows: float) -> float:
    n = counts.sum()
    left = n - counts[counts > 0]
    with np.errstate(invalid="ignore"):
        missed = (
            special.gammaln(left + 1)
            - special.gammaln(left - rows + 1)
            - special.gammaln(n + 1)
            + special.gammaln(n - rows + 1)
        )
    return float(1.0 * len(left) - np.exp(np.where(left >= rows, missed, -np.inf)).sum())


def _times(before: ColumnProfile, after: ColumnProfile) -> list[str]:
    if before.minimum is None or before.maximum is None or after.minimum is None or after.maximum is None:
        return []
    said = f"{_day(after.minimum)} to {_day(after.maximum)}, reference {_day(before.minimum)} to {_day(before.maximum)}"
    gap = (after.minimum - before.maximum) / _DAY
    return [f"{said} ({gap:,.0f} days between them)" if gap >= 1 else said]


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.6g} s"
