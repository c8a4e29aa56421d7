"""The course of a check over its last looks: in letters, and as a small line."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nbops.records import CheckSeries
from nbops.views.html import escape
from nbops.views.text import number

STATE_CSS = {"alert": "bad", "error": "bad", "warning": "warn", "ok": "good", "paused": "dim", "waiting": "dim"}
_BARS = "▁▂▃▄▅▆▇█"
_WIDTH, _HEIGHT = 84, 20


def _finite(values: Sequence[float | None]) -> list[float | None]:
    return [value if value is not None and math.isfinite(value) else None for value in values]


def bars(series: CheckSeries) -> str:
    """Draw the last values in letters; a point where there was none."""
    values = _finite(series.values)[-12:]
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    spread = (high - low) or 1.0
    return "".join("·" if v is None else _BARS[min(7, int((v - low) / spread * 7.999))] for v in values)


def spark(series: CheckSeries) -> str:
    """Draw the last values as a line, with the limit dashed; a gap where there was none."""
    values = _finite(series.values)
    known = [value for value in values if value is not None]
    if not known:
        return ""
    marks = [*known, series.limit] if series.limit is not None and math.isfinite(series.limit) else known
    low, high = min(marks), max(marks)
    spread = (high - low) or 1.0

    def y(value: float) -> float:
        return _HEIGHT - 3 - (value - low) / spread * (_HEIGHT - 6)

    step = (_WIDTH - 6) / max(len(values) - 1, 1)
    pieces: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{3 + place * step:.1f},{y(value):.1f}")
    lines = "".join(
        f'<polyline points="{" ".join(piece)}" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        for piece in pieces
        if len(piece) > 1
    )
    limit = (
        f'<path d="M0,{y(series.limit):.1f} H{_WIDTH}" stroke="currentColor" stroke-dasharray="2 3" opacity=".5"/>'
        if series.limit is not None and math.isfinite(series.limit)
        else ""
    )
    last = next((i for i in range(len(values) - 1, -1, -1) if values[i] is not None), 0)
    value = values[last]
    dot = (
        "" if value is None else f'<circle cx="{3 + last * step:.1f}" cy="{y(value):.1f}" r="2.2" fill="currentColor"/>'
    )
    label = f"{series.check}: {number(known[-1])}"
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{_WIDTH}" height="{_HEIGHT}" class="{STATE_CSS[series.state]}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" style="display:block;max-width:none">{limit}{lines}{dot}</svg>'
    )
