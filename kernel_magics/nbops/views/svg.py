"""Small static pictures as inline SVG: no script, no request, colours from JupyterLab's variables with fallbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbops.views.html import escape

REFERENCE = "var(--jp-ui-font-color3,#9e9e9e)"
CURRENT = "var(--jp-brand-color1,#1976d2)"
_WIDTH, _HEIGHT = 150, 31
_ARROW = ' marker-end="url(#nbops-arrow)"'


def distribution(picture: Mapping[str, Any], label: str) -> str:
    """Draw both distributions of a column: reference as bars, current as a line; categories as pairs of bars."""
    if picture.get("edges"):
        return _numbers(picture, label)
    if picture.get("names"):
        return _categories(picture, label)
    return ""


def small_bars(heights: Sequence[float], names: Sequence[str], label: str) -> str:
    """Draw upright bars beside each other, each with what it stands for and its share when pointed at."""
    total, tallest = sum(heights) or 1.0, max(heights, default=0.0) or 1.0
    step = _WIDTH / max(len(heights), 1)
    wide = min(step - 0.6, 30.0)
    drawn = [
        f'<rect x="{place * step:.1f}" y="{30 - height / tallest * 27:.1f}" width="{wide:.1f}" height="{height / tallest * 27:.1f}" '
        f'fill="{CURRENT}"><title>{escape(name)} {height / total:.1%}</title></rect>'
        for place, (height, name) in enumerate(zip(heights, names, strict=True))
    ]
    return _svg("".join(drawn), label, _WIDTH, _HEIGHT)


def bars(values: Mapping[str, float], label: str, width: int = 260) -> str:
    """Draw named values as horizontal bars from zero, negative ones to the left."""
    if not values:
        return ""
    largest = max(abs(value) for value in values.values()) or 1.0
    left = any(value < 0 for value in values.values())
    zero, scale = (width / 2 if left else 0.0), (width / 2 if left else float(width)) / largest
    rows = []
    for position, value in enumerate(values.values()):
        start = zero if value >= 0 else zero + value * scale
        rows.append(
            f'<rect x="{start:.1f}" y="{position * 16 + 3}" width="{max(abs(value) * scale, 1):.1f}" height="10" fill="{CURRENT}"/>'
        )
    return _svg("".join(rows), label, width, 16 * len(values))


def graph(nodes: Sequence[Mapping[str, str]], edges: Sequence[Sequence[str]], label: str, *, box: int = 138) -> str:
    """Draw a directed graph from left to right, in layers by distance from its sources; wide ones are to be scrolled.

    A node has ``id``, ``label``, ``kind`` (small, below), perhaps ``chosen`` or ``tone``, the colour of its frame; one with
    ``via`` is no box but a place that an edge goes through. A box is so many pixels wide.
    """
    layers = layers_of([node["id"] for node in nodes], edges)
    columns: dict[int, list[Mapping[str, str]]] = {}
    for node in nodes:
        columns.setdefault(layers[node["id"]], []).append(node)
    tallest = max((len(column) for column in columns.values()), default=1)
    width, height, gap = box + 32, 46 * tallest + 8, 30
    place: dict[str, tuple[float, float]] = {}
    drawn = []
    for layer, column in sorted(columns.items()):
        top = (height - 46 * len(column)) / 2
        for row, node in enumerate(column):
            x, y = layer * width + 2.0, top + row * 46 + 4
            place[node["id"]] = (x, y)
            drawn.append(_box(node, x, y, box, gap))
    lines = []
    through = {node["id"] for node in nodes if node.get("via")}
    for start, end in edges:
        if start in place and end in place:
            (x, y), (to_x, to_y) = place[start], place[end]
            first, last = x + box, to_x if end in through else to_x - 3
            middle = (first + last) / 2
            lines.append(
                f'<path d="M{first:.0f},{y + 15:.0f} C{middle:.0f},{y + 15:.0f} {middle:.0f},{to_y + 15:.0f} {last:.0f},{to_y + 15:.0f}" '
                f'fill="none" stroke="{REFERENCE}" stroke-width="1.2"{"" if end in through else _ARROW}/>'
            )
    arrow = (
        '<defs><marker id="nbops-arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path d="M0,0 L6,3 L0,6 z" fill="{REFERENCE}"/></marker></defs>'
    )
    return _svg(arrow + "".join(lines) + "".join(drawn), label, width * (max(columns, default=0) + 1), height, "")


def _box(node: Mapping[str, str], x: float, y: float, width: int, height: int) -> str:
    if node.get("via"):
        return f'<path d="M{x:.0f},{y + 15:.0f} h{width}" fill="none" stroke="{REFERENCE}" stroke-width="1.2"/>'
    text, below = node["label"], node.get("kind", "")
    usual = CURRENT if below == "model" or node.get("chosen") else REFERENCE
    title = f"{text}: {below}" if "tone" in node and below else text
    # Over what is drawn below it, where there may be edges.
    fill = "var(--jp-layout-color1,Canvas)" if "tone" in node else "none"
    return (
        f'<g><title>{escape(title)}</title><rect x="{x}" y="{y:.1f}" width="{width}" height="{height}" rx="3" fill="{fill}" '
        f'stroke="{node.get("tone") or usual}"/>'
        f'<text x="{x + 8}" y="{y + 13:.1f}" font-size="11" fill="currentColor">{escape(_cut(text, (width - 16) / 6))}</text>'
        f'<text x="{x + 8}" y="{y + 25:.1f}" font-size="9" fill="currentColor" opacity=".6">{escape(_cut(below, (width - 16) / 4.9))}</text></g>'
    )


def _cut(text: str, room: float) -> str:
    return text if len(text) <= room else text[: int(room) - 1] + "…"


def layers_of(names: Sequence[str], edges: Sequence[Sequence[str]]) -> dict[str, int]:
    """Give the layer of each node, from 0 at the left: behind all that lead to it."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for start, end in edges:
        if start in following and end in following:
            following[start].append(end)
    reached = {end for ends in following.values() for end in ends}
    order, closing = _order(sorted(names, key=lambda name: name in reached), following)
    layers = dict.fromkeys(names, 0)
    for name in order:
        for end in following[name]:
            # A run that writes what it read closes a circle: it must not push its circle to the right for ever.
            if (name, end) not in closing:
                layers[end] = max(layers[end], layers[name] + 1)
    return layers


