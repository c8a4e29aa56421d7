"""From what was compared to a verdict on each column: significance over the whole report, then size, then words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbops.monitoring.comparing import Comparison
from nbops.monitoring.findings import quality_findings, remarks
from nbops.monitoring.pairing import is_constant
from nbops.monitoring.pictures import picture
from nbops.monitoring.report import ColumnDrift
from nbops.monitoring.significance import weighted_holm
from nbops.monitoring.thresholds import Decision, Thresholds
from nbops.monitoring.wording import aspect_words, change_words

FEWEST = 30
# One column alone is named wrongly at most in this part of the false alarms that the whole report may have.
COLUMN_PART = 0.2
# p-values of tables and ranks are approximations; a fifth of the rate is left to what they miss.
HELD = 0.8


@dataclass(frozen=True, slots=True)
class Significance:
    """Which tests of which columns are significant in the whole report, and the adjusted p-values of all."""

    adjusted: Mapping[tuple[str, str, str], float]
    passed: frozenset[tuple[str, str, str]]

    def of(self, column: str, aspect: str = "") -> set[str]:
        """Give the names of the significant tests of a column, or of an aspect of it."""
        return {test for name, part, test in self.passed if (name, part) == (column, aspect)}

    def p(self, column: str, one: Comparison, aspect: str = "") -> float | None:
        """Give the smallest adjusted p-value of the values of a column or aspect."""
        return min((self.adjusted[column, aspect, test] for test in one.value_tests), default=None)


def significance(compared: Sequence[Comparison], alpha: float) -> Significance:
    """Test everything at once: no more than ``alpha`` for any false alarm of the report, a fifth of it for one of a column."""
    tests: dict[tuple[str, str, str], tuple[float, float]] = {}
    for one in compared:
        for aspect, part in (("", one), *((part.pair.name, part) for part in one.aspects)):
            for test, found in part.tests.items():
                tests[one.pair.name, aspect, test] = found
    adjusted = {key: min(1.0, p / HELD) for key, p in weighted_holm(tests).items()}
    level = alpha * COLUMN_PART * HELD
    passed = {key for key, (p, weight) in tests.items() if adjusted[key] <= alpha and p / weight <= level}
    return Significance(adjusted, frozenset(passed))


def judged(one: Comparison, found: Significance, thresholds: Thresholds) -> ColumnDrift:
    """Give the verdict on a column."""
    name, pair = one.pair.name, one.pair
    findings = quality_findings(one, found.of(name))
    said = remarks(one)
    if pair.before is None or pair.after is None or pair.mismatch or pair.why_not:
        reason = findings[0] if findings else pair.why_not
        known = pair.before or pair.after
        return ColumnDrift(
            name=name,
            kind=known.kind if known else "",
            status="quality" if findings else "not compared",
            drifted=False,
            reason=reason,
            findings=(*findings, *said),
            nulls=_null_shares(one),
            sentinels=_sentinels(one),
            why_not=pair.why_not,
        )
    parts = [(part.pair.name, part) for part in one.aspects] or [("", one)]
    decisions = [(aspect, part, _decided(thresholds, name, aspect, part, found)) for aspect, part in parts]
    # What has drifted before what has not, then the largest.
    aspect, part, decision = max(decisions, key=lambda d: (d[2].drifted, d[1].effect or 0.0))
    words = _words(aspect, part, decision, one, thresholds)
    return ColumnDrift(
        name=name,
        kind=pair.before.kind,
        status="drift" if decision.drifted else "quality" if findings else "steady",
        drifted=decision.drifted,
        reason=findings[0] if findings and not decision.drifted else words,
        effect=None if part.effect is None else float(f"{part.effect:.6g}"),
        p=found.p(name, part, aspect),
        limit=decision.limit,
        measure=decision.measure,
        statistics=_rounded(part.statistics),
        findings=(*findings, *said),
        aspects=tuple(_aspect(*d, found, name, thresholds) for d in decisions) if one.aspects else (),
        sentinels=_sentinels(one),
        picture=_picture(part),
        nulls=_null_shares(one),
        means=(pair.before.mean, pair.after.mean),
    )


def _decided(thresholds: Thresholds, name: str, aspect: str, part: Comparison, found: Significance) -> Decision:
    values = found.of(name, aspect) & set(part.value_tests)
    return thresholds.decide(name, part, values)


def _words(aspect: str, part: Comparison, decision: Decision, one: Comparison, thresholds: Thresholds) -> str:
    before, after = part.pair.before, part.pair.after
    if before is None or after is None:
        return ""
    if is_constant(before) and not decision.drifted:
        return "constant"
    fewest = min(before.count, after.count)
    if not decision.drifted and fewest < FEWEST:
        return f"too few rows to tell ({fewest})"
    least = thresholds.minimum.of(part)
    words = change_words(before, after, part.statistics, decision.drifted, least)
    if decision.measure != "effect" and decision.value is not None and decision.limit is not None:
        words += f"; {decision.measure} {decision.value:.3g}, limit {decision.limit:.3g}"
    return aspect_words(one.kind, aspect, words, decision.drifted) if aspect else words


def _aspect(
    aspect: str, part: Comparison, decision: Decision, found: Significance, name: str, thresholds: Thresholds
) -> dict[str, object]:
    before, after = part.pair.before, part.pair.after
    least = thresholds.minimum.of(part)
    words = change_words(before, after, part.statistics, decision.drifted, least) if before and after else ""
    return {
        "name": aspect,
        "effect": None if part.effect is None else float(f"{part.effect:.6g}"),
        "p": found.p(name, part, aspect),
        "drifted": decision.drifted,
        "limit": decision.limit,
        "reason": aspect_words("", aspect, words, decision.drifted),
    }


def _picture(part: Comparison) -> dict[str, object]:
    if part.pair.before is None or part.pair.after is None:
        return {}
    return picture(part.pair.before, part.pair.after, part.numbers, part.categories)


def _null_shares(one: Comparison) -> tuple[float, float] | None:
    before, after = one.pair.before, one.pair.after
    if before is None or after is None or not before.rows or not after.rows:
        return None
    return before.nulls / before.rows, after.nulls / after.rows


def _sentinels(one: Comparison) -> dict[str, list[int]]:
    return {mark: list(counts) for mark, counts in one.pair.sentinels.items()}


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in found.items()}
