"""The engine ``nbops`` of papermill: ``papermill IN OUT --engine nbops``.

Cells are executed by papermill's own client and errors told in papermill's own way. What differs is how the notebook is
kept meanwhile: see :mod:`nbops.pipelines.executing.saving`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.manager import AsyncKernelManager
from papermill.engines import NBClientEngine, NotebookExecutionManager
from papermill.iorw import LocalHandler, papermill_io

from nbops.pipelines.executing.asking import hear_everything, name_cells
from nbops.pipelines.executing.cleaning import Cleaner
from nbops.pipelines.executing.saving import Saver, file_saver

_REMOTE_EVERY = 30.0


class NbopsEngine(NBClientEngine):  # type: ignore[misc]
    """Executes a notebook as papermill's own engine does, but keeps it by a journal.

    Options are those of papermill's engine, and ``redact=False`` to leave secrets in sources and outputs.
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: Any = True,
        log_output: bool = False,
        autosave_cell_every: float = 30,
        **options: Any,
    ) -> Any:
        """Execute a notebook and give it back, whether a cell raised or not."""
        redact = bool(options.pop("redact", True))
        manager = _Manager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
            redact=redact,
        )
        if "km" not in options:
            options.setdefault("kernel_manager_class", manager.kernels)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **options)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb


class _Manager(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's note of how an execution stands, kept in our way."""

    def __init__(self, nb: Any, *, redact: bool, **options: Any) -> None:
        super().__init__(nb, **options)
        self._saver = self._kept(Cleaner(os.environ, wanted=redact))
        self._cell: Any = None
        self._index: int | None = None
        self._client: Any = None
        self._begun = False

    @property
    def kernels(self) -> type[AsyncKernelManager]:
        """A kernel manager whose clients tell the kernel which cell they execute."""
        outer = self
        # Papermill does not say which ids it has made up; those are new each time and name nothing.
        known = frozenset(str(cell["id"]) for cell in self.nb.cells if "id" in cell)

        class Kernels(AsyncKernelManager):
            def client(self, **options: Any) -> Any:
                client = super().client(**options)
                # By default outputs that come faster than they are kept are thrown away.
                client.context.setsockopt(zmq.RCVHWM, 0)
                spec = self.kernel_spec
                outer._client = client if spec is not None and spec.language == "python" else None
                name_cells(client, lambda: outer._cell, known)
                return client

        return Kernels

    def notebook_start(self, **changes: Any) -> None:
        """Begin: take away what earlier executions left, and write what is to be executed."""
        super().notebook_start(**changes)
        self._saver.notebook = self.nb
        self._saver.begin()
        self._begun = True

    def cell_start(self, cell: Any, cell_index: int | None = None, **changes: Any) -> None:
        """Note that a cell begins."""
        if self._cell is None and self._client is not None:
            hear_everything(self._client)
        self._cell, self._index = cell, cell_index
        self._changed(cell_index)
        super().cell_start(cell, cell_index=cell_index, **changes)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **changes: Any) -> None:
        """Note that a cell has ended, one way or the other."""
        super().cell_complete(cell, cell_index=cell_index, **changes)
        if cell_index is not None:
            self._saver.finished(cell_index)

    def autosave_cell(self, **changes: Any) -> None:
        """Keep the outputs of the cell that executes, if it is time."""
        self._changed(self._index)
        super().autosave_cell(**changes)

    def save(self, **changes: Any) -> None:
        """Keep the notebook if it is time."""
        if "nb" in changes:
            self.nb = self._saver.notebook = changes["nb"]
        if self._begun:
            self._saver.save_if_due()
            self.last_save_time = self.now()

    def notebook_complete(self, **changes: Any) -> None:
        """End: the notebook is kept whole, and goes back to papermill as it is kept."""
        super().notebook_complete(**changes)
        self._saver.close()
        self.nb = self._saver.kept()

    def _changed(self, index: int | None) -> None:
        if index is not None:
            self._saver.changed(index)

    def _kept(self, cleaner: Cleaner) -> Saver:
        path = self.output_path
        if path is None:
            return Saver(self.nb, cleaner, lambda content: None)
        handler = papermill_io.get_handler(path, [".ipynb", ".json"])
        file = _file(handler, path) if isinstance(handler, LocalHandler) else None
        if file is not None:
            return file_saver(file, self.nb, cleaner, mode=_mode(file))
        # Somebody else's store: rarely, and its own last write is papermill's.
        return Saver(self.nb, cleaner, lambda content: papermill_io.write(content.decode(), path), every=_REMOTE_EVERY)


def _file(handler: LocalHandler, path: str) -> Path | None:
    """Give the file that papermill would write, unless it is no plain one."""
    # The handler's folder is not the process's, which is the notebook's by now.
    folder = handler.cwd(None)
    handler.cwd(folder)
    file = Path(os.path.realpath(Path(folder or ".") / path))
    if not file.parent.is_dir():
        raise FileNotFoundError(f"output folder {os.path.dirname(path)} doesn't exist.")
    return file if file.is_file() or not file.exists() else None


def _mode(file: Path) -> int:
    """Give the permissions that a file has, or that a new one is to have."""
    try:
        return file.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
