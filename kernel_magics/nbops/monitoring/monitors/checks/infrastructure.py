"""Latency by the prediction log, errors and latency by a served model's own metrics, or any figure by a Prometheus server."""

from __future__ import annotations

import http.client
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import numpy as np

from nbops.errors import MonitorError
from nbops.monitoring.monitors.checks.scraping import latency, scraped, share_of_errors, since
from nbops.monitoring.monitors.limits import against, judge
from nbops.monitoring.monitors.looking import Look
from nbops.monitoring.monitors.reading import monitor_runs
from nbops.monitoring.monitors.source import NothingYet
from nbops.records import Check, CheckResult

_TIMEOUT, _MOST, _BACK = 10.0, 5_000_000, 20
_WORDS = {
    "latency_p95": "95 % of the predictions took at most {value:.4g} s",
    "errors": "{value:.2%} of the requests failed",
}


def check_infrastructure(look: Look, check: Check) -> CheckResult:
    """Measure."""
    url, query = str(check.options.get("url", "")), str(check.options.get("query", ""))
    counters: dict[str, float] = {}
    if query:
        value = _asked(url, query, look.end)
    elif url:
        counters = scraped(url)
        grown = since(counters, _before(look, check))
        value = share_of_errors(grown) if check.metric == "errors" else latency(grown)
    else:
        value = _logged(look)
    words = _WORDS.get(check.metric, "{value:.4g}").format(value=value)
    return CheckResult(
        check=check.name,
        kind="infrastructure",
        state=judge(check, value),
        message=against(check, value, words),
        value=value,
        limit=check.threshold,
        detail={"metric": check.metric, **({"counters": counters} if counters else {})},
    )


def _before(look: Look, check: Check) -> dict[str, float]:
    """Give what the counters were when the last look read them."""
    for run in monitor_runs(look.workspace, look.monitor.name, _BACK):
        for result in run.checks:
            if result.check == check.name and "counters" in result.detail:
                return {str(name): float(value) for name, value in result.detail["counters"].items()}
    return {}


def _logged(look: Look) -> float:
    frame = look.rows.frame
    known = frame["latency"].dropna() if "latency" in frame.columns else frame.iloc[:0]
    if not len(known):
        raise NothingYet("No latency is logged in the window.")
    return float(np.quantile(known.to_numpy(dtype=float), 0.95))


def _asked(url: str, query: str, at: float) -> float:
    """Ask a Prometheus server for one number at a time; several series of an answer are too many."""
    words = urllib.parse.urlencode({"query": query, "time": f"{at:.3f}"})
    address = f"{url.rstrip('/')}/api/v1/query?{words}"
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            found = json.loads(answer.read(_MOST))
    except urllib.error.HTTPError as error:
        error.close()
        raise MonitorError(f"Prometheus answers {error.code} to {query!r}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise MonitorError(f"Prometheus does not answer: {getattr(error, 'reason', None) or error}.") from None
    return _number(found, query)


def _number(found: Any, query: str) -> float:
    try:
        data = found["data"]
        values = [data["result"]] if data["resultType"] == "scalar" else [one["value"] for one in data["result"]]
        numbers = [float(value[1]) for value in values]
    except (KeyError, TypeError, ValueError, IndexError):
        raise MonitorError(f"Prometheus gives no number for {query!r}.") from None
    if len(numbers) > 1:
        raise MonitorError(
            f"Prometheus gives {len(numbers)} series for {query!r}.", hint="Sum them, or take the largest."
        )
    if not numbers or math.isnan(numbers[0]):
        raise NothingYet(f"Prometheus has nothing for {query!r} yet.")
    return numbers[0]
