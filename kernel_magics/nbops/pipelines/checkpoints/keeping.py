"""When the state of a kernel is kept, and what of."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import SettingsError, WorkspaceError
from nbops.pipelines.checkpoints.asking import ask, request
from nbops.pipelines.checkpoints.manifest import OUTPUTS, Manifest, digest_of, write_manifest
from nbops.pipelines.checkpoints.reading import leaves_of, needs_of
from nbops.pipelines.declaration.quantities import bytes_of
from nbops.pipelines.executing.preparing import INJECTED_TAG, SAVE_TAG, Prepared, executable, number, tags
from nbops.pipelines.outputs import read_outputs
from nbops.pipelines.secrets import kept as without_secrets
from nbops.workspace import find_workspace

TAG = "checkpoint"
# So much work must have come together before a state is kept unasked, and that may take no more than this share of it.
_WORK, _SHARE = 1.0, 15
_LONGEST = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a state is kept of: a notebook that executes, and what it was given.

    ``secrets`` gives the texts that must not be kept, ``cleaned`` a cell without its secrets; ``outputs`` is the folder of
    the values that it gives away.
    """

    prepared: Prepared
    parameters: Mapping[str, Any]
    variables: Sequence[str]
    facts: Mapping[str, str]
    outputs: Path | None
    limit: int
    secrets: Callable[[], list[str]]
    cleaned: Callable[[int], Mapping[str, Any]]

    @property
    def positions(self) -> list[int]:
        """Positions of the cells that a kernel executes, the last one that only gives values away left out."""
        cells = self.prepared.notebook.cells
        return [index for index, cell in enumerate(cells) if executable(cell) and SAVE_TAG not in tags(cell)]

    def digests(self, positions: Sequence[int]) -> tuple[str, ...]:
        """Give the digests of those cells that are in the notebook as written."""
        cells = self.prepared.notebook.cells
        return tuple(digest_of(cells[index].source) for index in positions if INJECTED_TAG not in tags(cells[index]))

    def sources(self, positions: Sequence[int]) -> list[str]:
        """Give the sources of cells."""
        return [str(self.prepared.notebook.cells[index].source) for index in positions]

    def told_parameters(self) -> dict[str, Any]:
        """Give the parameters as they may be kept: of a secret only a few digits of its digest."""
        plain = json.loads(json.dumps(dict(self.parameters), default=str))
        return without_secrets(plain)


