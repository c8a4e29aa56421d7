"""The catalogue of templates, generated from their notebooks: the tables in their first cells and ``docs/templates.md``.

``python -m nbops.pipelines.catalogue --write`` writes both; without ``--write`` it says what would change.
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.notebook import PARAMETERS_TAG
from nbops.pipelines.spec import templates
from nbops.workspace.blobs import write_atomically

_HEAD = ("parameter", "type", "default", "meaning")
_TABLE = re.compile(r"(?m)^\| parameter \|.*\n(?:^\|.*(?:\n|\Z))*")
_GIVES = "**Gives**"
_BEGIN = "<!-- from here on written by `python -m nbops.pipelines.catalogue --write` -->"
# The order of a model's way; what is not named here comes last, by name.
_ORDER = (
    *("ingest", "validate", "features", "test_notebooks", "train", "evaluate", "register", "gate", "promote"),
    *("integration_test", "batch_score", "monitor", "retrain", "report"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a template, all of it as written: ``default`` is its Python source."""

    name: str
    type: str
    default: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A template: ``about`` is the Markdown between its title and its table, ``gives`` that after its table."""

    name: str
    title: str
    about: str
    parameters: tuple[Parameter, ...]
    gives: str
    outputs: tuple[str, ...]
    example: str


def entries() -> tuple[Entry, ...]:
    """Give the templates in the order of a model's way."""
    known = templates()
    rank = {name: place for place, name in enumerate(_ORDER)}
    return tuple(entry(known[name]) for name in sorted(known, key=lambda name: (rank.get(name, len(rank)), name)))


def entry(path: Path) -> Entry:
    """Read a template.

    Raises
    ------
    PipelineError
        It has no first cell of text with a title, or no cell tagged ``parameters``.
    """
    book = json.loads(path.read_text(encoding="utf-8"))
    head, gives = _parts(path, book)
    title, _, about = head.partition("\n")
    ours = book["metadata"].get("nbops", {})
    return Entry(
        name=path.stem,
        title=title.removeprefix("#").strip(),
        about=about.strip(),
        parameters=parameters(_source(_tagged(path, book))),
        gives=gives,
        outputs=tuple(ours.get("outputs", ())),
        example=ours.get("example", ""),
    )


def parameters(source: str) -> tuple[Parameter, ...]:
    """Read the lines ``name: type = default  # meaning`` of a parameters cell.

    Raises
    ------
    PipelineError
        A statement is of another form, or says nothing of its meaning.
    """
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for node in ast.parse(source).body:
        named = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        meaning = comments.get(node.end_lineno or node.lineno, "")
        if not named or not meaning:
            raise PipelineError(
                f"line {node.lineno} of the parameters is not of the form name: type = default  # meaning."
            )
        assert isinstance(node, ast.AnnAssign)
        assert node.value is not None
        name, kind, default = (
            ast.get_source_segment(source, part) for part in (node.target, node.annotation, node.value)
        )
        found.append(Parameter(name=name or "", type=kind or "", default=default or "", meaning=meaning))
    return tuple(found)


def parameter_table(found: tuple[Parameter, ...]) -> str:
    """Give parameters as a Markdown table."""
    rows = [(f"`{p.name}`", f"`{p.type}`", f"`{p.default}`", p.meaning) for p in found]
    lines = [_HEAD, ("---",) * len(_HEAD), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def first_cell(found: Entry) -> str:
    """Give the text of a template's first cell, with its table as it should be."""
    return "\n\n".join(
        part for part in (f"# {found.title}", found.about, parameter_table(found.parameters), found.gives) if part
    )


def with_table(path: Path) -> str:
    """Give the JSON text of a notebook whose first cell has the table of its parameters."""
    book = json.loads(path.read_text(encoding="utf-8"))
    book["cells"][0]["source"] = first_cell(entry(path)).splitlines(keepends=True)
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def page(before: str) -> str:
    """Give the page of the catalogue: what people wrote above the mark stays."""
    written = before.partition(_BEGIN)[0].rstrip()
    return "\n\n".join([written, _BEGIN, *(_chapter(found) for found in entries())]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write, or say what would change."""
    given = sys.argv[1:] if arguments is None else arguments
    docs = next(iter(templates().values())).parents[1] / "docs" / "templates.md"
    wanted = {path: with_table(path) for path in templates().values()}
    wanted[docs] = page(docs.read_text(encoding="utf-8"))
    changed = {path: text for path, text in wanted.items() if path.read_text(encoding="utf-8") != text}
    for path, text in changed.items():
        print(f"{'written' if '--write' in given else 'not up to date'}: {path}")
        if "--write" in given:
            write_atomically(path, text.encode())
    return 0 if "--write" in given or not changed else 1


def _chapter(found: Entry) -> str:
    example = f"```toml\n{found.example.strip()}\n```" if found.example else ""
    parts = (f"## {found.name}", found.about, parameter_table(found.parameters), found.gives, example)
    return "\n\n".join(part for part in parts if part)


def _parts(path: Path, book: dict[str, Any]) -> tuple[str, str]:
    """Give what stands before and after the table of the first cell."""
    first = book["cells"][0]
    text = _TABLE.sub("", _source(first)).strip()
    if first["cell_type"] != "markdown" or not text.startswith("# "):
        raise PipelineError(f"{path.name} does not begin with a cell of text that has a title.")
    head, mark, gives = text.partition(_GIVES)
    return head.strip(), (mark + gives).strip()


def _tagged(path: Path, book: dict[str, Any]) -> dict[str, Any]:
    for cell in book["cells"]:
        if PARAMETERS_TAG in cell["metadata"].get("tags", ()):
            return dict(cell)
    raise PipelineError(f"{path.name} has no cell tagged parameters.")


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


if __name__ == "__main__":
    sys.exit(main())
