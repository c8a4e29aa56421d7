"""Drift of the window's rows against the reference."""

from __future__ import annotations

from typing import Any

from nbops.data.profile import Profile
from nbops.monitoring.drift import drift
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.source import NothingYet, inputs_of
from nbops.monitoring.report import ColumnDrift, DriftReport
from nbops.records import Check, CheckResult
from nbops.records.monitoring import MonitorState

_PASSED_ON = ("alpha", "min_effect", "thresholds")


def check_drift(look: Look, check: Check) -> CheckResult:
    """Compare. Without a threshold the calibrated verdict decides; what is wrong with the data's quality is a warning."""
    frame = look.rows.frame
    if not len(frame):
        raise NothingYet("There are no rows in the window.")
    report = drift(look.reference, frame[_inputs(look)], columns=_columns(look, check), **_options(check))
    look.reports.append(report)
    value = _value(report, check)
    state, message = _state(report, check, value)
    return CheckResult(
        check=check.name,
        kind="drift",
        state=state,
        message=message,
        value=value,
        limit=check.threshold if check.threshold is not None else report.min_effect,
        columns=report.drifted or tuple(one.name for one in report.columns if one.status == "quality"),
        detail={
            "rows": report.current_rows,
            "reference_rows": report.reference_rows,
            "compared": len(_compared(report)),
        },
    )


def _options(check: Check) -> dict[str, Any]:
    return {name: check.options[name] for name in _PASSED_ON if name in check.options}


def _inputs(look: Look) -> list[str]:
    frame = look.rows.frame
    names = inputs_of(frame) if look.monitor.source == PREDICTIONS else [str(name) for name in frame.columns]
    return [name for name in names if name != look.monitor.time]


def _columns(look: Look, check: Check) -> list[str] | None:
    if check.columns:
        return list(check.columns)
    if look.version is None or not look.version.features:
        return None
    # What else there is in the data is of no account for the model; a feature that is missing is.
    features = list(look.version.features)
    reference = look.reference
    if isinstance(reference, Profile):
        known = {column.name for column in reference.columns}
        features = [name for name in features if name in known or name in look.rows.frame.columns]
    return features or None


def _compared(report: DriftReport) -> list[ColumnDrift]:
    return [column for column in report.columns if column.status != "not compared"]


def _value(report: DriftReport, check: Check) -> float:
    if check.metric == "columns":
        return float(len(report.drifted))
    if check.metric == "share":
        return len(report.drifted) / max(len(_compared(report)), 1)
    effects = [column.effect for column in report.columns if column.effect is not None]
    drifted = [column.effect for column in report.columns if column.drifted and column.effect is not None]
    return float(max(drifted or effects, default=0.0))


def _state(report: DriftReport, check: Check, value: float) -> tuple[MonitorState, str]:
    if check.threshold is not None or check.warning is not None:
        words = {"columns": f"{value:g} columns have drifted", "share": f"{value:.0%} of the columns have drifted"}
        said = words.get(check.metric, f"The largest effect is {value:.3f}")
        return judge(check, value), against(check, value, said)
    if report.drifted:
        return "alert", report.sentence
    quality = any(column.status == "quality" for column in report.columns)
    return "warning" if quality else "ok", report.sentence
