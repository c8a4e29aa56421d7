"""Performance over windows: what the labels show, how many of them there are, and what is estimated before they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbops.views.drift.figures import CURRENT, LIMIT, Figures
from nbops.views.drift.summary import simple_table
from nbops.views.drift.words import Values, figure, safe

_MOST = 40
_WIDTH, _HEIGHT = 560, 120


def performance_body(found: Values) -> str:
    """Show the plain values of a performance report; nothing where there are none."""
    if not found:
        return ""
    sentence = f"<p>{safe(found['sentence'], 600)}</p>" if found.get("sentence") else ""
    windows = [w for w in found.get("windows") or () if isinstance(w, dict)]
    rows = [_row(window) for window in windows[-_MOST:]]
    metric = str(found.get("metric") or "metric")
    head = ("window", "predictions", "labelled", f"{metric}, from labels", "95 % interval", f"{metric}, estimated")
    return sentence + _picture(windows[-_MOST:], metric) + simple_table(head, rows, right=(1, 2, 3, 4, 5))


def _picture(windows: Sequence[Values], metric: str) -> str:
    """Draw what labels show as a line within its interval, and what is estimated as a dashed one."""
    realised = [_value(window, "realised", "realized") for window in windows]
    estimated = [_value(window, "estimated", "estimate")[0] for window in windows]
    known = [float(v) for one in realised for v in one if v is not None] + [
        float(v) for v in estimated if v is not None
    ]
    if len(windows) < 2 or not known:
        return ""
    low, high = min(known), max(known)
    step, scale = (_WIDTH - 70) / (len(windows) - 1), (_HEIGHT - 24) / ((high - low) or 1.0)

    def points(values: list[Any]) -> list[str]:
        # A window without a value leaves a gap that the line goes over.
        return [f"{60 + i * step:.1f},{8 + (high - v) * scale:.1f}" for i, v in enumerate(values) if v is not None]

    band = " ".join(points([one[2] for one in realised]) + points([one[1] for one in realised])[::-1])
    drawn = (
        f'<polygon points="{band}" fill="{CURRENT}" opacity=".15"/>'
        f'<polyline points="{" ".join(points([one[0] for one in realised]))}" fill="none" stroke="{CURRENT}" stroke-width="1.6"/>'
        f'<polyline points="{" ".join(points(estimated))}" fill="none" stroke="{LIMIT}" stroke-dasharray="4 3" stroke-width="1.4"/>'
        f'<text x="0" y="12" font-size="10" fill="currentColor">{figure(high)}</text>'
        f'<text x="0" y="{_HEIGHT - 16}" font-size="10" fill="currentColor">{figure(low)}</text>'
        f'<text x="60" y="{_HEIGHT - 2}" font-size="10" fill="currentColor">{safe(windows[0].get("label", ""), 20)}</text>'
        f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 2}" font-size="10" fill="currentColor" text-anchor="end">{safe(windows[-1].get("label", ""), 20)}</text>'
    )
    note = (
        '<p class="dim"><small>line: from labels, with its interval; dashed: estimated before they arrive</small></p>'
    )
    return Figures().draw(drawn, f"{metric} over the windows", _WIDTH, _HEIGHT) + note


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
