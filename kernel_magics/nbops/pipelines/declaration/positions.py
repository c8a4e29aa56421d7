"""On which line of a TOML file each key stands: what ``tomllib`` does not say.

Only for text that ``tomllib`` has read: what is wrong with it is said there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from contextlib import suppress

from nbops.pipelines.declaration.problems import Place

_SPACE = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^\n,\]}#]+")


def lines_of(text: str) -> dict[Place, int]:
    """Give the line, from 1, of every key and element of an array, by its path from the top.

    Parameters
    ----------
    text
        TOML that is known to be right.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    # A line that is not found makes a message poorer; it must not make a file that is right unreadable.
    with suppress(IndexError, _Lost):
        scanner.scan()
    return scanner.found


class _Lost(Exception):
    """The text is not what was expected."""


class _Scanner:
    """Goes through a text once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line, self._counted = 1, 0
        self.found: dict[Place, int] = {}
        self._sizes: dict[Place, int] = {}

    def scan(self) -> None:
        """Find the lines."""
        table: Place = ()
        self._skip(_SPACE)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_SPACE)

    def _header(self) -> Place:
        several = self._text.startswith("[[", self._at)
        line = self._here()
        self._at += 2 if several else 1
        names = self._keys()
        self._at += 2 if several else 1
        if not several:
            return self._note((), names, line)
        table = (*self._note((), names[:-1], line), names[-1])
        self.found.setdefault(table, line)
        return self._element(table, line)

    def _pair(self, table: Place) -> None:
        line = self._here()
        path = self._note(table, self._keys(), line)
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _value(self, path: Place) -> None:
        sign = self._text[self._at]
        if sign == "[":
            self._inside("]", lambda: self._value(self._element(path, self._here())))
        elif sign == "{":
            self._inside("}", lambda: self._pair(path))
        elif sign in "\"'":
            self._skip(_TEXT)
        else:
            self._skip(_SCALAR)

    def _inside(self, end: str, one: Callable[[], None]) -> None:
        self._at += 1
        self._skip(_SPACE)
        while self._text[self._at] != end:
            one()
            self._skip(_SPACE)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_SPACE)
        self._at += 1

    def _keys(self) -> tuple[str, ...]:
        """Read a key, dotted perhaps, and the blanks after it."""
        names: list[str] = []
        while True:
            self._skip(_BLANK)
            found = _KEY.match(self._text, self._at)
            if found is None:
                raise _Lost
            names.append(_decoded(found[0]))
            self._at = found.end()
            self._skip(_BLANK)
            if self._text[self._at] != ".":
                return tuple(names)
            self._at += 1

    def _note(self, table: Place, names: tuple[str, ...], line: int) -> Place:
        for name in names:
            table = (*table, name)
            self.found.setdefault(table, line)
            # A header that goes on below an array of tables means its last element.
            if table in self._sizes and (*table, self._sizes[table] - 1) in self.found:
                table = (*table, self._sizes[table] - 1)
        return table

    def _element(self, path: Place, line: int) -> Place:
        size = self._sizes.get(path, 0)
        self._sizes[path] = size + 1
        element = (*path, size)
        self.found[element] = line
        return element

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        self._at = found.end() if found else self._at


def _decoded(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    if key[0] == '"':
        return next(iter(tomllib.loads(f"{key} = 0"))) if "\\" in key else key[1:-1]
    return key
