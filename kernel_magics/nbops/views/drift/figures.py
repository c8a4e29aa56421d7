"""Pictures of a drift report as SVG without script; on a page they stand at its end and are only referred to above.

A page is read from its beginning: its words come first, and whatever cuts it short, a mail or a slow line, takes pictures only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nbops.views.drift.words import figure, plain, safe

REFERENCE = "var(--jp-ui-font-color3,#9e9e9e)"
CURRENT = "var(--jp-brand-color1,#1976d2)"
LIMIT = "var(--jp-warn-color1,#e65100)"
BAD = "var(--jp-error-color1,#d32f2f)"


class Figures:
    """Where pictures go: in place, or to the end of the page.

    Parameters
    ----------
    prefix
        Begins the ids of pictures that go to the end, unique in the document; empty draws them in place.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._kept: list[str] = []

    def draw(self, inside: str, label: str, width: int, height: int) -> str:
        """Give a picture, or what refers to it."""
        if not inside:
            return ""
        told = safe(label, 200)
        head = f'<svg role="img" aria-label="{told}" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        if not self._prefix:
            return f"{head}<title>{told}</title>{inside}</svg>"
        name = f"{self._prefix}{len(self._kept)}"
        self._kept.append(f'<symbol id="{name}" viewBox="0 0 {width} {height}">{inside}</symbol>')
        return f'{head}<title>{told}</title><use href="#{name}"/></svg>'

    def __len__(self) -> int:
        """How many pictures are kept for the end."""
        return len(self._kept)

    def forget(self, size: int) -> None:
        """Keep only the first so many: what referred to the others has been left out."""
        del self._kept[size:]

    def rest(self) -> str:
        """Give the pictures that were kept, for the end of the page."""
        if not self._kept:
            return ""
        return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{"".join(self._kept)}</defs></svg>'


def overlay(picture: Mapping[str, Any], width: int, height: int, *, axis: bool = False) -> str:
    """Draw both distributions: the reference as bars, the current one as a line; categories as pairs of bars."""
    before, after = _shares(picture.get("reference")), _shares(picture.get("current"))
    size = min(len(before), len(after))
    if not size:
        return ""
    before, after = before[:size], after[:size]
    floor = height - (16 if axis else 1)
    if picture.get("names"):
        return _pairs([str(name) for name in picture["names"][:size]], before, after, width, floor, axis)
    return _steps(before, after, width, floor) + (_edges(picture.get("edges"), width, height) if axis else "")


def _shares(values: object) -> list[float]:
    found = values if isinstance(values, list | tuple) else ()
    return [float(v) if isinstance(v, int | float) and math.isfinite(v) else 0.0 for v in found]


def _steps(before: Sequence[float], after: Sequence[float], width: int, floor: int) -> str:
    scale = (floor - 3) / (max([*before, *after]) or 1.0)
    step = width / len(before)
    bars = "".join(
        f"M{i * step:.1f} {floor}v{-share * scale:.1f}h{step - 0.6:.1f}V{floor}z"
        for i, share in enumerate(before)
        if share * scale >= 0.05
    )
    line = " ".join(f"{(i + 0.5) * step:.1f},{floor - share * scale:.1f}" for i, share in enumerate(after))
    return (
        f'<path d="{bars}" fill="{REFERENCE}" opacity=".55"/>'
        f'<polyline points="{line}" fill="none" stroke="{CURRENT}" stroke-width="1.5"/>'
    )


def _pairs(
    names: Sequence[str], before: Sequence[float], after: Sequence[float], width: int, floor: int, axis: bool
) -> str:
    scale = (floor - (14 if axis else 3)) / (max([*before, *after]) or 1.0)
    step = width / len(names)
    bar = min(46.0 if axis else 21.0, step / 2 - 2)
    drawn = []
    for shares, colour, offset in ((before, REFERENCE, 0.0), (after, CURRENT, bar + 1)):
        path = "".join(
            f"M{i * step + offset:.1f} {floor}v{-max(share * scale, 0.4):.1f}h{bar:.1f}V{floor}z"
            for i, share in enumerate(shares)
        )
        pale = ' opacity=".55"' if colour == REFERENCE else ""
        drawn.append(f'<path d="{path}" fill="{colour}"{pale}/>')
    if axis:
        room = max(3, int(step / 5.6))
        for i, name in enumerate(names):
            top = floor - max(before[i], after[i]) * scale - 3
            drawn.append(_words(i * step, floor + 12, plain(name, room)))
            drawn.append(_words(i * step, top, f"{before[i]:.0%} → {after[i]:.0%}", faint=True))
    return "".join(drawn)


