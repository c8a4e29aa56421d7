"""Pictures of performance as static SVG: realised with its interval, estimated beside it; reliability; cost by threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbops.views.svg import CURRENT, REFERENCE
from nbops.views.text import number

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 210, 52, 34
_SIDE = 190


def timeline(windows: Sequence[Mapping[str, Any]], metric: str) -> str:
    """Draw a metric over windows: realised as a line in the band of its interval, estimated dashed, labels that have arrived below."""
    figures = [window[kind] for window in windows for kind in ("realised", "estimated") if window[kind]]
    if not figures:
        return ""
    ends = [figure[key] for figure in figures for key in ("low", "value", "high") if figure[key] is not None]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    scale = _Scale(len(windows), low - room, high + room)
    drawn = [_axis(scale, windows)]
    drawn += [_band(scale, run) for run in _runs(windows, "realised")]
    drawn += [_line(scale, run, CURRENT, "") for run in _runs(windows, "realised")]
    drawn += [_line(scale, run, REFERENCE, ' stroke-dasharray="5 4"') for run in _runs(windows, "estimated")]
    drawn += [_dot(scale, place, window, metric) for place, window in enumerate(windows)]
    drawn += [_arrived(scale, place, window) for place, window in enumerate(windows)]
    said = f"{metric} by window, realised and estimated"
    return _svg("".join(drawn), said, _WIDTH, _HEIGHT)


def reliability(bins: Sequence[Mapping[str, float]]) -> str:
    """Draw how often predictions came true by the probability they were given; on the diagonal they are right."""
    if not bins:
        return ""
    size = _SIDE - 20

    def at(x: float, y: float) -> tuple[float, float]:
        return 10 + x * size, _SIDE - 10 - y * size

    (x0, y0), (x1, y1) = at(0, 0), at(1, 1)
    drawn = [
        f'<rect x="{x0}" y="{y1}" width="{size}" height="{size}" fill="none" stroke="{REFERENCE}" opacity=".4"/>',
        f'<path d="M{x0},{y0} L{x1},{y1}" stroke="{REFERENCE}" stroke-dasharray="3 3"/>',
    ]
    for one in bins:
        x, y = at(one["score"], one["rate"])
        top, bottom = at(0, one["high"])[1], at(0, one["low"])[1]
        drawn.append(
            f"<g><title>said {one['score']:.0%}, came true {one['rate']:.0%} of {one['n']:,}</title>"
            f'<path d="M{x:.1f},{top:.1f} V{bottom:.1f}" stroke="{CURRENT}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{CURRENT}"/></g>'
        )
    return _svg("".join(drawn), "probability against what came true", _SIDE, _SIDE)


def cost_curve(curve: Sequence[Sequence[float]], best: float) -> str:
    """Draw the mean cost by threshold, the best one marked."""
    if len(curve) < 2:
        return ""
    size = _SIDE - 20
    low, high = min(cost for _, cost in curve), max(cost for _, cost in curve)
    spread = (high - low) or 1.0
    points = [
        (10 + min(max(t, 0), 1) * size, 10 + (high - cost) / spread * size)
        for t, cost in sorted((t, cost) for t, cost in curve)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x = 10 + min(max(best, 0), 1) * size
    return _svg(
        f'<rect x="10" y="10" width="{size}" height="{size}" fill="none" stroke="{REFERENCE}" opacity=".4"/>'
        f'<polyline points="{line}" fill="none" stroke="{CURRENT}" stroke-width="1.5"/>'
        f'<path d="M{x:.1f},10 V{10 + size}" stroke="{REFERENCE}" stroke-dasharray="3 3"/>',
        f"mean cost by threshold, least at {number(best)}",
        _SIDE,
        _SIDE,
    )


class _Scale:
    """Where windows and values stand."""

    def __init__(self, count: int, low: float, high: float) -> None:
        self.low, self.high = low, high
        self._step = (_WIDTH - _LEFT - 12) / max(count, 1)

    def x(self, place: int) -> float:
        return _LEFT + (place + 0.5) * self._step

    def y(self, value: float) -> float:
        height = _HEIGHT - _BOTTOM - 12
        return 6 + (self.high - value) / (self.high - self.low) * height

    @property
    def width(self) -> float:
        return self._step


def _axis(scale: _Scale, windows: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for share in (0.1, 0.5, 0.9):
        value = scale.low + share * (scale.high - scale.low)
        y = scale.y(value)
        parts.append(
            f'<path d="M{_LEFT},{y:.1f} H{_WIDTH - 8}" stroke="{REFERENCE}" opacity=".25"/>'
            f'<text x="{_LEFT - 6}" y="{y + 3:.1f}" font-size="10" text-anchor="end" fill="currentColor" opacity=".7">{value:.4g}</text>'
        )
    every = max(1, len(windows) * 90 // (_WIDTH - _LEFT))
    for place in range(0, len(windows), every):
        label = str(windows[place]["label"])
        parts.append(
            f'<text x="{scale.x(place):.1f}" y="{_HEIGHT - 4}" font-size="10" text-anchor="middle" fill="currentColor" opacity=".7">'
            f"{escape(label if len(label) <= 17 else label[:16] + '…')}</text>"
        )
    return "".join(parts)


def _runs(windows: Sequence[Mapping[str, Any]], kind: str) -> list[list[tuple[int, Mapping[str, Any]]]]:
    """Give stretches of windows beside each other that have a figure."""
    runs: list[list[tuple[int, Mapping[str, Any]]]] = []
    for place, window in enumerate(windows):
        if window[kind] is None:
            continue
        if runs and runs[-1][-1][0] == place - 1:
            runs[-1].append((place, window[kind]))
        else:
            runs.append([(place, window[kind])])
    return runs


def _band(scale: _Scale, run: Sequence[tuple[int, Mapping[str, Any]]]) -> str:
    known = [(place, one) for place, one in run if one["low"] is not None and one["high"] is not None]
    if not known:
        return ""
    if len(known) == 1:
        place, one = known[0]
        return (
            f'<path d="M{scale.x(place):.1f},{scale.y(one["low"]):.1f} V{scale.y(one["high"]):.1f}" '
            f'stroke="{CURRENT}" stroke-width="8" opacity=".18"/>'
        )
    above = [f"{scale.x(place):.1f},{scale.y(one['high']):.1f}" for place, one in known]
    below = [f"{scale.x(place):.1f},{scale.y(one['low']):.1f}" for place, one in reversed(known)]
    return f'<polygon points="{" ".join([*above, *below])}" fill="{CURRENT}" opacity=".18"/>'


def _line(scale: _Scale, run: Sequence[tuple[int, Mapping[str, Any]]], colour: str, style: str) -> str:
    points = [(scale.x(place), scale.y(one["value"])) for place, one in run]
    if len(points) == 1:
        x, y = points[0]
        points = [(x - scale.width / 4, y), (x + scale.width / 4, y)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"{style}/>'


def _dot(scale: _Scale, place: int, window: Mapping[str, Any], metric: str) -> str:
    real, estimated = window["realised"], window["estimated"]
    shown = real or estimated
    if shown is None:
        return ""
    words = [f"{window['label']}: {window['n']:,} predictions"]
    words += [f"{metric} {number(real['value'])}"] if real else []
    words += [f"estimated {number(estimated['value'])}"] if estimated else []
    x, y = scale.x(place), scale.y(shown["value"])
    fill = CURRENT if real else "none"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}" stroke="{CURRENT if real else REFERENCE}">'
        f"<title>{escape(', '.join(words))}</title></circle>"
    )


def _arrived(scale: _Scale, place: int, window: Mapping[str, Any]) -> str:
    share = window["share"] or 0.0
    width = max(scale.width - 3, 1.0)
    x, y = scale.x(place) - width / 2, _HEIGHT - _BOTTOM + 10
    return (
        f"<g><title>labels of {share:.0%} have arrived</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="5" fill="{REFERENCE}" opacity=".25"/>'
        f'<rect x="{x:.1f}" y="{y}" width="{width * share:.1f}" height="5" fill="{REFERENCE}"/></g>'
    )


def _svg(inside: str, label: str, width: int, height: int) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label, quote=True)}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="display:block;max-width:100%">{inside}</svg>'
    )
