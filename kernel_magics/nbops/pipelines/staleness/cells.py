"""Code cells as Python: what of them counts, and what IPython alone understands. Standard library only.

Two cells are the same stage code when they differ in comments, blank lines and formatting only. Magics and shell lines
are kept word for word, and so is a cell that is no Python.
"""

from __future__ import annotations

import ast
import hashlib
import re

# The call that stands for a line that only IPython understands; its text is the argument.
LINE = "__nbops_line__"
# Cell magics whose body is Python that runs in the kernel. The body of any other is what its magic makes of it.
_PYTHON_BODIES = frozenset({"capture", "lprun", "memit", "mprun", "prun", "time", "timeit", "track"})
_ASSIGNED = re.compile(r"(?P<target>[\w.,()\[\]\"' *]+?)\s*=\s*(?P<line>[%!].*)", re.DOTALL)
_HELP = re.compile(r"[\w.*%\[\]\"'-]+\?{1,2}")
_QUOTES = ('"""', "'''", '"', "'")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def normal(source: str) -> str:
    """Give a cell without what does not count: its code as Python writes it, or the text itself where that is no Python."""
    head, body = split_magic(source)
    tree = parsed(body) if head is None or is_python(head) else None
    if tree is None:
        return source.strip("\n")
    try:
        text = ast.unparse(tree)
    except (RecursionError, ValueError):
        return source.strip("\n")
    return text if head is None else f"{head}\n{text}"


def digest(text: str) -> str:
    """Give the sha256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def split_magic(source: str) -> tuple[str | None, str]:
    """Give the line of a cell magic, if the cell has one, and the rest."""
    stripped = source.lstrip()
    if not stripped.startswith("%%"):
        return None, source
    head, _, body = stripped.partition("\n")
    return head.rstrip(), body


def is_python(head: str) -> bool:
    """Whether the body under a cell magic is Python that runs in the kernel."""
    return head[2:].partition(" ")[0] in _PYTHON_BODIES


def parsed(source: str) -> ast.Module | None:
    """Parse code with magics and shell lines in it, each as a call of :data:`LINE`; none where it is no Python."""
    tree = _parse(source)
    return tree if tree is not None else _parse(_without_lines(source))


def special_lines(tree: ast.Module) -> list[str]:
    """Give the magics and shell lines of a tree that :func:`parsed` gave."""
    return [
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == LINE
        and isinstance(node.args[0], ast.Constant)
    ]


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_lines(source: str) -> str:
    """Replace each line that IPython rewrites by a call; lines inside a text or bracket are none of these."""
    lines = source.split("\n")
    found: list[str] = []
    scan = _Scan()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if scan.inside or not _is_special(line):
            scan.read(line)
            found.append(line)
            continue
        while line.endswith("\\") and at < len(lines):
            line += "\n" + lines[at]
            at += 1
        found.append(_call(line))
    return "\n".join(found)


def _is_special(line: str) -> bool:
    text = line.strip()
    if not text or text.startswith("#"):
        return False
    return text[0] in "%!?" or _HELP.fullmatch(text) is not None or _ASSIGNED.fullmatch(text) is not None


def _call(line: str) -> str:
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    match = _ASSIGNED.fullmatch(text) if text[0] not in "%!?" else None
    if match is None:
        return f"{indent}{LINE}({text!r})"
    return f"{indent}{match['target']} = {LINE}({match['line']!r})"


class _Scan:
    """Follows code line by line: whether the next line begins inside a text, a bracket or a continued line."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._continued = False

    @property
    def inside(self) -> bool:
        return bool(self._quote) or self._depth > 0 or self._continued

    def read(self, line: str) -> None:
        at = 0
        while at < len(line):
            at = self._in_text(line, at) if self._quote else self._in_code(line, at)
        if len(self._quote) == 1 and not line.endswith("\\"):
            self._quote = ""
        self._continued = not self._quote and line.endswith("\\")

    def _in_text(self, line: str, at: int) -> int:
        if line[at] == "\\":
            return at + 2
        if line.startswith(self._quote, at):
            at += len(self._quote)
            self._quote = ""
            return at
        return at + 1

    def _in_code(self, line: str, at: int) -> int:
        if line[at] == "#":
            return len(line)
        for quote in _QUOTES:
            if line.startswith(quote, at):
                self._quote = quote
                return at + len(quote)
        self._depth = max(0, self._depth + _BRACKETS.get(line[at], 0))
        return at + 1