def _edges(edges: object, width: int, height: int) -> str:
    if not isinstance(edges, list | tuple) or len(edges) < 2:
        return ""
    low, high = edges[0], edges[-1]
    if isinstance(low, int | float) and isinstance(high, int | float):
        # What is next to nothing beside the width of the picture is nothing.
        low, high = (0.0 if abs(edge) < (high - low) * 1e-6 else edge for edge in (low, high))
    drawn = [
        _words(0, height - 3, figure(low), faint=True),
        _words(width, height - 3, figure(high), faint=True, end="end"),
    ]
    if isinstance(low, int | float) and isinstance(high, int | float) and math.isfinite(high - low):
        drawn.append(_words(width / 2, height - 3, figure((low + high) / 2), faint=True, end="middle"))
    return "".join(drawn)


def _words(x: float, y: float, text: str, *, faint: bool = False, end: str = "") -> str:
    anchor = f' text-anchor="{end}"' if end else ""
    pale = ' opacity=".7"' if faint else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="10" fill="currentColor"{anchor}{pale}>{safe(text)}</text>'


def trend(values: Sequence[float | None], limit: float | None, width: int, height: int) -> str:
    """Draw the effect over the windows with the limit it is compared to; a window without a value is a gap."""
    finite = [value for value in values if _known(value)]
    if not finite:
        return ""
    top = max([*(v for v in finite if v is not None), (limit or 0.0) * 1.25]) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return height - 3 - value / top * (height - 7)

    drawn = []
    if limit:
        drawn.append(
            f'<path d="M0 {y(limit):.1f}H{width}" stroke="{LIMIT}" stroke-dasharray="3 3" opacity=".75" fill="none"/>'
        )
    path, pen = "", "M"
    for i, value in enumerate(values):
        if not _known(value) or value is None:
            pen = "M"
            continue
        path += f"{pen}{4 + i * step:.1f} {y(value):.1f}"
        pen = "L"
    last = max(i for i, value in enumerate(values) if _known(value))
    drawn.append(f'<path d="{path}" fill="none" stroke="{CURRENT}" stroke-width="1.4"/>')
    drawn.append(f'<circle cx="{4 + last * step:.1f}" cy="{y(float(values[last] or 0)):.1f}" r="2" fill="{CURRENT}"/>')
    return "".join(drawn)


def heat(
    rows: Sequence[tuple[str, Sequence[float | None], Sequence[bool], float]],
    labels: Sequence[str],
    chosen: int | None = None,
) -> tuple[str, int, int]:
    """Draw columns by windows: how far each is, against its limit, with a dot where it drifted, and a frame around the ``chosen`` window; give width and height, too."""
    name, cell, high = 150, max(9, min(34, 640 // max(len(labels), 1))), 18
    width, height = name + cell * len(labels) + 44, high * len(rows) + 18
    drawn = []
    for row, (column, effects, drifted, limit) in enumerate(rows):
        top = row * high
        drawn.append(_words(0, top + 12, plain(column, 25)))
        for i, effect in enumerate(effects[: len(labels)]):
            x = name + i * cell
            if not _known(effect) or effect is None:
                drawn.append(f'<path d="M{x + 2} {top + 8.5}h{cell - 5}" stroke="{REFERENCE}" fill="none"/>')
                continue
            shade = min(1.0, effect / (3 * (limit or 0.1)))
            out = i < len(drifted) and bool(drifted[i])
            drawn.append(
                f'<rect x="{x}" y="{top + 1}" width="{cell - 1}" height="{high - 3}" fill="{BAD if out else CURRENT}" '
                f'fill-opacity="{0.08 + 0.8 * shade:.2f}"/>'
            )
            if out:
                # The colour is not all that tells it.
                drawn.append(f'<circle cx="{x + cell / 2 - 0.5:.1f}" cy="{top + 8.5}" r="2" fill="currentColor"/>')
    if chosen is not None:
        tall = high * len(rows) - 1
        drawn.append(
            f'<rect x="{name + chosen * cell - 1}" y="0" width="{cell + 1}" height="{tall}" fill="none" stroke="currentColor" stroke-width="2"/>'
        )
    every = max(1, math.ceil(46 / cell), math.ceil(len(labels) / 12))
    drawn += [
        _words(name + i * cell, len(rows) * high + 12, plain(labels[i], 12), faint=True)
        for i in ([chosen] if chosen is not None else range(0, len(labels), every))
    ]
    return "".join(drawn), width, height


def _known(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
