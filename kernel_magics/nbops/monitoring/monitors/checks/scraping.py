"""Errors and latency of a served model by its own ``/metrics``: of what it has answered since the last look."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from nbops.errors import MonitorError
from nbops.monitoring.monitors.source import NothingYet

_TIMEOUT, _MOST = 10.0, 5_000_000
_ENDPOINT = "invocations"
_SHARE = 0.95


def scraped(url: str) -> dict[str, float]:
    """Read the counters of a served model: ``requests``, ``errors``, and ``le:BOUND`` of the histogram of seconds.

    Raises
    ------
    MonitorError
        It does not answer, or with something else.
    """
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            text = answer.read(_MOST).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        error.close()
        raise MonitorError(f"{url} answers {error.code}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MonitorError(f"{url} does not answer: {getattr(error, 'reason', None) or error}.") from None
    found: dict[str, float] = {"requests": 0.0, "errors": 0.0}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.labels.get("endpoint") == _ENDPOINT:
                    _count(found, sample.name, sample.labels, float(sample.value))
    except ValueError as error:
        raise MonitorError(f"{url} gives no metrics as Prometheus reads them: {error}.") from None
    return found


def since(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Give how much each counter has grown; all of it where the server has begun anew meanwhile."""
    restarted = any(now.get(name, 0.0) < value for name, value in before.items())
    return {name: value - (0.0 if restarted else before.get(name, 0.0)) for name, value in now.items()}


def share_of_errors(grown: Mapping[str, float]) -> float:
    """Give the share of requests that the server failed to answer (status 500 and above).

    Raises
    ------
    NothingYet
        There were no requests.
    """
    if not grown.get("requests"):
        raise NothingYet("The model has not been asked since the last look.")
    return grown["errors"] / grown["requests"]


def latency(grown: Mapping[str, float]) -> float:
    """Give the 95th percentile of the seconds of an answer, linear within a bucket as Prometheus has it.

    Raises
    ------
    NothingYet
        There were no requests.
    """
    buckets = sorted((float(name[3:]), value) for name, value in grown.items() if name.startswith("le:"))
    total = buckets[-1][1] if buckets else 0.0
    if not total:
        raise NothingYet("The model has not been asked since the last look.")
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= _SHARE * total:
            # Beyond the last bound nobody knows how far.
            inside = (_SHARE * total - below) / max(count - below, 1e-9)
            return low if bound == float("inf") else low + (bound - low) * inside
        low, below = bound, count
    return low


def _count(found: dict[str, float], name: str, labels: Mapping[str, str], value: float) -> None:
    if name == "nbops_requests_total":
        found["requests"] += value
        found["errors"] += value if labels.get("code", "").startswith("5") else 0.0
    elif name == "nbops_request_seconds_bucket":
        key = f"le:{labels.get('le', '')}"
        found[key] = found.get(key, 0.0) + value
