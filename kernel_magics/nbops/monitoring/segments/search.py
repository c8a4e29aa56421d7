"""The search for segments in the half of the rows that may be searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nbops.monitoring.coding import Coded
from nbops.monitoring.segments.parts import Node, Part, distances, noise

_MOST_NODES = 15
_HARDLY = 0.03
_CLEAR = 2.0


def grown(root: Node, splits: Sequence[Coded], targets: Sequence[Coded], least: int, depth: int) -> list[Node]:
    """Split the node with the most to gain again and again."""
    nodes, waiting = [root], [root]
    while waiting and len(nodes) < _MOST_NODES:
        node = waiting.pop(0)
        if node.depth >= depth:
            continue
        best = _best_split(node, splits, targets, least)
        if best is None:
            continue
        column, groups, words = best
        for chosen, said in zip((groups, ~groups), words, strict=True):
            bound = said[: len(column.name) + 2] if column.ordered else said
            path = {**node.conditions, bound: said}
            child = Node(
                said, path, node.searched.of(column, chosen), node.held.of(column, chosen), node, node.depth + 1
            )
            sizes = [len(rows) for part in (child.searched, child.held) for rows in (part.reference, part.current)]
            if min(sizes) >= least:
                nodes.append(child)
                waiting.append(child)
    return nodes


def _best_split(
    node: Node, splits: Sequence[Coded], targets: Sequence[Coded], least: int
) -> tuple[Coded, Any, tuple[str, str]] | None:
    """Give the condition whose rows moved most beyond the rest, in standard errors, as causal trees split."""
    best = _CLEAR
    found: tuple[Coded, Any, tuple[str, str]] | None = None
    part = node.searched
    for column in splits:
        if not _steady(column, part):
            continue
        left, right = column.reference[part.reference].astype(np.int32), column.current[part.current].astype(np.int32)
        subsets, words = _subsets(column)
        for target in targets:
            if target.name == column.name:
                continue
            size = target.size
            shape = (column.size, size)
            a = np.bincount(left * size + target.reference[part.reference], minlength=column.size * size).reshape(shape)
            b = np.bincount(right * size + target.current[part.current], minlength=column.size * size).reshape(shape)
            gain = _contrast(subsets @ a[:, :-1], subsets @ b[:, :-1], target.ordered, least)
            at = int(np.argmax(gain))
            if gain[at] > best:
                best, found = float(gain[at]), (column, subsets[at].astype(bool), words[at])
    return found


def _contrast(a: Any, b: Any, ordered: bool, least: int) -> Any:
    """Give how much further each subset moved than its rest, in standard errors; the rests are the second half of both tables."""
    moved = np.maximum(distances(a, b, ordered) - noise(a, b, ordered), 0.0)
    n, m = a.sum(axis=1), b.sum(axis=1)
    error = (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1)) / 4
    half = len(moved) // 2
    other = np.r_[half : 2 * half, 0:half]
    return np.where((n < least) | (m < least), 0.0, (moved - moved[other]) / np.sqrt(error + error[other]))


def _steady(column: Coded, part: Part) -> bool:
    """Whether a column itself moved no more than chance moves it, or hardly.

    Rows chosen by a column that moved are other rows on each side: all that hangs together with it would seem to have moved.
    """
    a = np.bincount(column.reference[part.reference], minlength=column.size)[None]
    b = np.bincount(column.current[part.current], minlength=column.size)[None]
    return bool(distances(a, b, column.ordered)[0] <= max(_HARDLY, noise(a, b, column.ordered)[0]))


def _subsets(column: Coded) -> tuple[Any, list[tuple[str, str]]]:
    """Give what conditions on a column select, as masks of shape ``(subsets, groups)``, and words for each and for its rest."""
    last = column.size - 1
    one = np.eye(column.size, dtype=int)
    chosen = [last] if column.gaps else []
    if not column.ordered:
        chosen = [*range(last), *chosen]
        masks = one[chosen]
        words = [(column.words(i), column.words(i, without=True)) for i in chosen]
    else:
        rest = " or missing" if column.gaps else ""
        upto = np.tril(np.ones((column.size, column.size), int))[: last - 1]
        words = [(column.words(i, upto=True), column.words(i, beyond=True) + rest) for i in range(last - 1)]
        words += [(column.words(i), column.words(i, without=True)) for i in chosen]
        masks = np.vstack([upto, one[chosen]])
    return np.vstack([masks, 1 - masks]), [*words, *((other, said) for said, other in words)]
