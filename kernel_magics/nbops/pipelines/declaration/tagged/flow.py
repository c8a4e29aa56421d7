"""Which variables go from which stage to which: what a cell reads and an earlier cell of another stage has bound or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nbops.pipelines.declaration.problems import Problems
from nbops.pipelines.declaration.tagged.sections import Sections, TaggedCell
from nbops.pipelines.declaration.tagged.uses import Uses, uses_of


@dataclass(frozen=True, slots=True)
class Received:
    """A variable that a stage takes: from which stage, the cell that wrote it last, the cell that reads it first."""

    stage: str
    written: int
    read: int


@dataclass(slots=True)
class Flow:
    """What goes in and out of a stage; ``needs`` are the names it uses, ``imports`` lines of other stages that it needs.

    ``gives`` maps a variable to the cell that wrote it and to the stages that read it, each with its cell.
    """

    receives: dict[str, Received] = field(default_factory=dict)
    gives: dict[str, tuple[int, list[tuple[str, int]]]] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Writer:
    stage: str
    cell: int
    kind: str
    line: str


class Flows:
    """The flow of variables in one notebook.

    Parameters
    ----------
    sections
        Its cells by stage.
    problems
        Where it is noted what cannot go from one stage to another.
    """

    def __init__(self, sections: Sections, problems: Problems) -> None:
        self._problems = problems
        self.setup = [(cell, self._uses(cell)) for cell in sections.setup]
        self.stages = {name: Flow() for name in sections.stages}
        self._inside = {name: names for _, uses in self.setup for name, names in uses.inside.items()}
        self._last: dict[str, _Writer] = {}
        cells = ((cell, name) for name, one in sections.stages.items() for cell in one.cells if cell.is_code)
        own: dict[str, set[str]] = {name: set() for name in sections.stages}
        for cell, stage in sorted(cells, key=lambda pair: pair[0].number):
            uses = self._uses(cell)
            for name in self._reached(uses.reads):
                if name not in own[stage]:
                    self._read(stage, cell.number, name)
            self._bound(stage, cell.number, uses, own[stage])
        self._check_setup()

    def needed(self, stage: str) -> set[str]:
        """Give the names that a stage and what is put before it use."""
        found = set(self.stages[stage].needs)
        for _, uses in reversed(self.setup):
            if not uses.defines_only or uses.binds.keys() & found:
                found.update(uses.reads)
        return found

    def _uses(self, cell: TaggedCell) -> Uses:
        uses = uses_of(cell.source)
        if uses.problem:
            self._problems.add_cell(self._problems.file, cell.number, f"this is no Python: {uses.problem}.")
        return uses

    def _reached(self, names: Iterable[str]) -> dict[str, None]:
        """Give names and those that functions put before every stage take from outside, when one of them is used."""
        found = dict.fromkeys(names)
        todo = list(found)
        while todo:
            for name in self._inside.get(todo.pop(), ()):
                if name not in found:
                    found[name] = None
                    todo.append(name)
        return found

    def _read(self, stage: str, cell: int, name: str) -> None:
        flow = self.stages[stage]
        flow.needs.add(name)
        writer = self._last.get(name)
        if writer is None or writer.stage == stage or name in flow.receives:
            return
        if writer.kind == "import":
            flow.imports[writer.line] = None
        elif writer.kind == "value":
            flow.receives[name] = Received(writer.stage, writer.cell, cell)
            _, readers = self.stages[writer.stage].gives.setdefault(name, (writer.cell, []))
            readers.append((stage, cell))
        else:
            self._problems.add_cell(
                self._problems.file,
                cell,
                f"stage {stage!r} reads the {writer.kind} {name!r}, which cell {writer.cell} of stage {writer.stage!r} "
                f"defines; a {writer.kind} cannot be passed on.",
                f"Tag a cell that defines {name} with 'shared'.",
            )

    def _bound(self, stage: str, cell: int, uses: Uses, own: set[str]) -> None:
        for name, kind in uses.binds.items():
            own.add(name)
            self._last[name] = _Writer(stage, cell, kind, uses.imports.get(name, ""))
        for name in uses.changes - uses.binds.keys():
            before = self._last.get(name)
            # A module or function that is called or set up is not what is passed on.
            if before is None or before.kind == "value":
                own.add(name)
                self._last[name] = _Writer(stage, cell, "value", "")
        self.stages[stage].needs.update(uses.reads)

    def _check_setup(self) -> None:
        bound: set[str] = set()
        for cell, uses in self.setup:
            for name in sorted(uses.at_once - bound):
                writer = self._last.get(name)
                if writer is not None and writer.kind == "value":
                    self._problems.add_cell(
                        self._problems.file,
                        cell.number,
                        f"this cell stands before every stage and reads {name!r}, which stage {writer.stage!r} assigns "
                        f"in cell {writer.cell}.",
                    )
            bound.update(uses.binds)


def after_of(flow: Flow, said: Mapping[str, int]) -> tuple[str, ...]:
    """Give the stages that a stage comes after: those whose variables it reads, and those that its tags name."""
    return tuple(dict.fromkeys((*(one.stage for one in flow.receives.values()), *said)))
