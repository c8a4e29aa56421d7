"""What of the segments found holds on the rows that were held back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from nbops.monitoring import statistics
from nbops.monitoring.coding import Coded
from nbops.monitoring.segments.parts import Node, Part, counts, distances, noise


def judged(nodes: Sequence[Node], targets: dict[str, Coded], alpha: float, min_effect: float) -> None:
    """Say of each node how far its rows that were held back moved, by the event that moved most in those searched."""
    for node in nodes:
        node.target, event = _event(node.searched, targets)
        node.shares = _shares(targets[node.target], event, node.held)
        node.effect = node.shares[1][0] / node.shares[1][1] - node.shares[0][0] / node.shares[0][1]
        node.p = statistics.share_test(*node.shares[0], *node.shares[1])
        if node.parent is not None:
            whole = _shares(targets[node.target], event, node.parent.held)
            rest = [(h - g, n - m) for (h, n), (g, m) in zip(whole, node.shares, strict=True)]
            node.larger, node.more = _larger(node.shares, rest)
    named = statistics.holm({i: node.p for i, node in enumerate(nodes)}, alpha)
    for i, node in enumerate(nodes):
        node.drifted = i in named and node.effect >= min_effect


def _event(part: Part, targets: dict[str, Coded]) -> tuple[str, Any]:
    """Give the column that moved most beyond chance, and the groups of it that became more frequent: a mask."""
    best, found = -np.inf, ("", np.zeros(0, bool))
    for name, target in targets.items():
        a, b = counts(target, part)
        beyond = float((distances(a[None], b[None], target.ordered) - noise(a[None], b[None], target.ordered))[0])
        if beyond > best and a.sum() and b.sum():
            moved = b / b.sum() - a / a.sum()
            if target.ordered:
                steps = np.cumsum(moved)
                at = int(np.argmax(np.abs(steps)))
                mask = np.arange(len(moved)) <= at if steps[at] > 0 else np.arange(len(moved)) > at
            else:
                mask = moved > 0
            best, found = beyond, (name, np.append(mask, False))
    return found


def _shares(target: Coded, event: Any, part: Part) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give hits of an event and rows that are not missing, of the reference and the current data."""
    a, b = counts(target, part)
    return (int(a[event[:-1]].sum()), int(a.sum())), (int(b[event[:-1]].sum()), int(b.sum()))


def _larger(inside: Any, rest: Any) -> tuple[float, float]:
    """Give the p-value that an event's share rose no more inside than in the rest (z-test), and how much more it rose."""
    shares = [(h + 0.5) / (n + 1) for h, n in (*inside, *rest)]
    error = sum(s * (1 - s) / (n + 1) for s, (_, n) in zip(shares, (*inside, *rest), strict=True))
    more = (shares[1] - shares[0]) - (shares[3] - shares[2])
    return float(special.ndtr(-more / np.sqrt(error))), float(more)


def kept(nodes: Sequence[Node], alpha: float, min_effect: float) -> list[Node]:
    """Give the root and the children of splits of which one child is drifted, and verifiably more than its rest."""
    tried = max(1, len(nodes) - 1)
    found = list(nodes[:1])
    for node in nodes[1:]:
        siblings = [other for other in nodes if other.parent is node.parent]
        holds = (o.drifted and o.larger * tried <= alpha and o.more >= min_effect for o in siblings)
        if node.parent in found and any(holds):
            found.append(node)
    return found


def plain(nodes: Sequence[Node], rows: int) -> list[dict[str, Any]]:
    """Give segments of so many current rows as JSON-able values; of a sample their rows are told for the whole."""
    known = len(nodes[0].held.current) + len(nodes[0].searched.current)
    place = {id(node): i for i, node in enumerate(nodes)}
    return [
        {
            "id": i,
            "parent": None if node.parent is None else place[id(node.parent)],
            "words": node.words,
            "path": node.path,
            "rows": round((len(node.held.current) + len(node.searched.current)) * rows / max(known, 1)),
            "share": _ratio(len(node.held.current), len(nodes[0].held.current)),
            "reference_share": _ratio(len(node.held.reference), len(nodes[0].held.reference)),
            "column": node.target,
            "effect": round(max(0.0, node.effect), 5),
            "p": float(f"{node.p:.3g}"),
            "drifted": node.drifted,
        }
        for i, node in enumerate(nodes)
    ]


def _ratio(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 5)


def told(nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Name the worst of some segments, and say it."""
    root, *others = nodes
    drifted = [node for node in others if node["drifted"]]
    if not drifted:
        said = (
            "No segment is clearly worse than the whole." if root["drifted"] else "Nothing has drifted in any segment."
        )
        return {"nodes": list(nodes), "worst": -1, "sentence": said}
    worst = max(drifted, key=lambda node: (node["effect"], -node["id"]))
    said = (
        f"Worst where {worst['path']} ({worst['share']:.1%} of rows): {worst['column']} moved by {worst['effect']:.2f}, "
        f"against {root['effect']:.2f} for the most in all rows ({root['column']})."
    )
    return {"nodes": list(nodes), "worst": worst["id"], "sentence": said}
