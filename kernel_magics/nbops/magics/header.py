"""The ``%%track`` line of a cell: found, and taken out before IPython sees the cell.

A tracked cell is thus run exactly as it would be without the line: same line numbers, same tracebacks, same ``_``,
``await`` and other magics inside or outside. Everything here is pure, because front ends ask the transformer also to
know whether a cell is complete.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbops.errors import UsageError

# Magics that run their body as Python in the user's namespace.
_RUNNERS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun", "%%memit", "%%mprun", "%%lprun", "%%debug"})
# Magics whose body is text, where a line %%track would belong to the text.
_TEXT_MAGICS = ("%%writefile", "%%file")


@dataclass(frozen=True, slots=True)
class Header:
    """A ``%%track`` line.

    ``line`` is what follows the word, ``rest`` the cell without it, ``body`` the code below all cell magics, which run
    it as Python in the user's namespace if ``in_namespace``.
    """

    line: str
    rest: str
    body: str
    in_namespace: bool


def find_header(cell: str) -> Header | None:
    """Find the ``%%track`` line among the cell magics at the top of a cell."""
    lines = cell.splitlines(keepends=True)
    index = _position(lines)
    if index is None:
        return None
    above = [line.split(None, 1)[0] for line in lines[:index] if line.strip()]
    end = index + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].lstrip().startswith("%%")):
        above += lines[end].split(None, 1)[:1]
        end += 1
    line = lines[index].strip()[len("%%track") :].strip()
    rest = "".join(lines[:index] + lines[index + 1 :])
    return Header(line, rest, "".join(lines[end:]), bool(above) and set(above) <= _RUNNERS)


def remove_track(lines: list[str]) -> list[str]:
    """Take the ``%%track`` line out of a cell (an IPython cleanup transform).

    A line whose options are wrong, or that asks for help, stays, so that the magic itself can say so.
    """
    index = _position(lines)
    if index is None or not _valid(lines[index].strip()[len("%%track") :]):
        return lines
    return lines[:index] + lines[index + 1 :]


def _position(lines: list[str]) -> int | None:
    for index, line in enumerate(lines):
        text = line.strip()
        if not text:
            continue
        if not text.startswith("%%"):
            return None
        word = text.split(None, 1)[0]
        if word == "%%track":
            return index
        if word in _TEXT_MAGICS:
            return None
    return None


def _valid(line: str) -> bool:
    if not line.strip():
        return True
    from nbops.magics.track import GRAMMAR

    try:
        return not GRAMMAR.parse(line).help
    except UsageError:
        return False
