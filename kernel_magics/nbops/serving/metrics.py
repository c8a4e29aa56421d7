"""Metrics of a served model in the format of Prometheus: requests, errors, latency, processor, memory, and how the log fares."""

from __future__ import annotations

import time
from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nbops.serving.served import Served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nbops.serving.recording import Recorder

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ENDPOINTS = frozenset({"ping", "version", "invocations", "labels", "metrics"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LABELS = ("model", "version")


class ServingMetrics:
    """Counts what a served model does, in a registry of its own.

    Parameters
    ----------
    served
        The model.
    recorder
        What logs its predictions, if anything does.
    """

    def __init__(self, served: Served, recorder: Recorder | None = None) -> None:
        self.registry = CollectorRegistry()
        found = served.version
        self._values = (found.model, str(found.version))
        one: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter(
            "nbops_requests", "Requests answered, by endpoint and status.", (*_LABELS, "endpoint", "code"), **one
        )
        self._seconds = Histogram(
            "nbops_request_seconds", "Seconds from request to answer.", (*_LABELS, "endpoint"), buckets=_BUCKETS, **one
        )
        self._flying = Gauge("nbops_requests_in_flight", "Requests that are being answered.", _LABELS, **one)
        self._rows = Counter("nbops_predictions", "Rows predicted.", _LABELS, **one)
        info = Gauge("nbops_model_info", "The model that is served.", (*_LABELS, "digest", "class"), **one)
        info.labels(*self._values, found.digest, found.class_name).set(1)
        # They are there from the start, so that a rate can be seen of the first request.
        self._flying.labels(*self._values)
        self._rows.labels(*self._values)
        ProcessCollector(registry=self.registry)
        if recorder is not None:
            self.registry.register(_LogHealth(recorder, self._values))

    def predicted(self, rows: int) -> None:
        """Count rows."""
        self._rows.labels(*self._values).inc(rows)

    def text(self) -> bytes:
        """Give everything as Prometheus reads it."""
        return generate_latest(self.registry)

    def around(self, app: ASGIApp) -> ASGIApp:
        """Give an application that counts the requests to another."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            name = scope["path"].strip("/")
            endpoint = name if name in _ENDPOINTS else "other"
            code = ["500"]

            async def told(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    code[0] = str(message["status"])
                await send(message)

            started = time.perf_counter()
            flying = self._flying.labels(*self._values)
            flying.inc()
            try:
                await app(scope, receive, told)
            finally:
                flying.dec()
                self._requests.labels(*self._values, endpoint, code[0]).inc()
                self._seconds.labels(*self._values, endpoint).observe(time.perf_counter() - started)

        return counted


class _LogHealth(Collector):
    """How the logs of predictions and labels fare, asked when Prometheus asks."""

    def __init__(self, recorder: Recorder, values: tuple[str, str]) -> None:
        self._recorder, self._values = recorder, values

    def collect(self) -> Iterable[Metric]:
        health, labels = self._recorder.health, self._recorder.label_health
        counters: dict[str, tuple[str, float]] = {
            "nbops_predictions_logged": ("Predictions that are on disk.", health.written),
            "nbops_predictions_lost": ("Predictions that could not be logged.", health.lost),
            "nbops_labels_recorded": ("Labels that are on disk.", labels.written),
        }
        for name, (said, value) in counters.items():
            family = CounterMetricFamily(name, said, labels=_LABELS)
            family.add_metric(self._values, value)
            yield family
        gauges: dict[str, tuple[str, float]] = {
            "nbops_predictions_pending": ("Predictions that wait to be written.", health.pending),
            "nbops_prediction_log_problem_timestamp_seconds": (
                "When the log last failed; 0 for never.",
                health.problem_at,
            ),
        }
        for name, (said, value) in gauges.items():
            gauge = GaugeMetricFamily(name, said, labels=_LABELS)
            gauge.add_metric(self._values, value)
            yield gauge
