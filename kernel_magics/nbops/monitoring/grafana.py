"""A Grafana dashboard of a model: requests, errors, latency, processor, memory, the log, batch jobs and monitors.

It is the JSON model of Grafana's dashboards (schema 39 and on), to be imported or provisioned; whoever imports it chooses the
Prometheus data source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

_SCHEMA = 39
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDTH = 24
_STATES = {
    "-1": ("paused", "text"),
    "0": ("ok", "green"),
    "1": ("waiting", "blue"),
    "2": ("warning", "orange"),
    "3": ("error", "purple"),
    "4": ("alert", "red"),
}


def grafana_dashboard(model: str) -> dict[str, Any]:
    """Give the dashboard of a model; the same name always gives the same dashboard.

    Parameters
    ----------
    model
        Registered name, the value of the label ``model``.
    """
    chosen = f'model="{_quoted(model)}"'
    panels: list[dict[str, Any]] = []
    for title, row in _rows(chosen):
        top = sum(one["gridPos"]["h"] for one in panels if one["gridPos"]["x"] == 0)
        panels.append(
            {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": _place(0, top, _WIDTH, 1)}
        )
        width = _WIDTH // len(row)
        panels += [{**panel, "gridPos": _place(width * at, top + 1, width, 8)} for at, panel in enumerate(row)]
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    return {
        "uid": f"nbops-{hashlib.sha256(model.encode()).hexdigest()[:12]}",
        "title": f"nbops: {model}",
        "description": "Requests, resources, batch jobs and monitors of a model, made by nbops grafana.",
        "tags": ["nbops", "model"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source_variable(), _version_variable(chosen)]},
        "annotations": {"list": []},
        "panels": panels,
    }


def expressions(dashboard: Mapping[str, Any]) -> list[str]:
    """Give every query of a dashboard."""
    return [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]


def _rows(model: str) -> list[tuple[str, list[dict[str, Any]]]]:
    served = f'{model}, version=~"$version"'
    asked = f'{served}, endpoint="invocations"'
    rate = "$__rate_interval"
    # Series of the process have no label of the model; they are of the target that serves it.
    target = f"* on (instance) group_left() max by (instance) (nbops_model_info{{{served}}})"
    return [
        (
            "Serving",
            [
                _lines(
                    "Requests",
                    [(f"sum by (version) (rate(nbops_requests_total{{{asked}}}[{rate}]))", "version {{version}}")],
                    "reqps",
                ),
                _lines(
                    "Errors",
                    [(f'sum by (code) (rate(nbops_requests_total{{{asked}, code=~"[45].."}}[{rate}]))', "{{code}}")],
                    "reqps",
                ),
                _lines(
                    "Latency",
                    [
                        (
                            f"histogram_quantile({q}, sum by (le) (rate(nbops_request_seconds_bucket{{{asked}}}[{rate}])))",
                            name,
                        )
                        for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
                    ],
                    "s",
                ),
                _lines("In flight", [(f"sum(nbops_requests_in_flight{{{served}}})", "requests")], "short"),
            ],
        ),
        (
            "Resources and log",
            [
                _lines(
                    "Processor", [(f"rate(process_cpu_seconds_total[{rate}]) {target}", "{{instance}}")], "percentunit"
                ),
                _lines("Memory", [(f"process_resident_memory_bytes {target}", "{{instance}}")], "bytes"),
                _lines(
                    "Predictions",
                    [
                        (f"sum(rate(nbops_predictions_total{{{served}}}[{rate}]))", "made"),
                        (f"sum(rate(nbops_predictions_logged_total{{{served}}}[{rate}]))", "logged"),
                        (f"sum(rate(nbops_predictions_lost_total{{{served}}}[{rate}]))", "lost"),
                        (f"sum(rate(nbops_labels_recorded_total{{{served}}}[{rate}]))", "labels"),
                    ],
                    "short",
                ),
                _lines(
                    "Size of the log", [(f"sum by (kind) (nbops_prediction_log_bytes{{{model}}})", "{{kind}}")], "bytes"
                ),
            ],
        ),
        (
            "Batch scoring",
            [
                _number("Rows of the last job", f"sum(nbops_batch_rows{{{model}}})", "short"),
                _number(
                    "Partitions that failed", f"sum(nbops_batch_failed_partitions{{{model}}})", "short", red_from=1
                ),
                _number("Duration", f"max(nbops_batch_duration_seconds{{{model}}})", "s"),
                _number("Processor time", f"max(nbops_batch_cpu_seconds{{{model}}})", "s"),
                _number("Largest memory", f"max(nbops_batch_max_memory_bytes{{{model}}})", "bytes"),
                _number(
                    "Since the last job", f"time() - max(nbops_batch_last_success_timestamp_seconds{{{model}}})", "s"
                ),
            ],
        ),
        (
            "Monitors",
            [
                _states("Monitors", f"nbops_monitor_state{{{model}}}", "{{monitor}}"),
                _states("Checks", f"nbops_check_state{{{model}}}", "{{monitor}}: {{check}}"),
                _lines(
                    "Checks",
                    [
                        (f"nbops_check_value{{{model}}}", "{{monitor}}: {{check}}"),
                        (f"nbops_check_limit{{{model}}}", "limit of {{monitor}}: {{check}}"),
                    ],
                    "short",
                ),
                _number("Labels that have arrived", f"min(nbops_monitor_labelled_ratio{{{model}}})", "percentunit"),
            ],
        ),
    ]


def _lines(title: str, queries: Sequence[tuple[str, str]], unit: str) -> dict[str, Any]:
    return {
        **_panel("timeseries", title, queries, {"unit": unit, "min": 0} if unit != "short" else {"unit": unit}),
        "options": {
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def _number(title: str, query: str, unit: str, *, red_from: float | None = None) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "text", "value": None}]
    steps += [] if red_from is None else [{"color": "red", "value": red_from}]
    defaults = {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}}
    return {**_panel("stat", title, [(query, "")], defaults), "options": _stat("value", "none")}


def _states(title: str, query: str, legend: str) -> dict[str, Any]:
    names = {
        number: {"text": text, "color": colour, "index": place}
        for place, (number, (text, colour)) in enumerate(_STATES.items())
    }
    defaults = {"mappings": [{"type": "value", "options": names}]}
    return {**_panel("stat", title, [(query, legend)], defaults), "options": _stat("value_and_name", "background")}


def _stat(text: str, colour: str) -> dict[str, Any]:
    return {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": text,
        "colorMode": colour,
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }


def _panel(kind: str, title: str, queries: Sequence[tuple[str, str]], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": dict(defaults), "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": _SOURCE,
                "expr": expr,
                "legendFormat": legend,
                "editorMode": "code",
            }
            for place, (expr, legend) in enumerate(queries)
        ],
    }


def _source_variable() -> dict[str, Any]:
    return {
        "name": "source",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
        "multi": False,
    }


def _version_variable(model: str) -> dict[str, Any]:
    return {
        "name": "version",
        "label": "Version",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": f"label_values(nbops_model_info{{{model}}}, version)", "refId": "versions"},
        "refresh": 2,
        "sort": 4,
        "hide": 0,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _quoted(text: str) -> str:
    """Give a name as it stands in a matcher; a dollar would begin a variable of Grafana."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\x24")
