"""The windows of a column tested as the report tests the whole.

That is by KS, ranks, spread and range of numbers, by categories and which of them are new or gone, by missing values, each aspect.
The counts of all windows stand side by side once, and not once for each pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbops.data import histogram
from nbops.data.profile import ColumnProfile
from nbops.monitoring import comparing
from nbops.monitoring.counts import Counts, placed
from nbops.monitoring.findings import quality_findings
from nbops.monitoring.pairing import is_constant, paired
from nbops.monitoring.pairs import Found, compared
from nbops.monitoring.significance import kolmogorov, range_test, rank_tests, share_test

# Windows whose counts are side by side at a time.
_AT_ONCE = 200
_Pair = tuple[ColumnProfile | None, ColumnProfile | None]


def tested(bases: Sequence[ColumnProfile | None], series: Sequence[ColumnProfile | None]) -> list[Found | None]:
    """Compare each window of a column with what it is compared with; nothing where that cannot be."""
    found: list[Found | None] = []
    for first in range(0, len(series), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        found += _some([*zip(bases[some], series[some], strict=True)])
    return found


def window_findings(base: ColumnProfile, column: ColumnProfile, significant: frozenset[str]) -> list[str]:
    """Say what is wrong with the data of a column in a window, given which tests are significant."""
    return quality_findings(comparing.compared(paired(base.name, base, column)), significant)


def _some(pairs: Sequence[_Pair]) -> list[Found | None]:
    plain = [_plain(*pair) for pair in pairs]
    known = {id(one): one for pair, usable in zip(pairs, plain, strict=True) if usable for one in pair if one}
    counts = dict(zip(known, _side_by_side([*known.values()]), strict=True)) if known else {}
    return [
        _numbers(base, column, counts[id(base)], counts[id(column)]) if usable and base and column else _whole(*pair)
        for pair, usable in zip(pairs, plain, strict=True)
        for base, column in (pair,)
    ]


def _plain(base: ColumnProfile | None, column: ColumnProfile | None) -> bool:
    """Whether both are numbers whose counts can be set side by side as they are."""
    if base is None or column is None or base.kind != "number" or column.kind != "number":
        return False
    marked = base.sentinels or column.sentinels
    return not marked and base.shift == column.shift and not is_constant(base)


def _side_by_side(columns: Sequence[ColumnProfile]) -> list[Counts]:
    """Give the counts of columns over the bins that any of them has, ascending."""
    places = histogram.places()
    each = [placed(column, places) for column in columns]
    used = np.unique(np.concatenate([where for where, _ in each]))
    found = np.zeros((len(columns), len(used)))
    for row, (where, counts) in zip(found, each, strict=True):
        row[np.searchsorted(used, where)] = counts
    return list(found)


def _numbers(base: ColumnProfile, column: ColumnProfile, p: Counts, q: Counts) -> Found | None:
    n, m = p.sum(), q.sum()
    if not n or not m:
        return None
    ks = float(np.abs(np.cumsum(p) / n - np.cumsum(q) / m).max())
    either = (p + q) > 0
    p, q = p[either], q[either]
    rank_p, spread_p = rank_tests(p, q)
    values = {"ks_p": kolmogorov(ks, n, m), "rank_p": rank_p, "spread_p": spread_p, "range_p": range_test(p, q)}
    nulls = share_test(base.nulls, base.rows, column.nulls, column.rows)
    tests = comparing.number_tests(values, nulls)
    return _found(ks, 0.0, tests, frozenset(comparing.VALUES) & tests.keys())


def _whole(base: ColumnProfile | None, column: ColumnProfile | None) -> Found | None:
    quick = None if base is None or column is None else compared(base, column)
    if quick is None or base is None or column is None:
        return None
    one = comparing.compared(paired(base.name, base, column))
    parts = [("", one), *((f"{part.pair.name}: ", part) for part in one.aspects)]
    tests = {name + test: values for name, part in parts for test, values in part.tests.items()}
    return _found(
        quick.effect, quick.floor, tests, frozenset(name + test for name, part in parts for test in part.value_tests)
    )


def _found(effect: float, floor: float, tests: Any, values: frozenset[str]) -> Found:
    whole = sum(tests[name][1] for name in values)
    p = min((tests[name][0] / tests[name][1] * whole for name in values), default=1.0)
    return Found(effect, min(1.0, p), floor, tests, values)
