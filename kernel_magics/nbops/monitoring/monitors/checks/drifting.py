"""Drift of the window's rows against the reference."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbops.data.profile import profile_frame
from nbops.monitoring.drift import drift
from nbops.monitoring.monitors.building import PREDICTIONS
from nbops.monitoring.monitors.checks.verdict import result_of
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.outputs import Predictions, predictions_of, with_reference
from nbops.monitoring.monitors.source import NothingYet
from nbops.monitoring.predictions.reading import model_inputs
from nbops.monitoring.report import DriftReport
from nbops.records import Check, CheckResult
from nbops.registry.facts import importance_of

if TYPE_CHECKING:
    import pandas as pd

_PASSED_ON = ("alpha", "min_effect", "thresholds", "importance")


def check_drift(look: Look, check: Check) -> CheckResult:
    """Compare what the model is given, and what it predicts where the prediction log is looked at."""
    frame = look.rows.frame
    if not len(frame):
        raise NothingYet("There are no rows in the window.")
    learned = check.options.get("thresholds") == "learned"
    reference = look.reference_rows if learned else look.reference
    columns = compared_columns(look, check)
    predicted = None if learned else predictions_of(look)
    if predicted is None or (check.columns and not set(predicted.names) & set(check.columns)):
        frame = inputs(look)
        known = {*(column.name for column in look.reference.columns), *map(str, frame.columns)}
        report = drift(reference, frame, columns=columns, **_options(look, check, known))
    else:
        report = _with_predictions(look, check, columns, predicted)
    look.reports.append(report)
    return result_of(report, check)


def _with_predictions(look: Look, check: Check, columns: list[str] | None, predicted: Predictions) -> DriftReport:
    """Compare what the model is given and what it predicts in one report."""
    frame = inputs(look)
    if frame.columns.empty:
        # Inputs are not kept; what was predicted is.
        before, after = predicted.reference, predicted.current
        columns = None
    else:
        known = look.reference
        before = replace(known, columns=(*known.columns, *predicted.reference.columns))
        now = profile_frame(frame, known)
        after = replace(now, columns=(*now.columns, *predicted.current.columns))
        columns = (
            None if columns is None else list(dict.fromkeys([*columns, *([] if check.columns else predicted.names)]))
        )
    names = [name for name in predicted.names if columns is None or name in columns]
    options = _options(look, check, {column.name for side in (before, after) for column in side.columns})
    if frame.columns.empty:
        options.pop("importance", None)
    report = drift(before, after, columns=columns, prediction=names, **options)
    return replace(report, note=with_reference(report.note, predicted))


def _options(look: Look, check: Check, known: Collection[str]) -> dict[str, Any]:
    given = {name: check.options[name] for name in _PASSED_ON if name in check.options}
    if "importance" not in given and look.version is not None:
        # What the model itself says its features count for.
        weights = importance_of(look.workspace, look.version)
        given["importance"] = {name: weight for name, weight in weights.items() if name in known} or None
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
