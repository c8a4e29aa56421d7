"""What a monitor can check; each kind is a module with one function that takes a look and a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nbops.monitoring.monitors.checks.drifting import check_drift
from nbops.monitoring.monitors.checks.estimate import check_estimate
from nbops.monitoring.monitors.checks.infrastructure import check_infrastructure
from nbops.monitoring.monitors.checks.performance import check_performance
from nbops.monitoring.monitors.checks.predicting import check_prediction
from nbops.monitoring.monitors.checks.quality import check_quality
from nbops.monitoring.monitors.checks.volume import check_volume
from nbops.monitoring.monitors.looking import Look
from nbops.records import Check, CheckKind, CheckResult

RUNNERS: Mapping[CheckKind, Callable[[Look, Check], CheckResult]] = {
    "drift": check_drift,
    "prediction": check_prediction,
    "quality": check_quality,
    "performance": check_performance,
    "estimate": check_estimate,
    "volume": check_volume,
    "infrastructure": check_infrastructure,
}
