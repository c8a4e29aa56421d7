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
        edges |= {(edge.source, edge.target): edge for edge in found.edges}
        fresh = [node for node in found.nodes if node.id not in nodes]
        nodes |= {node.id: node for node in fresh[: max(0, most - len(nodes))]}
        if len(nodes) >= most:
            return True
        front = {node.id for node in found.nodes} - seen
        seen |= front
    return False
