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
    """A cell: ``number`` counts from 1 over all cells, ``kind`` is ``code``, ``markdown`` or ``raw``."""

    number: int
    kind: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's code and what it declares.

    ``parameters`` maps each name of the cell tagged ``parameters`` to its default (``None`` where that is no literal);
    ``outputs`` are the names in the notebook's metadata ``nbops.outputs``.
    """

    path: Path
    cells: tuple[Cell, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    kernel: str = ""
    language: str = ""

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells."""
        return tuple(cell for cell in self.cells if cell.kind == "code")


def read_notebook(path: Path) -> Notebook:
    """Read a notebook.

    Raises
    ------
    PipelineError
        The file is no notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        return _parsed(path, content)
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


def _parsed(path: Path, content: Any) -> Notebook:
    if not isinstance(content, dict):
        raise TypeError("it is not a JSON object")
    sheets = content.get("worksheets")
    raw = sheets[0].get("cells", []) if isinstance(sheets, list) and sheets else content["cells"]
    if not isinstance(raw, list):
        raise TypeError("its cells are no list")
    cells = tuple(_cell(number, cell) for number, cell in enumerate(raw, 1))
    metadata = content.get("metadata") or {}
    ours = metadata.get("nbops") or {}
    outputs = ours.get("outputs", ()) if isinstance(ours, dict) else ()
    tagged = [cell for cell in cells if cell.kind == "code" and PARAMETERS_TAG in cell.tags]
    spec = metadata.get("kernelspec") or {}
    return Notebook(
        path=path,
        cells=cells,
        parameters=declared(tagged[0].source) if tagged else {},
        outputs=tuple(str(name) for name in outputs) if isinstance(outputs, list) else (),
        kernel=str(spec.get("name", "")),
        language=str(spec.get("language", "") or (metadata.get("language_info") or {}).get("name", "")),
    )


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    text = "".join(source) if isinstance(source, list) else str(source)
    tags = (cell.get("metadata") or {}).get("tags") or ()
    return Cell(number, str(cell.get("cell_type", "code")), text, tuple(str(tag) for tag in tags))


def declared(source: str) -> dict[str, Any]:
    """Give the names that a parameters cell assigns, with their defaults where those are literals."""
    try:
        tree = ast.parse(python_lines(source))
    except (SyntaxError, ValueError):
        return {}
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign):
            targets: list[ast.expr] = [node.target]
        elif isinstance(node, ast.Assign):
            targets = node.targets
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = _literal(node.value)
    return found


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
