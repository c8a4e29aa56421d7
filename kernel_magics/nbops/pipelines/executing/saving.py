"""Keep an executing notebook: whole at most every two seconds and at its end, each finished cell at once in the journal.

papermill writes the whole notebook twice for each cell, which costs the square of its size. Here a cell is made free of
secrets and written as JSON once, when it has finished; writing the whole then only puts the pieces one after the other.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat.v4
from nbformat import NotebookNode
from nbformat.v4.nbjson import BytesEncoder
from nbformat.v4.rwbase import split_lines

from nbops.pipelines.executing.cleaning import Cleaner
from nbops.pipelines.executing.journal import Journal
from nbops.workspace.blobs import write_atomically

Store = Callable[[bytes], None]
EVERY = 2.0
# A large notebook on a slow disk is written more rarely: writing must stay a small share of the time.
_SHARE = 10
_log = logging.getLogger("nbops.pipelines")


class Saver:
    """Keeps one executing notebook.

    Parameters
    ----------
    notebook
        What executes; its cells change while it does.
    cleaner
        Takes out the secrets.
    store
        Keeps the bytes of the whole notebook.
    journal
        Keeps each finished cell; none where the notebook is no file of this machine.
    every
        Seconds between two writes of the whole, at least.

    Attributes
    ----------
    settle
        Called before cells are looked at, to bring their outputs up to date.
    """

    def __init__(
        self, notebook: Any, cleaner: Cleaner, store: Store, journal: Journal | None = None, *, every: float = EVERY
    ) -> None:
        self.notebook = notebook
        self.settle: Callable[[], None] = lambda: None
        self._cleaner, self._store, self._journal, self._every = cleaner, store, journal, every
        self._clean: dict[int, dict[str, Any]] = {}
        self._written: dict[int, bytes] = {}
        self._changed = True
        self._not_before = 0.0
        self._aside: Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None

    def begin(self) -> None:
        """Write the notebook as it is before it executes.

        Raises
        ------
        WorkspaceError
            It cannot be written.
        """
        # Twice: what a later cell binds to a telling name may stand in an earlier one.
        self._cleaner.learn(str(cell.source) for cell in self.notebook.cells)
        if self._journal is not None:
            self._journal.remove()
        self._store(self._content())
        if self._journal is not None:
            self._journal.begin(len(self.notebook.cells))
        self._not_before = time.monotonic() + self._every

    def changed(self, index: int) -> None:
        """Note that a cell is not what it was when it was last looked at."""
        self._clean.pop(index, None)
        self._written.pop(index, None)
        self._changed = True

    def finished(self, index: int) -> None:
        """Note that a cell has finished: it goes into the journal."""
        self.settle()
        self.changed(index)
        if self._journal is not None:
            self._journal.add(index, self.cell(index))

    def save_if_due(self) -> None:
        """Write the whole notebook beside what goes on, if something has changed and it is time."""
        if not self._changed or time.monotonic() < self._not_before:
            return
        if self._aside is not None and not self._aside.done():
            return
        begun = time.monotonic()
        self.settle()
        content = self._content()
        now = time.monotonic()
        # A cell with very many outputs that still runs is put together anew each time.
        self._not_before = now + max(self._every, _SHARE * (now - begun))
        self._pool = self._pool or ThreadPoolExecutor(1, "nbops-saving")
        self._aside = self._pool.submit(self._store_aside, content)

    def close(self) -> None:
        """Write the notebook as it ended, and remove the journal.

        Raises
        ------
        WorkspaceError
            It cannot be written; the journal stays.
        """
        if self._pool is not None:
            self._pool.shutdown()
        self.settle()
        self._store(self._content())
        if self._journal is not None:
            self._journal.remove()

    def kept(self) -> Any:
        """Give the notebook as it is kept: without its secrets."""
        cells = [self.cell(index) for index in range(len(self.notebook.cells))]
        return nbformat.from_dict({**self.notebook, "cells": cells, "metadata": self._metadata()})

    def cell(self, index: int) -> dict[str, Any]:
        """Give a cell as it is kept: without its secrets."""
        found = self._clean.get(index)
        if found is None:
            found = self._clean[index] = self._cleaner.cell(self.notebook.cells[index])
        return found

    def _metadata(self) -> Any:
        found = self._cleaner.everything(self.notebook.metadata)
        if "parameters" in found.get("papermill", ()):
            found["papermill"]["parameters"] = self._cleaner.parameters(self.notebook.metadata.papermill.parameters)
        return found

    def _content(self) -> bytes:
        cells = self.notebook.cells
        for index in range(len(cells)):
            if index not in self._written:
                self._written[index] = _as_json(_on_disk(self.cell(index)), 2)
        rest = {key: value for key, value in self.notebook.items() if key != "cells"}
        rest["metadata"] = {key: value for key, value in self._metadata().items() if key not in _TRANSIENT}
        self._changed = False
        head = b'{\n "cells": [' + (b"\n" if cells else b"")
        body = b",\n".join(self._written[index] for index in range(len(cells)))
        foot = (b"\n ]" if cells else b"]") + b",\n" + _as_json(rest, 0).removeprefix(b"{\n") + b"\n"
        return b"".join((head, body, foot))

    def _store_aside(self, content: bytes) -> None:
        begun = time.monotonic()
        try:
            self._store(content)
        except Exception as error:
            # The journal has what this would have kept, and the last write is not made aside.
            _log.warning("the notebook cannot be kept while it executes: %s", " ".join(str(error).split())[:200])
        now = time.monotonic()
        self._not_before = max(self._not_before, now + _SHARE * (now - begun))


def file_saver(path: Path, notebook: Any, cleaner: Cleaner, *, mode: int = 0o644) -> Saver:
    """Keep a notebook in a file of this machine, with these permissions."""
    return Saver(notebook, cleaner, lambda content: write_atomically(path, content, mode=mode), Journal(path))


_TRANSIENT = frozenset({"orig_nbformat", "orig_nbformat_minor", "signature"})


def _on_disk(cell: dict[str, Any]) -> Any:
    """Give a cell with its texts as lists of lines, as nbformat writes it."""
    found = nbformat.from_dict({**cell, "metadata": {**cell["metadata"]}})
    found.metadata.pop("trusted", None)
    return split_lines(NotebookNode(cells=[found])).cells[0]


def _as_json(value: Any, indent: int) -> bytes:
    text = json.dumps(value, cls=BytesEncoder, indent=1, sort_keys=True, separators=(",", ": "), ensure_ascii=False)
    if indent:
        blanks = " " * indent
        # Within texts line ends are escaped, so each one here begins a line of the layout.
        text = blanks + text.replace("\n", f"\n{blanks}")
    return text.encode("utf-8", "backslashreplace")
