"""A graph as lines of text: one thing a line, rails at its left that lead to what comes after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# From which sides a sign is met: left, right, above, below.
_SIGNS = {
    "": " ",
    "ab": "│",
    "lr": "─",
    "lrab": "┼",
    "rab": "├",
    "lab": "┤",
    "lrb": "┬",
    "lra": "┴",
    "la": "╯",
    "lb": "╮",
    "ra": "╰",
    "rb": "╭",
}


def draw(after: Mapping[str, Sequence[str]], marks: Mapping[str, str]) -> list[tuple[str, str]]:
    """Draw things that come after each other.

    Parameters
    ----------
    after
        Each thing with those right before it; all of them stand before it in the mapping.
    marks
        The sign of each, one column wide.

    Returns
    -------
    list
        Rails and the thing on each line, or the rails alone between two.
    """
    following: dict[str, list[str]] = {name: [] for name in after}
    for name, others in after.items():
        for other in others:
            following[other].append(name)
    rails: list[str | None] = []
    lines: list[tuple[str, str]] = []
    for name in after:
        held = [at for at, target in enumerate(rails) if target == name] or [_free(rails)]
        place, joining = held[0], held[1:]
        if joining:
            lines.append((_joint(rails, place, joining, above=True), ""))
        for at in joining:
            rails[at] = None
        rails[place] = name
        signs = [marks[name] if at == place else " " if target is None else "│" for at, target in enumerate(rails)]
        lines.append((" ".join(signs).rstrip(), name))
        targets = following[name]
        rails[place] = targets[0] if targets else None
        opened = []
        for target in targets[1:]:
            opened.append(_free(rails))
            rails[opened[-1]] = target
        if opened:
            lines.append((_joint(rails, place, opened, above=False), ""))
        while rails and rails[-1] is None:
            rails.pop()
    return lines


def _free(rails: list[str | None]) -> int:
    """Give the first rail that leads nowhere, a new one if all do."""
    if None not in rails:
        rails.append(None)
    return rails.index(None)


def _joint(rails: Sequence[str | None], place: int, others: Sequence[int], *, above: bool) -> str:
    """Draw the line on which rails meet another (from above) or part from it."""
    low, high = min(place, *others), max(place, *others)
    drawn = []
    for at in range(len(rails)):
        sides = ("l" if low < at <= high else "") + ("r" if low <= at < high else "")
        if at in others:
            sides += "a" if above else "b"
        elif rails[at] is not None or at == place:
            sides += "ab"
        drawn.append(_SIGNS[sides] + ("─" if low <= at < high else " "))
    return "".join(drawn).rstrip()
