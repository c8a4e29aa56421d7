"""Performance as it is estimated before labels arrive, of the look's own window."""

from __future__ import annotations

from nbops.monitoring.monitors.checks.known import known_performance, newest_window
from nbops.monitoring.monitors.checks.performance import judged
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.records import Check, CheckResult


def check_estimate(look: Look, check: Check) -> CheckResult:
    """Judge what is estimated."""
    report = known_performance(look, check)
    window = newest_window(look, report)
    if window is None:
        raise NothingYet("There are no predictions in the window.")
    if window.estimated is None:
        raise NothingYet(window.note or f"{report.metric} cannot be estimated yet: too few labels are known.")
    return judged(check, report, window.estimated, f"of {window.rows:,} predictions", window, "is estimated at")
