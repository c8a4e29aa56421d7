"""Drift of what the model predicts, whatever became of its inputs."""

from __future__ import annotations

from dataclasses import replace

from nbops.monitoring.drift import drift
from nbops.monitoring.monitors.checks.verdict import result_of
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.outputs import predictions_of, with_reference
from nbops.monitoring.monitors.source import NothingYet
from nbops.records import Check, CheckResult

_PASSED_ON = ("alpha", "min_effect", "thresholds")


def check_prediction(look: Look, check: Check) -> CheckResult:
    """Compare outputs and scores with those of when the version was trained, or with the first window of its predictions."""
    if not len(look.rows.frame):
        raise NothingYet("There are no predictions in the window.")
    found = predictions_of(look)
    if found is None:
        raise NothingYet("There are no earlier predictions of this version to compare with.")
    options = {name: check.options[name] for name in _PASSED_ON if name in check.options}
    report = drift(found.reference, found.current, prediction=found.names, **options)
    report = replace(report, note=with_reference(report.note, found))
    look.reports.append(report)
    return result_of(report, check)
