"""Drift of the window's rows against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbops.monitoring.drift import drift
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet
from nbops.monitoring.predictions.reading import model_inputs
from nbops.monitoring.report import ColumnDrift, DriftReport
from nbops.records import Check, CheckResult
from nbops.records.monitoring import MonitorState
from nbops.registry.facts import importance_of

if TYPE_CHECKING:
    import pandas as pd

_PASSED_ON = ("alpha", "min_effect", "thresholds", "importance")


def check_drift(look: Look, check: Check) -> CheckResult:
    """Compare. Without a threshold the calibrated verdict decides; what is wrong with the data's quality is a warning."""
    frame = look.rows.frame
    if not len(frame):
        raise NothingYet("There are no rows in the window.")
    learned = check.options.get("thresholds") == "learned"
    reference = look.reference_rows if learned else look.reference
    report = drift(reference, inputs(look), columns=compared_columns(look, check), **_options(look, check))
    look.reports.append(report)
    worst = _worst(report)
    value = _value(report, check, worst)
    state, message = _state(report, check, value)
    return CheckResult(
        check=check.name,
        kind="drift",
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


def _options(look: Look, check: Check) -> dict[str, Any]:
    given = {name: check.options[name] for name in _PASSED_ON if name in check.options}
    if "importance" not in given and look.version is not None:
        # What the model itself says its features count for.
        given["importance"] = importance_of(look.workspace, look.version) or None
    return given


def inputs(look: Look) -> pd.DataFrame:
    """Give the window's rows as the model sees them: no time, no outputs of the model."""
    frame = look.rows.frame
    if look.monitor.source == PREDICTIONS:
        return model_inputs(frame)
    return frame[[name for name in frame.columns if str(name) != look.monitor.time]]


def compared_columns(look: Look, check: Check) -> list[str] | None:
    """Give the columns that count: those of the check, or the features of the model; ``None`` for all."""
    if check.columns:
        return list(check.columns)
    if look.version is None or not look.version.features:
        return None
    # What else there is in the data is of no account for the model; a feature that is missing is.
    known = {column.name for column in look.reference.columns}
    features = [name for name in look.version.features if name in known or name in look.rows.frame.columns]
    return [name for name in features if name != look.monitor.time] or None


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
