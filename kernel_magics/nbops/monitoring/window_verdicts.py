"""From tests of windows to verdicts: which of a window's tests are significant together, what drifted, what is wrong with its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbops.data.profile import ColumnProfile
from nbops.monitoring.judging import HELD
from nbops.monitoring.pairs import Found
from nbops.monitoring.significance import weighted_holm
from nbops.monitoring.window_profiles import Learned
from nbops.monitoring.window_tests import window_findings


def passed_tests(
    pairs: Mapping[str, Sequence[Found | None]], windows: int, alpha: float
) -> list[dict[str, frozenset[str]]]:
    """Give by window and column the tests that are significant with all tests of the window counted (Holm)."""
    passed: list[dict[str, frozenset[str]]] = []
    for i in range(windows):
        there = {name: found for name, series in pairs.items() if (found := series[i]) is not None}
        tests = {(name, test): p for name, found in there.items() for test, p in found.tests.items()}
        hits = {key for key, p in weighted_holm(tests).items() if p <= alpha * HELD}
        passed.append({name: frozenset(test for other, test in hits if other == name) for name in there})
    return passed


def quality(
    bases: Mapping[str, Sequence[ColumnProfile | None]],
    series: Mapping[str, Sequence[ColumnProfile | None]],
    pairs: Mapping[str, Sequence[Found | None]],
    passed: Sequence[Mapping[str, frozenset[str]]],
) -> dict[str, list[str]]:
    """Give by column what is wrong with its data in each window, of the columns where something is."""
    found = {}
    for name, each in pairs.items():
        said = [""] * len(each)
        for i, pair in enumerate(each):
            base, column = bases[name][i], series[name][i]
            if pair and base and column and (hits := passed[i][name] - pair.values):
                said[i] = "; ".join(window_findings(base, column, hits))
        if any(said):
            found[name] = said
    return found


def verdicts(
    pairs: Mapping[str, Sequence[Found | None]],
    leasts: Mapping[str, Sequence[float | None]],
    passed: Sequence[Mapping[str, frozenset[str]]],
    learned: Learned | None,
) -> dict[str, list[bool]]:
    """Say by column which windows have drifted: significantly, or beyond a learned limit, and by as much as counts."""
    drifted = {}
    for name, series in pairs.items():
        bound = learned.limits.get(name) if learned else None
        drifted[name] = [
            found is not None
            and (bool(passed[i][name] & found.values) if bound is None else found.effect > bound)
            and found.effect >= (leasts[name][i] or 0.0)
            for i, found in enumerate(series)
        ]
    return drifted
