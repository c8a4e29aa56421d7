"""Where a ``with nbops.track()`` stands: the names it sees, its code, its file."""

from __future__ import annotations

import ast
import hashlib
import linecache
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from nbops.capture.parsing import parse
from nbops.capture.place import locate
from nbops.records import CellRef
from nbops.tracking import active

_LARGEST = 1_000_000


class Names(Mapping[str, Any]):
    """The names a frame sees: its own before those of its module, as they are when asked."""

    def __init__(self, frame: FrameType) -> None:
        self._frame: FrameType | None = frame

    def forget(self) -> None:
        """Let go of the frame, and with it of all it refers to."""
        self._frame = None

    def _all(self) -> dict[str, Any]:
        if self._frame is None:
            return {}
        return {**self._frame.f_globals, **self._frame.f_locals}

    def __getitem__(self, name: str) -> Any:
        if self._frame is None:
            raise KeyError(name)
        own = self._frame.f_locals
        return own[name] if name in own else self._frame.f_globals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all()))

    def __len__(self) -> int:
        return len(self._all())


def calling(frame: FrameType) -> FrameType:
    """Give the frame of the user's code, where the standard library entered the block on its behalf."""
    while frame.f_globals.get("__name__") == "contextlib" and frame.f_back is not None:
        frame = frame.f_back
    return frame


def block_source(frame: FrameType) -> str:
    """Give the body of the ``with`` statement that the frame is in; empty where there is no source."""
    # A script that was edited and is run again in this process must not be read as it was.
    linecache.checkcache(frame.f_code.co_filename)
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = parse("".join(lines))
    except (SyntaxError, ValueError):
        return ""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With | ast.AsyncWith) and node.lineno <= frame.f_lineno <= node.body[0].lineno
    ]
    if not around:
        return ""
    return _dedented(max(around, key=lambda node: node.lineno).body, lines)


def _dedented(body: list[ast.stmt], lines: list[str]) -> str:
    """Give the source of statements as if they stood at the left, leaving texts over several lines as they are."""
    decorators = getattr(body[0], "decorator_list", [])
    first, last = min(node.lineno for node in (body[0], *decorators)), body[-1].end_lineno or body[-1].lineno
    kept: set[int] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)):
            kept.update(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
    # The columns of a tree count bytes.
    before = lines[first - 1].encode()[: body[0].col_offset].decode()
    indent = before if before.isspace() else ""
    source = [lines[first - 1][len(before) :] if not decorators else lines[first - 1].removeprefix(indent)]
    for number in range(first + 1, last + 1):
        line = lines[number - 1]
        short = line.removeprefix(indent) if line.startswith(indent) else line.lstrip(" \t")
        source.append(line if number in kept else short)
    return "".join(source)


def place_of(frame: FrameType, name: str, parent: active.ActiveRun | None) -> CellRef:
    """Give where the block stands: a file, the tracked cell around it, or a notebook."""
    path = os.path.abspath(frame.f_code.co_filename)
    if os.path.exists(path):
        place = CellRef(notebook=Path(path).as_posix(), source="script")
    elif parent is not None:
        tags = parent.tags
        place = CellRef(
            notebook=tags.get("nbops.notebook", ""), cell_id=tags.get("nbops.cell_id", ""), source="ipython"
        )
    else:
        place = replace(locate(None, frame.f_globals), source="script")
    if not name:
        return place
    # What was given a name is known by it, wherever in the file it stands.
    family = "\0".join((place.notebook or os.getcwd(), "named", name))
    return replace(place, key=hashlib.sha256(family.encode("utf-8", "surrogatepass")).hexdigest()[:32])


def script_text(frame: FrameType) -> tuple[str, str] | None:
    """Give the name and text of the file that the block stands in, if it is Python and not very large."""
    path = Path(frame.f_code.co_filename)
    try:
        if path.suffix != ".py" or path.stat().st_size > _LARGEST:
            return None
        return path.name, path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
