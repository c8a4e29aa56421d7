"""Performance by the labels that have arrived: of the newest window that enough of them are known of.

An alert is raised where the whole interval of the figure lies beyond the limit; where only the figure does, the rows are too
few to be sure, and that is a warning.
"""

from __future__ import annotations

from nbops.monitoring.monitors.checks.known import known_performance
from nbops.monitoring.monitors.limits import against, better, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.monitoring.performance import Figure, PerformanceReport, PerformanceWindow
from nbops.records import Check, CheckResult, MonitorState

_FEWEST, _SHARE = 30, 0.5


def check_performance(look: Look, check: Check) -> CheckResult:
    """Judge what is known."""
    report = known_performance(look, check)
    window = _known_enough(report, check)
    figure = window.realised
    if figure is None:
        raise NothingYet(f"{report.metric} is not defined for the labels that have arrived.")
    return judged(check, report, figure, f"of {window.label}, {window.labelled:,} labels", window)


def judged(
    check: Check, report: PerformanceReport, figure: Figure, of: str, window: PerformanceWindow, verb: str = "is"
) -> CheckResult:
    """Give the verdict on a figure with its interval."""
    interval = f" ({figure.low:.4g} to {figure.high:.4g})" if figure.low is not None and figure.high is not None else ""
    words = f"{report.metric.replace('_', ' ')} {verb} {figure.value:.4g}{interval} {of}"
    state = _state(check, figure)
    message = against(check, figure.value, words)
    if state == "warning" and judge(check, figure.value) == "alert":
        message += ", which so few rows do not prove"
    return CheckResult(
        check=check.name,
        kind=check.kind,
        state=state,
        message=message,
        value=figure.value,
        limit=check.threshold,
        detail={
            "metric": report.metric,
            "low": figure.low,
            "high": figure.high,
            "rows": figure.rows,
            "window": [window.start, window.end],
            "labelled": window.share,
        },
    )


def _state(check: Check, figure: Figure) -> MonitorState:
    state = judge(check, figure.value)
    best = figure.high if better(check) == "more" else figure.low
    if state == "alert" and best is not None and judge(check, best) != "alert":
        return "warning"
    return state


def _known_enough(report: PerformanceReport, check: Check) -> PerformanceWindow:
    share = float(check.options.get("min_labelled", _SHARE))
    rows = int(check.options.get("min_rows", _FEWEST))
    for window in reversed(report.windows):
        if window.labelled >= rows and (window.share or 0.0) >= share:
            return window
    if not report.windows:
        raise NothingYet("There are no predictions yet.")
    last = report.windows[-1]
    raise NothingYet(
        f"The labels of {last.share or 0.0:.0%} of {last.rows:,} predictions have arrived; {check.name} waits for {share:.0%} "
        f"and {rows} rows of a window"
    )
