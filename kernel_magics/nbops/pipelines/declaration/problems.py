"""What is wrong with a declaration, all of it at once, each with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nbops.errors import InvalidPipeline

# Where something stands in a file: keys from the top, elements of arrays by their number.
Place = tuple[str | int, ...]
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong; ``cell`` counts from 1 where the file is a notebook."""

    file: str
    message: str
    line: int = 0
    cell: int = 0
    hint: str = ""

    @property
    def place(self) -> str:
        """File with line, or notebook with cell."""
        if self.line:
            return f"{self.file}:{self.line}"
        return f"{self.file}, cell {self.cell}" if self.cell else self.file


@dataclass(slots=True)
class Problems:
    """Gathers what is wrong with one file: with its ``text``, or, of a notebook, with the ``cells`` that say something."""

    file: str
    text: str = ""
    cells: dict[Place, int] | None = None
    found: list[Problem] = field(default_factory=list)
    _lines: dict[Place, int] | None = field(default=None, init=False)

    def add(self, path: Place, message: str, hint: str = "") -> None:
        """Note what is wrong at a key of the file."""
        if self.cells is not None:
            self.add_cell(self.file, _nearest(self.cells, path), message, hint)
            return
        if self._lines is None:
            # Only now: most files are right.
            from nbops.pipelines.declaration.positions import lines_of

            self._lines = lines_of(self.text)
        line = _nearest(self._lines, path)
        self.found.append(Problem(file=self.file, message=message, hint=hint, line=line))

    def add_cell(self, notebook: str, cell: int, message: str, hint: str = "") -> None:
        """Note what is wrong in a cell of a notebook; 0 for the whole of it."""
        self.found.append(Problem(file=notebook, message=message, cell=cell, hint=hint))

    def raise_any(self) -> None:
        """Say what is wrong, if anything is.

        Raises
        ------
        InvalidPipeline
            With up to ten problems, the first line first.
        """
        known = dict.fromkeys(sorted(self.found, key=lambda one: (one.line, one.cell)))
        if not known:
            return
        problems = list(known)
        if len(problems) == 1:
            only = problems[0]
            message, hint = f"{only.place}: {only.message}", only.hint
        else:
            shown = [f"{one.place}: {one.message} {one.hint}".rstrip() for one in problems[:_MOST]]
            rest = len(problems) - len(shown)
            message, hint = "\n".join(shown), f"\n… and {rest} more problems." if rest else ""
        raise InvalidPipeline(
            message, tuple((one.file, one.line, one.cell, one.message) for one in problems), hint=hint
        )


def _nearest(places: Mapping[Place, int], path: Place) -> int:
    """Give the place of a key, or of the nearest thing around it; 0 where nothing is known."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, 0)


def meant(word: str, known: Iterable[str]) -> str:
    """Give the known word that was probably meant, as a question; empty where none is close."""
    import difflib

    near = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else ""
