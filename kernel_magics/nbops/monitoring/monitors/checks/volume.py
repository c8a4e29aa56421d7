"""How many rows there are, and the share of the predictions whose labels have arrived."""

from __future__ import annotations

from nbops.monitoring.monitors.checks.known import known_performance, newest_window
from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.records import Check, CheckResult


def check_volume(look: Look, check: Check) -> CheckResult:
    """Count. That there are none counts as well."""
    value, words = _labelled(look, check) if check.metric == "labelled" else _rows(look)
    return CheckResult(
        check=check.name,
        kind="volume",
        state=judge(check, value),
        message=against(check, value, words),
        value=value,
        limit=check.threshold,
        detail={"metric": check.metric or "rows"},
    )


def _rows(look: Look) -> tuple[float, str]:
    try:
        count = len(look.rows.frame)
    except NothingYet:
        count = 0
    return float(count), f"{count:,} rows"


def _labelled(look: Look, check: Check) -> tuple[float, str]:
    window = newest_window(look, known_performance(look, _any_metric(check)))
    if window is None or window.share is None:
        raise NothingYet("There are no predictions in the window.")
    return window.share, f"The labels of {window.share:.0%} of {window.rows:,} predictions have arrived"


def _any_metric(check: Check) -> Check:
    return Check(name=check.name, kind=check.kind)
