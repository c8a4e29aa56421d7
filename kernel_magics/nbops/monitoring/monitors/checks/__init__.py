"""What a monitor can check; each kind is a module with one function that takes a look and a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nbops.monitoring.monitors.checks.drifting import check_drift
from nbops.monitoring.monitors.checks.volume import check_volume
from nbops.monitoring.monitors.looking import Look
from nbops.records import Check, CheckResult

RUNNERS: Mapping[str, Callable[[Look, Check], CheckResult]] = {"drift": check_drift, "volume": check_volume}
