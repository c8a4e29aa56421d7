"""How far a report can be believed, in sentences: the rate of false alarms, and what samples of this size can show."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.monitoring.comparing import RANK_PART, Comparison
from nbops.monitoring.judging import COLUMN_PART, HELD
from nbops.monitoring.power import detectable, rows_needed
from nbops.monitoring.report import ColumnDrift
from nbops.monitoring.thresholds import Thresholds, chance_passes


def false_alarm(
    compared: Sequence[Comparison], verdicts: Sequence[ColumnDrift], thresholds: Thresholds, alpha: float
) -> str:
    """Say how often such a report names a column though nothing has changed, and what was done about it."""
    tests = sum(len(part.tests) for one in compared for part in (one, *one.aspects))
    tested = sum(bool(one.tests) for one in compared)
    said = (
        f"If nothing had changed, at most {_percent(alpha)} of such reports would name any column, and at most "
        f"{_percent(alpha * COLUMN_PART)} a given one (Holm's correction over {tests} tests of {tested} columns; rows "
        "taken as independent)."
    )
    if thresholds.learned:
        return (
            f"Limits were learned from {thresholds.windows} reference windows, each compared with the others, so that rows "
            f"need not be independent: a further window like them passes any of {len(thresholds.learned)} limits in at most "
            f"about {_percent(alpha)} of reports. Missing values, new categories and ranges are judged as independent rows: "
            f"at most {_percent(alpha)} of reports."
        )
    by_hand = [one for one in compared if one.statistics and thresholds.is_fixed(one.pair.name, one)]
    if not by_hand:
        return said
    limits = {column.name: column for column in verdicts}
    loose = sum(
        chance_passes(one, limits[one.pair.name].measure, limits[one.pair.name].limit or 0.0) for one in by_hand
    )
    words = f"{len(by_hand)} of {tested} columns are judged by fixed thresholds, whose false alarms depend on the sizes and are not bounded"
    if loose:
        words += f"; of {loose} of these, chance alone passes the threshold more than once in a hundred at these sizes"
    return f"{words}. The rest: {said[0].lower()}{said[1:]}"


def detectable_here(n: int, m: int, compared: Sequence[Comparison], alpha: float) -> float:
    """Give the smallest KS distance that is seen four times in five in this report."""
    return detectable(n, m, _level(compared, alpha))


def power(n: int, m: int, compared: Sequence[Comparison], alpha: float, minimum: float) -> str:
    """Say from how many rows on the smallest change that counts would be seen; empty where it is."""
    level = _level(compared, alpha)
    seen = detectable(n, m, level)
    if seen <= minimum or not minimum:
        return ""
    needed = rows_needed(n, level, minimum)
    where = f"needs {needed:,} rows of current data" if needed else "needs more rows of the reference"
    return f"The smallest change that counts (KS {minimum:g}) {where} to be seen four times in five; with these, changes from {seen:.2g} on are."


def _level(compared: Sequence[Comparison], alpha: float) -> float:
    columns = max(sum(bool(one.tests) for one in compared), 1)
    return min(alpha / columns, alpha * COLUMN_PART) * HELD * RANK_PART


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
