"""The tags of a notebook's cells: which cells make which stage, and which are put before all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.pipelines.declaration.naming import STAGE_NAME
from nbops.pipelines.declaration.problems import Problems, meant
from nbops.pipelines.notebook import PARAMETERS_TAG

SHARED, SKIP, STAGE, AFTER = ("imports", "shared"), ("skip", "injected-parameters"), "stage", "after"
# Tags of the form KEY:VALUE that stand for a key of a stage's table.
_KEYS = ("retries", "retry_delay", "timeout", "cell_timeout", "kernel", "memory", "cpus", "input", "output")
_WHOLE, _RESOURCES, _LISTS = ("retries", "cpus"), ("memory", "cpus"), {"input": "inputs", "output": "outputs"}


@dataclass(frozen=True, slots=True)
class TaggedCell:
    """A cell: ``number`` counts from 1 in the notebook, ``raw`` is the cell as the file has it."""

    number: int
    source: str
    tags: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def is_code(self) -> bool:
        """Whether it runs."""
        return self.raw.get("cell_type") == "code"

    @property
    def is_parameters(self) -> bool:
        """Whether it holds the parameters of the pipeline."""
        return PARAMETERS_TAG in self.tags


@dataclass(slots=True)
class Section:
    """The cells of one stage; ``after`` are stages with the cells that name them, ``table`` the other keys of a stage."""

    name: str
    cells: list[TaggedCell] = field(default_factory=list)
    after: dict[str, int] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """Number of its first cell."""
        return self.cells[0].number


@dataclass(slots=True)
class Sections:
    """What a notebook is made of: cells before every stage, and the stages in their order."""

    setup: list[TaggedCell] = field(default_factory=list)
    stages: dict[str, Section] = field(default_factory=dict)


def sections_of(cells: list[Any], problems: Problems) -> Sections:
    """Sort the cells of a notebook by their tags.

    A cell without a tag of ours belongs to the stage before it; before the first stage it belongs to all.
    """
    found = Sections()
    current: Section | None = None
    parameters = 0
    for number, raw in enumerate(cells, 1):
        cell = _cell(number, raw)
        if any(tag in SKIP for tag in cell.tags):
            continue
        current = _section(found, cell, problems) or current
        if cell.is_parameters and parameters:
            _wrong(problems, cell, f"there are parameters in cell {parameters} already.", "Put them into one cell.")
        parameters = number if cell.is_parameters and not parameters else parameters
        if cell.is_parameters or any(tag in SHARED for tag in cell.tags) or current is None:
            if cell.is_code:
                found.setup.append(cell)
            continue
        current.cells.append(cell)
        _options(current, cell, problems)
    return found


def _section(found: Sections, cell: TaggedCell, problems: Problems) -> Section | None:
    """Give the stage that a cell begins or goes on with, if it says so."""
    names = _values(cell, STAGE)
    if len(names) > 1:
        _wrong(problems, cell, f"one cell cannot be in two stages, {' and '.join(map(repr, names))}.")
    if not names:
        return None
    if not STAGE_NAME.fullmatch(names[0]):
        _wrong(problems, cell, f"{names[0]!r} cannot name a stage.", "Use letters, digits, blanks and . _ + -")
        return None
    return found.stages.setdefault(names[0], Section(names[0]))


def _options(section: Section, cell: TaggedCell, problems: Problems) -> None:
    for name in _values(cell, AFTER):
        section.after.setdefault(name, cell.number)
    for tag in cell.tags:
        key, colon, value = tag.partition(":")
        key, value = key.strip(), value.strip()
        if not colon or key in (STAGE, AFTER):
            continue
        if key in _LISTS:
            section.table.setdefault(_LISTS[key], []).append(value)
        elif key in _KEYS:
            told: Any = int(value) if key in _WHOLE and value.isdecimal() else value
            table = section.table.setdefault("resources", {}) if key in _RESOURCES else section.table
            table[key] = told
        elif hint := meant(key, (STAGE, AFTER, *_KEYS)):
            # Others have tags with a colon, too.
            _wrong(problems, cell, f"unknown tag {tag!r}.", hint)


def _cell(number: int, raw: Mapping[str, Any]) -> TaggedCell:
    source = raw.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = raw.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return TaggedCell(number, text, tuple(map(str, tags)) if isinstance(tags, list) else (), raw)


def _values(cell: TaggedCell, key: str) -> list[str]:
    pairs = (tag.partition(":") for tag in cell.tags)
    return [value.strip() for name, colon, value in pairs if colon and name.strip() == key and value.strip()]


def _wrong(problems: Problems, cell: TaggedCell, message: str, hint: str = "") -> None:
    problems.add_cell(problems.file, cell.number, message, hint)
