"""Lineage: from data through cells and runs to model versions and promotions, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from nbops.governance.finding import find_start
from nbops.governance.neighbours import Found, after, before
from nbops.ledger import open_ledger
from nbops.records import Lineage, LineageEdge, LineageNode
from nbops.tracking.delivery import deliver
from nbops.workspace import Workspace

Direction = Literal["both", "before", "after"]
_MOST = 2000


def lineage(workspace: Workspace, start: str, *, direction: Direction = "both", most: int = _MOST) -> Lineage:
    """Give what something came from and what came from it.

    Going back, only what went into it is followed; going on, only what came out of it: another model trained on the
    same data is no relative. The number of queries grows with the number of steps, not of things.

    Parameters
    ----------
    workspace
        Where to look.
    start
        ``churn`` (what is in Production, else the newest version), ``churn@3``, ``churn:champion``; id or name of a run;
        fingerprint of data or path of a data file.
    direction
        ``before``: where it came from; ``after``: what came of it.
    most
        Stop after so many nodes; ``truncated`` says that it happened.

    Raises
    ------
    NotFoundError
        Nothing here is called so.
    """
    deliver(workspace)
    first = find_start(workspace, start)
    nodes: dict[str, LineageNode] = {}
    edges: dict[tuple[str, str], LineageEdge] = {}
    truncated = False
    with open_ledger(workspace).connect() as connection:
        for side, look in (("before", before), ("after", after)):
            if direction in (side, "both"):
                truncated |= _walk(first, lambda ids, look=look: look(connection, ids), nodes, edges, most)  # type: ignore[misc]
        if first not in nodes:
            # Nothing lies on the side that was asked for; the thing itself is known from the other.
            found = (after if direction == "before" else before)(connection, [first])
            nodes |= {node.id: node for node in found.nodes if node.id == first}
    kept = tuple(edge for edge in edges.values() if edge.source in nodes and edge.target in nodes)
    return Lineage(start=first, nodes=tuple(nodes.values()), edges=kept, truncated=truncated)


def _walk(
    first: str,
    look: Callable[[Iterable[str]], Found],
    nodes: dict[str, LineageNode],
    edges: dict[tuple[str, str], LineageEdge],
    most: int,
) -> bool:
    seen, front = {first}, {first}
    while front:
        found = look(front)
        for edge in found.edges:
            _join(edges, edge)
        # What was asked for comes first: a cut graph keeps what is near.
        fresh = sorted(
            (n for n in {n.id: n for n in found.nodes}.values() if n.id not in nodes), key=lambda n: n.id not in front
        )
        nodes |= {node.id: node for node in fresh[: max(0, most - len(nodes))]}
        if len(nodes) >= most:
            return True
        front = {node.id for node in found.nodes} - seen
        seen |= front
    return False


def _join(edges: dict[tuple[str, str], LineageEdge], edge: LineageEdge) -> None:
    """Add an edge; of two names that one run gives to the same content, both and the columns of both are kept."""
    known = edges.get((edge.source, edge.target))
    if known is not None and known != edge:
        labels = dict.fromkeys([*known.label.split(", "), *edge.label.split(", ")])
        # No columns means all of them.
        both = dict.fromkeys([*known.columns, *edge.columns]) if known.columns and edge.columns else ()
        edge = LineageEdge(
            source=edge.source, target=edge.target, label=", ".join(filter(None, labels)), columns=tuple(both)
        )
    edges[edge.source, edge.target] = edge