class Keeper:
    """Keeps the state of a kernel: where it is asked for, when enough work has come together, and when a cell fails.

    Parameters
    ----------
    folder
        Where to.
    subject
        What is executed.
    client, manager
        Of its kernel.

    Attributes
    ----------
    problem
        Why there is no state of before the cell that failed; empty if there is one.
    number
        The cell to go on from; 0 when nothing was kept.
    """

    def __init__(self, folder: Path, subject: Subject, client: Any, manager: Any) -> None:
        self._folder, self._subject, self._client, self._manager = folder, subject, client, manager
        self._worked, self._since = 0.0, time.monotonic()
        self._least = _WORK
        self._never = "" if subject.prepared.kernel.is_python else "it is no Python notebook"
        self.problem, self.number = "", 0

    def begin(self) -> None:
        """Have the kernel note what there is before each cell; it does so before the first one."""
        if not self._never:
            request(self._client, "begin")

    async def after(self, index: int, succeeded: bool) -> None:
        """Keep what is to be kept after a cell."""
        self._worked += time.monotonic() - self._since
        later = [position for position in self._subject.positions if position > index]
        wanted = TAG in tags(self._subject.prepared.notebook.cells[index])
        if not succeeded:
            problem = await self._keep(index, before=True, patience=_LONGEST)
            # The one that was kept last may be of before this very cell.
            self.problem = "" if self.number == number(self._subject.prepared.notebook, index) else problem
        elif later and not self._never and (wanted or self._worked >= self._least):
            await self._between(index, _LONGEST if wanted else self._worked / _SHARE)
        self._since = time.monotonic()

    async def _between(self, index: int, patience: float) -> None:
        began = time.monotonic()
        problem = await self._keep(index, before=False, patience=patience)
        if problem:
            # Where it cannot be kept now it will hardly be soon.
            self._least = max(self._least, 2 * self._worked)
            return
        self._least = max(_WORK, _SHARE * (time.monotonic() - began))
        self._worked = 0.0

    async def _keep(self, index: int, *, before: bool, patience: float) -> str:
        """Keep the state before or after a cell; give why that cannot be."""
        if self._never:
            return self._never
        subject, notebook = self._subject, self._subject.prepared.notebook
        done = [position for position in subject.positions if position < index or (position == index and not before)]
        later = [position for position in subject.positions if position not in set(done)]
        needs, leaves = needs_of(subject.sources(later)), leaves_of(subject.sources(done))
        if needs.typed:
            return "a later cell reads what was typed into earlier ones"
        needed = None if needs.names is None else sorted({*needs.names, *subject.variables})
        facts = {
            "folder": str(self._folder),
            "before": before,
            "needed": needed,
            "shown": needs.shown,
            "modules": leaves.modules,
            "imports": leaves.imports,
            "assigned": leaves.assigned,
            "parameters": json.loads(json.dumps(dict(subject.parameters), default=str)),
            "secrets": subject.secrets(),
            "limit": subject.limit,
            "patience": patience,
        }
        answer = await ask(self._client, self._manager, "save", facts, patience + 60)
        here = number(notebook, index)
        if "touched" in answer:
            return f"cell {here} may have changed {_named(answer['touched'])} before it failed"
        if "problem" in answer:
            return str(answer["problem"])
        following = next((position for position in later), len(notebook.cells) - 1)
        try:
            self._outputs()
            write_manifest(self._folder, self._manifest(answer, done, number(notebook, following)))
        except WorkspaceError as error:
            return str(error)
        self.number = number(notebook, following)
        return ""

    def _manifest(self, answer: Mapping[str, Any], done: Sequence[int], following: int) -> Manifest:
        subject = self._subject
        cells = [subject.cleaned(position) for position in done]
        keys = ("outputs", "execution_count", "metadata")
        return Manifest(
            file=answer["file"],
            sha256=answer["sha256"],
            size=answer["size"],
            kernel=subject.prepared.kernel.name,
            cells=subject.digests(done),
            number=following,
            parameters=subject.told_parameters(),
            facts=dict(subject.facts),
            executed=[{key: cell[key] for key in keys if key in cell} for cell in cells],
            kept=tuple(answer["kept"]),
            left=tuple(answer["left"]),
            modules=answer["modules"],
            outputs=str(subject.outputs or ""),
        )

    def _outputs(self) -> None:
        """Keep the values that were given away by now.

        Raises
        ------
        WorkspaceError
            One of them is a secret, or they cannot be copied.
        """
        source, target = self._subject.outputs, self._folder / OUTPUTS
        if source is None or not source.is_dir() or not any(source.iterdir()):
            return
        for name, item in read_outputs(source).items():
            if item.kind == "json" and without_secrets({name: item.value})[name] != item.value:
                raise WorkspaceError(f"the output {name!r} holds a secret, which is not kept")
        try:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        except (OSError, shutil.Error) as error:
            raise WorkspaceError(f"{target} cannot be written: {error}") from error


def checkpoint_limit(folder: Path) -> int:
    """Give how many bytes a kept state may have in the workspace of a folder.

    Raises
    ------
    SettingsError
        The setting ``checkpoint_limit`` is no amount of memory.
    """
    setting = find_workspace(folder).settings["checkpoint_limit"]
    try:
        return bytes_of(setting.value)
    except ValueError as error:
        raise SettingsError(
            f"checkpoint_limit from {setting.source} {error}.", hint="Say 512 MB, for example."
        ) from error


def _named(names: Sequence[str]) -> str:
    if "anything" in names:
        return "something"
    shown = ", ".join(repr(name) for name in names[:3])
    return f"{shown} and more" if len(names) > 3 else shown
