"""From a drift report to what a check found."""

from __future__ import annotations

from dataclasses import replace

from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.report import ColumnDrift, DriftReport
from nbops.records import Check, CheckResult, MonitorState


def result_of(report: DriftReport, check: Check) -> CheckResult:
    """Judge a report. Without a threshold the calibrated verdict decides; what is wrong with the data's quality is a warning."""
    if check.kind == "drift" and (check.metric or check.threshold is not None or check.warning is not None):
        # A limit by hand is one of the data; predictions have a check of their own.
        report = replace(report, columns=tuple(column for column in report.columns if not column.role))
    worst = _worst(report)
    value = _value(report, check, worst)
    state, message = _state(report, check, value)
    return CheckResult(
        check=check.name,
        kind=check.kind,
        state=state,
        message=message,
        value=value,
        limit=_limit(report, check, worst),
        columns=report.drifted or tuple(one.name for one in report.columns if one.status == "quality"),
        detail={
            "rows": report.current_rows,
            "reference_rows": report.reference_rows,
            "compared": len(_compared(report)),
            # In a line of a list there is room for one column.
            "worst": f"{worst.name} {worst.reason}" if worst is not None and worst.drifted else "",
        },
    )


def _compared(report: DriftReport) -> list[ColumnDrift]:
    return [column for column in report.columns if column.status != "not compared"]


def _worst(report: DriftReport) -> ColumnDrift | None:
    """Give the column that moved most, or if none has drifted the one that came closest to its limit."""
    moved = [column for column in report.columns if column.effect is not None]
    drifted = [column for column in moved if column.drifted]
    if drifted:
        return max(drifted, key=lambda column: column.effect or 0.0)
    return max(
        moved, key=lambda column: (column.effect or 0.0) / (column.limit or report.min_effect or 1.0), default=None
    )


def _value(report: DriftReport, check: Check, worst: ColumnDrift | None) -> float:
    if check.metric == "columns":
        return float(len(report.drifted))
    if check.metric == "share":
        return len(report.drifted) / max(len(_compared(report)), 1)
    return float(worst.effect or 0.0) if worst is not None else 0.0


def _limit(report: DriftReport, check: Check, worst: ColumnDrift | None) -> float | None:
    """Give what the value is held against: a column's own limit comes from the sizes of both samples."""
    if check.threshold is not None or check.metric in ("columns", "share"):
        return check.threshold
    if worst is None or worst.limit is None:
        return report.min_effect
    if worst.measure != "effect":
        return None
    # By the calibrated verdict an effect has to be larger than chance makes it in samples of these sizes, too.
    return max(worst.limit, report.detectable) if report.thresholds == "calibrated" else worst.limit


def _state(report: DriftReport, check: Check, value: float) -> tuple[MonitorState, str]:
    if check.threshold is not None or check.warning is not None:
        words = {"columns": f"{value:g} columns have drifted", "share": f"{value:.0%} of the columns have drifted"}
        said = words.get(check.metric, f"The largest effect is {value:.3f}")
        return judge(check, value), against(check, value, said)
    if report.drifted:
        # Nothing that the model goes by, where it is known what it goes by.
        return "warning" if report.matters is False else "alert", report.sentence
    quality = any(column.status == "quality" for column in report.columns)
    return "warning" if quality else "ok", report.sentence
