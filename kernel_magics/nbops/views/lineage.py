"""A lineage as a static picture, as a page and as text."""

from __future__ import annotations

from collections import defaultdict

from nbops.records import Lineage, LineageNode
from nbops.views import html
from nbops.views.svg import graph
from nbops.views.text import moment, printable

_SHAPES = {"data": "▤", "cell": "▢", "notebook": "▣", "run": "●", "version": "◆", "promotion": "▲"}
_DEEPEST = 30


def lineage_svg(found: Lineage) -> str:
    """Draw the graph from left to right as one inline SVG: no script, everything escaped."""
    nodes = [
        {
            "id": node.id,
            "label": f"{_SHAPES.get(node.kind, '○')} {node.label}",
            "kind": node.detail or node.kind,
            "chosen": "yes" if node.id == found.start else "",
        }
        for node in found.nodes
    ]
    edges = [(edge.source, edge.target) for edge in found.edges]
    return graph(nodes, edges, f"Lineage of {_name(found)}")


def lineage_html(found: Lineage) -> str:
    """Show the graph for the output of a cell or a report, with the facts of its nodes folded."""
    rows = "".join(
        html.tag(
            "tr", "".join(html.tag("td", cell, "padding:2px 12px 2px 0;vertical-align:top") for cell in _cells(node))
        )
        for node in found.nodes
    )
    more = html.tag("p", html.span("There is more; this is a part.", "warn")) if found.truncated else ""
    facts = html.tag(
        "details",
        html.tag("summary", f"{len(found.nodes)} things") + html.tag("div", html.tag("table", rows), "overflow-x:auto"),
    )
    return html.tag("div", html.tag("div", lineage_svg(found), "overflow-x:auto") + more + facts)


def lineage_text(found: Lineage) -> str:
    """Show the lineage in a terminal: what it came from above, what came of it below."""
    nodes = {node.id: node for node in found.nodes}
    sources, targets = defaultdict(list), defaultdict(list)
    for edge in found.edges:
        sources[edge.target].append(edge.source)
        targets[edge.source].append(edge.target)
    lines = ["came from", *_tree(found.start, sources, nodes), "came out of it", *_tree(found.start, targets, nodes)]
    return printable("\n".join([_line(nodes[found.start]) if found.start in nodes else found.start, "", *lines]))


def _tree(
    start: str,
    following: dict[str, list[str]],
    nodes: dict[str, LineageNode],
    depth: int = 1,
    seen: set[str] | None = None,
) -> list[str]:
    seen = {start} if seen is None else seen
    lines = []
    if depth > _DEEPEST and following[start]:
        return ["  " * depth + "… and so on: --json or --svg shows all of it"]
    for other in following[start]:
        again = other in seen
        lines.append("  " * depth + _line(nodes[other]) + (" (see above)" if again and following[other] else ""))
        if not again:
            seen.add(other)
            lines += _tree(other, following, nodes, depth + 1, seen)
    return lines or (["  nothing that is known"] if depth == 1 else [])


def _line(node: LineageNode) -> str:
    when = f" · {moment(node.at)}" if node.at else ""
    detail = f" · {node.detail}" if node.detail else ""
    return f"{_SHAPES.get(node.kind, '○')} {node.kind} {node.label}{detail}{when}"


def _cells(node: LineageNode) -> tuple[str, str, str]:
    facts = "; ".join(f"{key}: {value}" for key, value in node.facts.items())
    return html.escape(f"{_SHAPES.get(node.kind, '○')} {node.kind}"), html.escape(node.label), html.span(facts, "dim")


def _name(found: Lineage) -> str:
    return next((node.label for node in found.nodes if node.id == found.start), found.start)
