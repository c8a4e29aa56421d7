"""From which size on a change counts: calibrated by both sample sizes, learned from windows of the reference, or fixed by hand."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from scipy import special

from nbops.errors import UsageError
from nbops.monitoring.comparing import Comparison

Limits = Mapping[tuple[str, str], float]

NUMBER_MINIMUM = 0.028
CATEGORY_MINIMUM = 0.05
# Over groups of categories, as a stored profile has them, moves cancel and less is seen.
_FOLDED_MINIMUM = 0.03
_STATISTICS = (
    *("ks", "ks_p", "rank_p", "spread_p", "wasserstein", "energy", "mean_shift", "spread", "chi2", "chi2_p"),
    *("cramers_v", "tv", "tv_beyond_chance", "linf", "new", "gone", "psi", "jensen_shannon", "hellinger", "nulls"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum:
    """The smallest KS distance of numbers and total variation of categories that counts."""

    number: float = NUMBER_MINIMUM
    category: float = CATEGORY_MINIMUM

    def of(self, one: Comparison) -> float:
        """Give the smallest effect of this column or aspect that counts."""
        folded = one.pair.before is not None and one.pair.before.folds
        category = min(self.category, _FOLDED_MINIMUM) if folded else self.category
        return (self.number if one.kind == "number" else category) + one.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a column or aspect has drifted: ``value`` of the statistic ``measure`` against ``limit``."""

    drifted: bool
    limit: float | None
    measure: str = "effect"
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How it is decided. ``learned`` are limits by column and aspect, ``fixed`` by statistic, ``by_column`` by column and statistic."""

    minimum: Minimum
    learned: Limits = field(default_factory=dict)
    windows: int = 0
    fixed: Mapping[str, float] = field(default_factory=dict)
    by_column: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def decide(self, column: str, one: Comparison, significant: Collection[str]) -> Decision:
        """Decide on a column, or on an aspect of it, given which of its tests are significant."""
        least = self.minimum.of(one)
        effect = one.effect or 0.0
        wanted = self.by_column.get(column) or {name: v for name, v in self.fixed.items() if _has(one, name)}
        if wanted:
            return _by_hand(one, wanted)
        limit = self.learned.get((column, "" if one.pair.name == column else one.pair.name))
        if limit is not None:
            return Decision(drifted=effect > limit and effect >= least, limit=max(limit, least), value=effect)
        return Decision(drifted=bool(significant) and effect >= least, limit=least, value=effect)

    def is_fixed(self, column: str, one: Comparison) -> bool:
        """Whether a threshold by hand decides on this column."""
        return bool(self.by_column.get(column)) or any(_has(one, name) for name in self.fixed)


def fixed_thresholds(given: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Read thresholds by hand: ``{"psi": 0.2, "tenure": {"wasserstein": 0.3}}``; first those of all columns, then of single ones.

    Raises
    ------
    UsageError
        There is no such statistic, a threshold is no number from 0 on, or there is none at all.
    """
    if not given:
        raise UsageError("There are no thresholds among these.", hint='Write {"psi": 0.2}, or leave thresholds out.')
    everywhere: dict[str, float] = {}
    single: dict[str, dict[str, float]] = {}
    for name, value in given.items():
        if isinstance(value, Mapping):
            single[str(name)] = {_statistic(key): _number(key, v) for key, v in value.items()}
        else:
            everywhere[_statistic(name)] = _number(name, value)
    return everywhere, single


def chance_passes(one: Comparison, measure: str, limit: float) -> bool:
    """Whether chance alone passes a fixed limit more than once in a hundred, as far as that is known of this statistic."""
    if measure == "psi":
        return limit < one.statistics.get("psi_critical", 0.0)
    if measure == "ks" and one.pair.before and one.pair.after:
        n, m = one.pair.before.count, one.pair.after.count
        return bool(limit < special.kolmogi(0.01) * ((n + m) / (n * m)) ** 0.5)
    return False


def _by_hand(one: Comparison, wanted: Mapping[str, float]) -> Decision:
    found = []
    for measure, limit in wanted.items():
        value = _value(one, measure)
        if value is None:
            continue
        # A p-value is the smaller the larger the change; of a ratio of spreads both directions count.
        passed = value <= limit if measure.endswith("_p") else abs(value) >= limit
        if measure == "spread":
            passed = max(value, 1 / value) >= limit if value > 0 else True
        found.append(Decision(drifted=passed, limit=limit, measure=measure, value=value))
    return next((one for one in found if one.drifted), found[0] if found else Decision(drifted=False, limit=None))


def _has(one: Comparison, measure: str) -> bool:
    return _value(one, measure) is not None


def _value(one: Comparison, measure: str) -> float | None:
    before, after = one.pair.before, one.pair.after
    if measure == "nulls" and before is not None and after is not None:
        return abs(after.nulls / after.rows - before.nulls / before.rows)
    return one.statistics.get(measure)


def _statistic(name: Any) -> str:
    if name not in _STATISTICS:
        close = difflib.get_close_matches(str(name), _STATISTICS, 1)
        raise UsageError(
            f"There is no statistic {name!r} to set a threshold for.",
            hint=f"Did you mean {close[0]}?" if close else f"There are {', '.join(_STATISTICS)}.",
        )
    return str(name)


def _number(name: Any, value: Any) -> float:
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not found >= 0:
        raise UsageError(f"The threshold of {name} must be a number from 0 on, not {value!r}.")
    return found
