"""How many rows there are."""

from __future__ import annotations

from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.records import Check, CheckResult


def check_volume(look: Look, check: Check) -> CheckResult:
    """Count. That there are none counts as well."""
    try:
        value = float(len(look.rows.frame))
    except NothingYet:
        value = 0.0
    return CheckResult(
        check=check.name,
        kind="volume",
        state=judge(check, value),
        message=against(check, value, f"{value:,.0f} rows"),
        value=value,
        limit=check.threshold,
    )
