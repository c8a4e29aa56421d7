"""Execute one notebook: its own kernel, environment and working directory, kept whatever happens."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import StageLost
from nbops.pipelines.checkpoints.keeping import Subject, checkpoint_limit
from nbops.pipelines.checkpoints.states import Spoilt, States
from nbops.pipelines.executing.asking import name_cells
from nbops.pipelines.executing.cleaning import Cleaner
from nbops.pipelines.executing.client import Broken, Client, Limits
from nbops.pipelines.executing.journal import read_executed
from nbops.pipelines.executing.loops import Stopped, run_here, unless
from nbops.pipelines.executing.marks import begin, end
from nbops.pipelines.executing.preparing import SAVE_TAG, executable, number, prepare
from nbops.pipelines.executing.saving import file_saver
from nbops.pipelines.executing.streams import shortened
from nbops.pipelines.outputs import FOLDER
from nbops.pipelines.warm import Started, start_kernel, stop_kernel

__all__ = ["SAVE_TAG", "CellProgress", "Executed", "Failure", "Task", "execute", "read_executed"]

_STARTS = 3
# What belongs to the process that asked for the pipeline and not to the stage's kernel.
_OWN = ("JPY_SESSION_NAME", "MLFLOW_RUN_ID", "PYTHONSTARTUP")


@dataclass(frozen=True, slots=True)
class Failure:
    """The cell that raised (its number in the notebook as written) and its exception."""

    cell: int
    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """An executed notebook; ``failure`` is what stopped it, ``redactions`` counts replaced secrets.

    ``kernel`` says how its kernel came about (``forked``, ``normal``, ``normal: REASON``). After a failure ``checkpoint``
    tells whether a state is kept at ``task.checkpoint``, and ``checkpoint_cell`` from which cell it lets the notebook go on;
    where that is not the failed one, ``checkpoint_problem`` says why. ``resumed`` says how the notebook went on itself
    (``from cell 7``, ``from the start: cell 2 was edited``).
    """

    notebook: Any
    failure: Failure | None
    redactions: int
    kernel: str = "normal"
    checkpoint: bool = False
    checkpoint_problem: str = ""
    checkpoint_cell: int = 0
    resumed: str = ""


@dataclass(frozen=True, slots=True)
class CellProgress:
    """Where an execution is: number and count of code cells, last line of output, seconds since the cell began."""

    cell: int
    cells: int
    line: str = ""
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to execute: source, values to inject, variables to save, where, with what in the environment.

    ``on_cell`` is called as each code cell begins and, at most every half second, when it has printed something.
    ``kernel`` names the kernel in place of the notebook's own; ``warm`` lets it be forked from a warm parent. ``timeout`` (whole
    notebook) and ``cell_timeout`` are in seconds. After a failed cell the state before it is kept in the folder ``checkpoint``,
    if it can be; ``resume`` is such a folder, to go on from. ``facts`` is what else the state of a cell depends on, such as
    digests of input files, by words for people: only if these are the same can be gone on. When ``stop`` is set the kernel is
    ended.
    """

    source: Path
    parameters: Mapping[str, Any]
    variables: Sequence[str]
    folder: Path
    target: Path
    environment: Mapping[str, str]
    on_cell: Callable[[CellProgress], None]
    kernel: str = ""
    warm: bool = False
    timeout: float | None = None
    cell_timeout: float | None = None
    checkpoint: Path | None = None
    resume: Path | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    stop: threading.Event | None = None


def execute(task: Task) -> Executed:
    """Execute a notebook and keep it at ``task.target``, also when a cell raises or somebody interrupts.

    Several may be executed side by side in threads.

    Raises
    ------
    PipelineError
        The source is no notebook, or its kernel is not installed or does not start.
    WorkspaceError
        ``task.target`` cannot be written.
    KeyboardInterrupt
        Somebody interrupted, or ``task.stop`` was set; what there is is kept.
    """
    return _Execution(task).whole()


