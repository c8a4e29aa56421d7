"""Performance of a monitor's model as known when the look stands for, asked for once by all checks that need it."""

from __future__ import annotations

from nbops.errors import MonitorError
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.subject import split_model
from nbops.monitoring.monitors.window import read_window
from nbops.monitoring.performance import PerformanceReport, PerformanceWindow
from nbops.records import Check

# Labels come late: so many windows are looked through for the newest whose labels have arrived.
BACK = 30


def known_performance(look: Look, check: Check) -> PerformanceReport:
    """Give performance by windows of the monitor's length, the last of which ends with the look.

    Raises
    ------
    MonitorError
        The monitor is of no model.
    UsageError
        There is no such metric, or it cannot be computed of these predictions.
    DataError
        A file of the log is damaged.
    """
    from nbops.monitoring.performance import performance

    if not look.monitor.model:
        raise MonitorError("There is no model whose predictions could be judged.")
    found = look.performances.get(check.metric)
    if found is None:
        name, _ = split_model(look.monitor.model)
        window, start = read_window(look.monitor.window), None
        newest = BACK if window.unit == "rows" else None
        if window.timed:
            start = look.end
            for _ in range(BACK):
                start, _ = window.bounds(start, look.monitor.timezone)
        found = performance(
            look.workspace,
            name,
            as_of=look.end,
            start=start,
            end=look.end,
            newest=newest,
            window=look.monitor.window,
            metric=check.metric or None,
        )
        look.performances[check.metric] = found
    return found


def newest_window(look: Look, report: PerformanceReport) -> PerformanceWindow | None:
    """Give the window that the look itself is of; nothing where it has no predictions."""
    if not read_window(look.monitor.window).timed:
        return report.windows[-1] if report.windows else None
    start, _ = read_window(look.monitor.window).bounds(look.end, look.monitor.timezone)
    # Windows of the calendar need not end with the look.
    inside = [window for window in report.windows if window.end > start + 1.0]
    return inside[-1] if inside else None
