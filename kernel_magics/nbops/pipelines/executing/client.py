"""The client that has a kernel execute cells: nbclient's, with limits of time, progress, and an eye on what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nbclient.client import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from nbops.capture.failure import plain
from nbops.pipelines.executing.asking import hear_everything
from nbops.pipelines.executing.deaths import death, oom_kills
from nbops.pipelines.executing.loops import Stopped
from nbops.pipelines.executing.marks import mark
from nbops.pipelines.executing.preparing import executable, number
from nbops.pipelines.executing.saving import Saver
from nbops.pipelines.executing.streams import LastLine, Pieces, carried_out

_TICK, _TELL_EVERY = 0.1, 0.5
# After an interrupt a cell has so long to end, so that its traceback shows where it was.
_GRACE = 5.0
_IOPUB_PATIENCE = 60
_STOPPED = "Stopped"
# What nbclient says of cells that fail is said in words of ours.
_quiet = logging.getLogger("nbops.pipelines.executing.client")
_quiet.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Broken:
    """What ended an execution: the position of the cell, and the exception that it raised or stands for."""

    index: int
    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a cell and the whole notebook may take, in seconds, and what stops it from outside."""

    cell: float | None = None
    notebook: float | None = None
    stop: threading.Event | None = None


class Client(NotebookClient):
    """Executes the cells of one notebook in a kernel that runs.

    Parameters
    ----------
    notebook
        What to execute; outputs are put into it.
    manager, client
        jupyter_client's asynchronous ones, of a kernel that answers.
    saver
        Keeps the notebook while it executes.
    tell
        Called with the number of a code cell, the last line it has printed and the seconds since it began.
    limits
        When to stop.
    """

    km: Any
    kc: Any

    def __init__(
        self,
        notebook: Any,
        manager: Any,
        client: Any,
        saver: Saver,
        tell: Callable[[int, str, float], None],
        limits: Limits,
    ) -> None:
        super().__init__(notebook, km=manager, timeout=None, iopub_timeout=_IOPUB_PATIENCE, log=_quiet)
        self.kc = client
        client.allow_stdin = False
        self._saver, self._tell, self._limits = saver, tell, limits
        self._pieces, self._line = Pieces(), LastLine()
        self._begun = self._cell_begun = time.monotonic()
        self._index = self._count = 0
        self._running = False
        self._told_at, self._news = 0.0, False
        self._over: Broken | None = None
        self._ended_early = False
        self._touched: set[int] = set()
        self._oom_kills = oom_kills()

    @property
    def cell(self) -> Any:
        """The cell that executes now, or did last."""
        return self.nb.cells[self._index]

    async def meet(self) -> None:
        """Note in the notebook what the kernel says of its language.

        Before any state is restored in it: a kernel of IPython draws a random number to introduce itself.
        """
        reply = await self.async_wait_for_reply(self.kc.kernel_info())
        found = reply["content"].get("language_info", {}) if reply is not None else {}
        if found:
            self.nb.metadata["language_info"] = found
        if found.get("name") == "python":
            hear_everything(self.kc)

    def settle(self) -> None:
        """Bring the outputs up to date."""
        self._pieces.settle()

    async def run(
        self, first: int = 0, between: Callable[[int, bool], Any] | None = None, always: int | None = None
    ) -> Broken | None:
        """Execute the cells one after the other; give what ended it before its time.

        Parameters
        ----------
        first
            Position of the first cell to execute; those before it have been.
        between
            Awaited with the position of each cell that was executed, and whether it succeeded, while the kernel lives.
        always
            Position of a cell to execute also when the notebook has ended itself by ``sys.exit()``.

        Raises
        ------
        Stopped
            The stop event was set.
        """
        self._count = sum(executable(cell) for cell in self.nb.cells[:first])
        watch = asyncio.ensure_future(self._watch())
        try:
            for index, cell in enumerate(self.nb.cells):
                if index < first or (self._ended_early and index != always):
                    continue
                if not executable(cell):
                    self._pass_over(index, cell)
                    continue
                broken = await self._cell(index, cell)
                if between is not None and not self.lost(broken):
                    await between(index, broken is None)
                if broken is not None:
                    return broken
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        self.set_widgets_metadata()
        return None

    def lost(self, broken: Broken | None) -> bool:
        """Whether nothing can be asked of the kernel after what has ended the execution."""
        return broken is not None and (broken is self._over or broken.type == "DeadKernelError")

    def _pass_over(self, index: int, cell: Any) -> None:
        now = datetime.now(UTC)
        mark(cell, "completed", now, now)
        self._saver.changed(index)

    async def _cell(self, index: int, cell: Any) -> Broken | None:
        began = datetime.now(UTC)
        mark(cell, "running", began)
        self._begin(index)
        broken: Broken | None = None
        status = "failed"
        try:
            broken = await self._outcome(index, cell)
            status = "failed" if broken else "completed"
        finally:
            self._end(index, cell, broken)
            mark(cell, status, began, datetime.now(UTC))
            self._journal(index)
        if broken is not None and broken.type == _STOPPED:
            raise Stopped
        self._saver.save_if_due()
        return broken

    async def _outcome(self, index: int, cell: Any) -> Broken | None:
        broken = None
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            broken = self._raised(index, error)
        except DeadKernelError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # nbclient takes any cancellation for a kernel that died.
                raise asyncio.CancelledError from None
            broken = self._over or Broken(index, "DeadKernelError", await self._death())
        return broken if self._over is None else self._over

    def _end(self, index: int, cell: Any, broken: Broken | None) -> None:
        self._running = False
        if broken is not None and broken.type != _STOPPED:
            _note(cell, broken)
        self._pieces.settle()
        for output in cell.outputs:
            if output["output_type"] == "stream":
                output["text"] = carried_out(output["text"])

    def _journal(self, index: int) -> None:
        for one in sorted(self._touched | {index}):
            self._saver.finished(one)
        self._touched.clear()

    def _raised(self, index: int, error: CellExecutionError) -> Broken | None:
        if error.ename == "SystemExit" and str(error.evalue) in {"", "0", "None"}:
            # As papermill has it: a notebook may end itself.
            self._ended_early = True
            return None
        return Broken(index, error.ename, " ".join(plain(str(error.evalue)).split()), plain(str(error.traceback)))

    async def _death(self) -> str:
        status: int | None = None
        with contextlib.suppress(Exception):
            status = await self.km.provisioner.poll()
        return death(status, oom_kills() > self._oom_kills)

    def _begin(self, index: int) -> None:
        self._index, self._cell_begun, self._running = index, time.monotonic(), True
        self._line, self._news = LastLine(), False
        self._count += 1
        self._say("")

    def _say(self, line: str) -> None:
        now = time.monotonic()
        self._told_at, self._news = now, False
        self._tell(self._count, line, now - self._cell_begun)

    async def _watch(self) -> None:
        """Look ten times a second after what must not wait for the kernel: limits, progress, saving."""
        interrupted: float | None = None
        while True:
            await asyncio.sleep(_TICK)
            if not self._running:
                interrupted = None
                continue
            now = time.monotonic()
            if self._news and now - self._told_at >= _TELL_EVERY:
                self._say(self._line.text)
            self._saver.save_if_due()
            if self._over is None and (over := self._beyond(now)) is not None:
                self._over, interrupted = over, now
                with contextlib.suppress(Exception):
                    await self.km.interrupt_kernel()
            patience = 0.0 if self._over is not None and self._over.type == _STOPPED else _GRACE
            if interrupted is not None and now - interrupted >= patience and self.task_poll_for_reply is not None:
                self.task_poll_for_reply.cancel()

    def _beyond(self, now: float) -> Broken | None:
        limits = self._limits
        if limits.stop is not None and limits.stop.is_set():
            return Broken(self._index, _STOPPED, "it was stopped")
        if limits.cell is not None and now - self._cell_begun > limits.cell:
            cell = number(self.nb, self._index)
            return Broken(self._index, "TimeoutError", f"cell {cell} ran longer than {limits.cell:g} s")
        if limits.notebook is not None and now - self._begun > limits.notebook:
            return Broken(self._index, "TimeoutError", f"the notebook ran longer than {limits.notebook:g} s")
        return None

    def output(self, outs: list[Any], msg: Any, display_id: Any, cell_index: int) -> Any:
        """Take an output; what is printed piece by piece becomes one output."""
        self._saver.changed(cell_index)
        if msg["msg_type"] == "stream" and not self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            self._line.add(msg["content"]["text"])
            self._news = True
            piece = {"output_type": "stream", **msg["content"]}
            if not self.clear_before_next_output and self._pieces.add(outs, piece):
                return None
        return super().output(outs, msg, display_id, cell_index)

    def clear_output(self, outs: list[Any], msg: Any, cell_index: int) -> None:
        """Take outputs away."""
        self._saver.changed(cell_index)
        super().clear_output(outs, msg, cell_index)

    def _update_display_id(self, display_id: str, msg: Any) -> None:
        super()._update_display_id(display_id, msg)
        for index in self._display_id_map.get(display_id, {}):
            self._saver.changed(index)
            self._touched.add(index)


def _note(cell: Any, broken: Broken) -> None:
    """Show in a cell why it was ended, if its own outputs do not."""
    if any(output["output_type"] == "error" and output["ename"] == broken.type for output in cell.outputs):
        return
    line = f"{broken.type}: {broken.message}"
    cell.outputs.append({"output_type": "error", "ename": broken.type, "evalue": broken.message, "traceback": [line]})
