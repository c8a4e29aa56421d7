"""Performance over windows: what the labels show, how many of them there are, and what is estimated before they arrive."""

from __future__ import annotations

from typing import Any

from nbops.views.drift.summary import simple_table
from nbops.views.drift.words import Values, figure, safe

_MOST = 40


def performance_body(found: Values) -> str:
    """Show the plain values of a performance report; nothing where there are none."""
    if not found:
        return ""
    sentence = f"<p>{safe(found['sentence'], 600)}</p>" if found.get("sentence") else ""
    windows = [w for w in found.get("windows") or () if isinstance(w, dict)]
    rows = [_row(window) for window in windows[-_MOST:]]
    metric = str(found.get("metric") or "metric")
    head = ("window", "predictions", "labelled", f"{metric}, from labels", "95 % interval", f"{metric}, estimated")
    return sentence + simple_table(head, rows, right=(1, 2, 3, 4, 5))


def _row(window: Values) -> tuple[str, ...]:
    realised, low, high = _value(window, "realised", "realized")
    estimated, _, _ = _value(window, "estimated", "estimate")
    share = window.get("share") if window.get("share") is not None else window.get("labelled")
    labelled = f"{share:.0%}" if isinstance(share, float) and share <= 1 else figure(share)
    interval = f"{figure(low)} to {figure(high)}" if low is not None and high is not None else "–"
    label = str(window.get("label") or window.get("window") or window.get("start") or "")
    return label, figure(window.get("n", window.get("rows"))), labelled, figure(realised), interval, figure(estimated)


def _value(window: Values, *names: str) -> tuple[Any, Any, Any]:
    found = next((window[name] for name in names if window.get(name) is not None), None)
    if isinstance(found, dict):
        return found.get("value"), found.get("low"), found.get("high")
    if isinstance(found, list | tuple):
        return (*found, None, None, None)[:3]
    return found, window.get("low"), window.get("high")
