"""What is tested of one column, and what the tests and distances say; no verdict yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from nbops.data.profile import ColumnProfile
from nbops.monitoring import statistics
from nbops.monitoring.counts import Counts, paired_categories, paired_numbers
from nbops.monitoring.pairing import Pair, is_constant, zones_differ
from nbops.monitoring.significance import novelty_test

# How a column's share of the report's false alarms is spread over its tests. What ranks lower is looked at less often.
_NUMBER = {"ks": 0.2, "rank": 0.43, "spread": 0.07, "range": 0.05, "nulls": 0.25}
_CATEGORY = {"chi2": 0.6, "new": 0.1, "gone": 0.05, "nulls": 0.25}
# The tests of values, among those of data quality.
VALUES = ("ks", "rank", "spread", "chi2")
# Of numbers these tests look at the same ranks, so that chance mostly fools them together: any of them is fooled 0.85 times as
# often as each in sum at most (0.78 to 0.845 of Brownian bridges at the levels of a report), and ties make it less.
_TOGETHER = 0.85
_SAME_RANKS = frozenset({"ks", "rank", "spread"})
# Of all false alarms that a column has, those that are left to its rank test.
RANK_PART = _NUMBER["rank"] / _TOGETHER
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A column or aspect, compared.

    ``tests`` has by name a p-value and its share of the column's false alarms; those in :attr:`value_tests` are of the values,
    the others of data quality. ``effect`` is the KS distance, or the total variation beyond chance; ``floor`` what the calendar
    alone makes of it. ``numbers`` or ``categories`` are the counts of both sides, see :mod:`nbops.monitoring.counts`.
    """

    pair: Pair
    statistics: Mapping[str, float] = field(default_factory=dict)
    effect: float | None = None
    floor: float = 0.0
    tests: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    aspects: tuple[Comparison, ...] = ()
    numbers: tuple[Counts, Counts, Counts] | None = None
    categories: tuple[list[str], Counts, Counts] | None = None

    @property
    def kind(self) -> str:
        """Kind of the reference."""
        return self.pair.before.kind if self.pair.before else ""

    @property
    def value_tests(self) -> tuple[str, ...]:
        """Names of the tests of values."""
        return tuple(name for name in self.tests if name in VALUES)