def _order(roots: Sequence[str], following: Mapping[str, Sequence[str]]) -> tuple[list[str], set[tuple[str, str]]]:
    """Sort so that each comes before what follows it; give the edges that close a circle, too."""
    finished: list[str] = []
    closing: set[tuple[str, str]] = set()
    opened: dict[str, bool] = {}
    for root in roots:
        stack = [] if root in opened else [(root, iter(following[root]))]
        opened.setdefault(root, True)
        while stack:
            name, rest = stack[-1]
            end = next(rest, None)
            if end is None:
                opened[name] = False
                finished.append(name)
                stack.pop()
            elif end not in opened:
                opened[end] = True
                stack.append((end, iter(following[end])))
            elif opened[end]:
                closing.add((name, end))
    return finished[::-1], closing


def _numbers(picture: Mapping[str, Any], label: str) -> str:
    before, after = picture["reference"], picture["current"]
    tallest = max([*before, *after]) or 1.0
    step = _WIDTH / len(before)
    drawn = []
    for position, share in enumerate(before):
        size = share / tallest * 27
        drawn.append(
            f'<rect x="{position * step:.1f}" y="{30 - size:.1f}" width="{step - 0.6:.1f}" height="{size:.1f}" fill="{REFERENCE}" opacity=".55"/>'
        )
    line = " ".join(f"{(i + 0.5) * step:.1f},{30 - share / tallest * 27:.1f}" for i, share in enumerate(after))
    drawn.append(f'<polyline fill="none" stroke="{CURRENT}" stroke-width="1.5" points="{line}"/>')
    return _svg("".join(drawn), label, _WIDTH, _HEIGHT)


def _categories(picture: Mapping[str, Any], label: str) -> str:
    before, after, names = picture["reference"], picture["current"], picture["names"]
    tallest = max([*before, *after]) or 1.0
    step = _WIDTH / len(names)
    bar = min(21.0, step / 2 - 2)
    drawn = []
    for position, name in enumerate(names):
        for offset, share, colour in ((0.0, before[position], REFERENCE), (bar + 0.7, after[position], CURRENT)):
            size = share / tallest * 27
            drawn.append(
                f'<rect x="{position * step + offset:.1f}" y="{30 - size:.1f}" width="{bar:.1f}" height="{size:.1f}" fill="{colour}">'
                f"<title>{escape(str(name))} {share:.1%}</title></rect>"
            )
    return _svg("".join(drawn), label, _WIDTH, _HEIGHT)


def _svg(inside: str, label: str, width: float, height: float, fit: str = ";max-width:100%") -> str:
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="display:block{fit}">{inside}</svg>'
    )
