"""What a pipeline needs to know of a notebook before it runs, read with the standard library only."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError

PARAMETERS_TAG = "parameters"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: ``number`` counts from 1 over all cells of the notebook as written, ``kind`` is ``code``, ``markdown`` or ``raw``."""

    number: int
    kind: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's code and what it declares.

    ``parameters`` maps each name of the cell tagged ``parameters`` to its default (``None`` where that is no literal);
    ``types`` to what is written as its type, there or in the notebook's metadata ``nbops.parameters``; ``parameters_cell`` is
    that cell's number, 0 for none. ``outputs`` are the names in the metadata ``nbops.outputs``; ``cache`` is false where
    ``nbops.cache`` is: running it does more than it gives.

    A notebook that was made from the cells of another has that one as ``origin``; it ``receives`` variables, as objects, from
    the stage that is named with each, and ``gives`` some, each with the cells that write and read it.
    """

    path: Path
    cells: tuple[Cell, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    kernel: str = ""
    language: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    parameters_cell: int = 0
    cache: bool = True
    receives: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    origin: Path | None = None

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def is_python(self) -> bool:
        """Whether its code is Python, as far as it says."""
        return self.language in {"", "python", "ipython"}

    def number(self, position: int) -> int:
        """Give the number that a cell has in the notebook as written, by its position from 1 in this one."""
        return self.cells[min(position, len(self.cells)) - 1].number if position > 0 and self.cells else position


def read_notebook(path: Path) -> Notebook:
    """Read a notebook.

    Raises
    ------
    PipelineError
        The file is no notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        return notebook_of(path, content)
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise PipelineError(f"{path} is no notebook: {' '.join(str(error).split())[:160]}.") from error


def python_lines(source: str) -> str:
    """Give the source of a cell with magics and shell lines as comments, so that it parses as Python."""
    lines = source.splitlines()
    if lines and lines[0].startswith("%%"):
        lines[0] = "#" + lines[0]
    # ``pass`` keeps a block whose only line is a magic; a continuation stays what it was.
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass #" + line.lstrip() if line.lstrip()[:1] in ("%", "!") else line
        for line in lines
    )


def notebook_of(path: Path, content: Any) -> Notebook:
    """Give what a pipeline needs to know of the content of a notebook file.

    Raises
    ------
    TypeError
        It is no notebook.
    """
    if not isinstance(content, dict):
        raise TypeError("it is not a JSON object")
    if not isinstance(content.get("nbformat"), int):
        raise TypeError("it does not say which nbformat it has")
    sheets = content.get("worksheets")
    raw = sheets[0].get("cells", []) if isinstance(sheets, list) and sheets else content.get("cells")
    if not isinstance(raw, list) or not all(isinstance(cell, dict) for cell in raw):
        raise TypeError("it has no list of cells")
    cells = tuple(_cell(number, cell) for number, cell in enumerate(raw, 1))
    metadata = _table(content, "metadata")
    ours = _table(metadata, "nbops")
    outputs = ours.get("outputs", ())
    tagged = next((cell for cell in cells if cell.kind == "code" and PARAMETERS_TAG in cell.tags), None)
    found, types = declarations(tagged.source) if tagged else ({}, {})
    written = {name: _type(given) for name, given in _table(ours, "parameters").items()}
    spec = _table(metadata, "kernelspec")
    return Notebook(
        path=path,
        cells=cells,
        parameters=found,
        outputs=tuple(str(name) for name in outputs) if isinstance(outputs, list) else (),
        kernel=str(spec.get("name", "")),
        language=str(spec.get("language", "") or _table(metadata, "language_info").get("name", "")).lower(),
        receives={name: str(stage) for name, stage in _table(ours, "receives").items()},
        gives={name: place for name, place in _table(ours, "gives").items() if isinstance(place, dict)},
        types={**{name: text for name, text in written.items() if text}, **types},
        parameters_cell=tagged.number if tagged else 0,
        cache=ours.get("cache") is not False,
    )


def _table(content: dict[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _type(given: Any) -> str:
    text = given.get("type", "") if isinstance(given, dict) else given
    return text if isinstance(text, str) else ""


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    text = "".join(source) if isinstance(source, list) else str(source)
    metadata = _table(cell, "metadata")
    tags, origin = metadata.get("tags"), _table(_table(metadata, "nbops"), "origin").get("cell")
    number = origin if isinstance(origin, int) else number
    return Cell(
        number, str(cell.get("cell_type", "code")), text, tuple(map(str, tags)) if isinstance(tags, list) else ()
    )


def declared(source: str) -> dict[str, Any]:
    """Give the names that a parameters cell assigns, with their defaults where those are literals."""
    return declarations(source)[0]


def declarations(source: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the names that a parameters cell assigns with their defaults, and the types that are written behind them."""
    try:
        tree = ast.parse(python_lines(source))
    except (SyntaxError, ValueError):
        return {}, {}
    found: dict[str, Any] = {}
    types: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign):
            targets: list[ast.expr] = [node.target]
            if isinstance(node.target, ast.Name):
                types[node.target.id] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign):
            targets = node.targets
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = _literal(node.value)
    return found, types


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