def compared(pair: Pair) -> Comparison:
    """Compare the two profiles of a column."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return Comparison(pair=pair)
    nulls = statistics.share_test(before.nulls, before.rows, after.nulls, after.rows)
    alone = {"nulls": (nulls, 1.0)} if before.rows and after.rows else {}
    if pair.why_not or pair.mismatch or not _values(before) or not _values(after):
        return Comparison(pair=pair, tests=alone)
    if before.aspects and after.aspects:
        return _by_aspects(pair, before, after, nulls)
    if is_constant(before) and before.kind == after.kind:
        # A constant has no distribution to drift from; what is told is that it no longer is one.
        return _constant(pair, before, after, nulls)
    if before.kind == "number":
        numbers = paired_numbers(before, after)
        if not numbers[0].sum() or not numbers[1].sum():
            return Comparison(pair=pair, tests=alone)
        found = statistics.numeric(before, after, numbers)
        tests = number_tests(found, nulls)
        return Comparison(pair=pair, statistics=found, effect=found["ks"], tests=tests, numbers=numbers)
    if before.kind in {"category", "boolean"}:
        words = paired_categories(before, after)
        by_chance = statistics.variation_by_chance(*words[1:])
        found = {**statistics.categorical(before, after, words), "tv_by_chance": by_chance}
        tests = _weighted(found, _CATEGORY, nulls)
        effect = found["tv_beyond_chance"]
        return Comparison(pair=pair, statistics=found, effect=effect, tests=tests, categories=words)
    return Comparison(pair=pair, tests=alone)


def _constant(pair: Pair, before: ColumnProfile, after: ColumnProfile, nulls: float) -> Comparison:
    if before.kind == "number":
        p, q, _ = paired_numbers(before, after)
    else:
        _, p, q = paired_categories(before, after)
    tests = {"new": (novelty_test(p, q), 0.75), "nulls": (nulls, 0.25)}
    return Comparison(pair=pair, statistics={"new": float(q[p == 0].sum() / q.sum())}, tests=tests)


def number_tests(found: Mapping[str, float], nulls: float) -> dict[str, tuple[float, float]]:
    """Give the tests of a number by name, with p-values and shares, from ``ks_p``, ``rank_p``, ``spread_p``, ``range_p`` and that of nulls."""
    return _weighted(found, _NUMBER, nulls)


def _weighted(found: Mapping[str, float], weights: Mapping[str, float], nulls: float) -> dict[str, tuple[float, float]]:
    return {name: (nulls if name == "nulls" else _p(found, name), weight) for name, weight in weights.items()}


def _p(found: Mapping[str, float], name: str) -> float:
    return found[f"{name}_p"] * (_TOGETHER if name in _SAME_RANKS else 1.0)


def _values(side: ColumnProfile) -> bool:
    return side.count - side.infinite > 0 and side.kind != "empty"


def _by_aspects(pair: Pair, before: ColumnProfile, after: ColumnProfile, nulls: float) -> Comparison:
    others = {aspect.name: aspect for aspect in after.aspects}
    # Hours of two time zones are no more alike than their clocks.
    usual = _calendar(before, after) if before.kind == "time" and not zones_differ(before, after) else {}
    found = []
    for aspect in before.aspects:
        other = others.get(aspect.name)
        if other is None or (before.kind == "time" and aspect.name not in usual):
            continue
        one = compared(Pair(name=aspect.name, before=aspect, after=other, sentinels={}))
        if one.value_tests and not (is_constant(aspect) and is_constant(other)):
            found.append(one)
    share = 0.75 / max(len(found), 1)
    aspects = tuple(_part(one, share, usual.get(one.pair.name, 0.0)) for one in found)
    effects = [one.effect or 0.0 for one in aspects]
    return Comparison(
        pair=pair,
        effect=max(effects) if effects else None,
        tests={"nulls": (nulls, 0.25 if found else 1.0)},
        aspects=aspects,
    )


def _part(one: Comparison, share: float, floor: float) -> Comparison:
    """Keep the tests of values only, with their part of the column's false alarms."""
    kept = {name: one.tests[name] for name in one.value_tests}
    whole = sum(weight for _, weight in kept.values())
    tests = {name: (p, weight / whole * share) for name, (p, weight) in kept.items()}
    return replace(one, tests=tests, floor=floor)


def _calendar(before: ColumnProfile, after: ColumnProfile) -> dict[str, float]:
    """Give the aspects of a time that both sides are long enough for, with the distance that the calendar alone makes.

    A month has four Mondays or five, which is no drift; and one day has no weekdays to compare.
    """
    spans = [(side.minimum, side.maximum) for side in (before, after)]
    ends = [(low, high) for low, high in spans if low is not None and high is not None]
    if len(ends) < 2:
        return {}
    found = {}
    if all(high - low >= _DAY for low, high in ends):
        found["hour"] = _parted([_cover(low, high, _DAY / 24, 24) for low, high in ends])
    if all(high - low >= 6.9 * _DAY for low, high in ends):
        found["weekday"] = _parted([_cover(low, high, _DAY, 7) for low, high in ends])
    return found


def _cover(low: float, high: float, width: float, groups: int) -> Counts:
    first, last = int(low // width), int(high // width)
    rounds, rest = divmod(last - first + 1, groups)
    counts = np.full(groups, float(rounds))
    counts[[(first + i) % groups for i in range(rest)]] += 1
    found: Counts = counts / counts.sum()
    return found


def _parted(shares: list[Counts]) -> float:
    return float(np.abs(shares[0] - shares[1]).sum() / 2)