class _Execution:
    """One execution of one task."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._prepared = prepare(task.source, task.parameters, task.variables, task.kernel)
        self._notebook = self._prepared.notebook
        own = {name: value for name, value in os.environ.items() if name not in _OWN}
        self._environment = {**own, **task.environment}
        self._cleaner = Cleaner(self._environment)
        self._saver = file_saver(task.target, self._notebook, self._cleaner)
        self._cells = sum(executable(cell) for cell in self._notebook.cells)
        # Also a notebook that ends itself gives away what it has.
        self._last = len(self._notebook.cells) - 1 if task.variables else None
        self._how = "normal"
        self._states = States(task.checkpoint, task.resume, self._subject())

    def whole(self) -> Executed:
        """Execute from the first cell to the last, or as far as it goes."""
        began = begin(self._notebook)
        self._saver.begin()
        broken: Broken | None = None
        try:
            broken = run_here(self._run)
        except Stopped:
            raise KeyboardInterrupt from None
        finally:
            end(self._notebook, began, failed=broken is not None)
            self._saver.close()
        states = self._states
        failure = None
        if broken is None:
            states.remove()
        else:
            failure = self._failure(broken)
        return Executed(
            self._saver.kept(),
            failure,
            self._cleaner.count,
            self._how,
            checkpoint=states.number > 0,
            checkpoint_problem=self._cleaner.text(states.problem),
            checkpoint_cell=states.number,
            resumed=self._cleaner.text(states.resumed),
        )

    async def _run(self) -> Broken | None:
        broken = await self._in_kernel(self._states.resume)
        if isinstance(broken, Spoilt):
            broken = await self._in_kernel(None)
        assert not isinstance(broken, Spoilt)
        return broken

    async def _in_kernel(self, resume: Callable[[Started], Awaitable[int]] | None) -> Broken | Spoilt | None:
        """Execute in a new kernel, from the cell that ``resume`` gives."""
        started = await self._started()
        self._how = started.how
        client = self._client(started)
        busy, broken = True, None
        try:
            await client.meet()
            self._states.begin(started)
            first = await unless(self._task.stop, resume(started)) if resume is not None else 0
            for index in range(first):
                self._saver.finished(index)
            broken = await client.run(first, self._states.after, self._last)
            busy = client.lost(broken)
        except Spoilt as spoilt:
            return spoilt
        finally:
            await stop_kernel(started, now=busy)
        return broken

    def _client(self, started: Started) -> Client:
        task = self._task
        limits = Limits(task.cell_timeout, task.timeout, task.stop)
        client = Client(self._notebook, started.manager, started.client, self._saver, self._tell, limits)
        self._saver.settle = client.settle
        name_cells(started.client, lambda: client.cell, self._prepared.known)
        return client

    async def _started(self) -> Started:
        name = self._prepared.kernel.name
        for start in range(1, _STARTS + 1):
            starting = start_kernel(name, folder=self._task.folder, environment=self._environment, warm=self._task.warm)
            try:
                return await unless(self._task.stop, starting)
            except (OSError, RuntimeError) as error:
                # Ports are chosen before the kernel binds them; on a busy machine another process may be quicker.
                if start == _STARTS:
                    said = self._cleaner.text(" ".join(str(error).split()))[:160]
                    raise StageLost(f"the kernel {name!r} does not start: {said}.") from error
        raise AssertionError

    def _subject(self) -> Subject:
        task = self._task
        outputs = self._environment.get(FOLDER, "")
        return Subject(
            prepared=self._prepared,
            parameters=task.parameters,
            variables=task.variables,
            facts=task.facts,
            outputs=Path(outputs) if outputs else None,
            limit=checkpoint_limit(task.folder) if task.checkpoint is not None else 0,
            secrets=self._cleaner.secrets,
            cleaned=self._saver.cell,
        )

    def _tell(self, cell: int, line: str, elapsed: float) -> None:
        self._task.on_cell(CellProgress(cell, self._cells, shortened(self._cleaner.text(line)), elapsed))

    def _failure(self, broken: Broken) -> Failure:
        clean = self._cleaner.text
        cell = number(self._notebook, broken.index)
        return Failure(cell, broken.type, clean(broken.message), clean(broken.traceback))
