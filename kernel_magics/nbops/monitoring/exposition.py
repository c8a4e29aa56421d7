"""The latest values and states of monitors, and how much is logged, in the format of Prometheus."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from nbops.monitoring.monitors import summaries
from nbops.monitoring.predictions.log import label_journal, prediction_journal
from nbops.monitoring.predictions.status import logged_models
from nbops.records import MonitorSummary
from nbops.workspace import Workspace

# From the least to the most trouble, as numbers that a threshold can be drawn between.
STATES = {"paused": -1, "ok": 0, "waiting": 1, "warning": 2, "error": 3, "alert": 4}


def monitor_metrics(workspace: Workspace) -> bytes:
    """Give a gauge for each monitor and each of its checks, and the size of each log of predictions.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    registry = CollectorRegistry()
    _monitors(registry, summaries(workspace, looks=1))
    size = Gauge(
        "nbops_prediction_log_bytes", "Bytes of logged predictions and labels.", ["model", "kind"], registry=registry
    )
    for model in logged_models(workspace):
        for kind, journal in (("predictions", prediction_journal), ("labels", label_journal)):
            folder = journal(workspace, model).folder
            files = (
                entry for root, _, names in os.walk(folder) for entry in (os.path.join(root, name) for name in names)
            )
            size.labels(model, kind).set(sum(_size(path) for path in files))
    return generate_latest(registry)


def _monitors(registry: CollectorRegistry, found: tuple[MonitorSummary, ...]) -> None:
    names = ["monitor", "model"]
    states = "-1 paused, 0 ok, 1 waiting, 2 warning, 3 error, 4 alert."
    state = Gauge("nbops_monitor_state", f"State: {states}", names, registry=registry)
    looked = Gauge("nbops_monitor_last_look_timestamp_seconds", "When it looked last.", names, registry=registry)
    rows = Gauge("nbops_monitor_rows", "Rows in the last window.", names, registry=registry)
    labelled = Gauge(
        "nbops_monitor_labelled_ratio", "Share of the window's labels that have arrived.", names, registry=registry
    )
    incidents = Gauge("nbops_incidents_open", "Incidents that have not passed.", names, registry=registry)
    each = [*names, "check", "kind"]
    value = Gauge("nbops_check_value", "What a check measured last.", each, registry=registry)
    limit = Gauge("nbops_check_limit", "Where its value begins to matter.", each, registry=registry)
    check_state = Gauge("nbops_check_state", f"State of a check: {states}", each, registry=registry)
    for one in found:
        # Without @TARGET, as the metrics of what serves it have it.
        told = (one.monitor.name, one.monitor.model.partition("@")[0])
        state.labels(*told).set(STATES[one.state])
        incidents.labels(*told).set(len(one.incidents))
        if one.last is not None:
            looked.labels(*told).set(one.last.at)
            rows.labels(*told).set(one.last.rows)
        if one.labelled is not None:
            labelled.labels(*told).set(one.labelled)
        for series in one.series:
            place = (*told, series.check, series.kind)
            check_state.labels(*place).set(STATES[series.state])
            if series.values and series.values[-1] is not None:
                value.labels(*place).set(series.values[-1])
            if series.limit is not None:
                limit.labels(*place).set(series.limit)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:  # compacted or dropped since
        return 0
