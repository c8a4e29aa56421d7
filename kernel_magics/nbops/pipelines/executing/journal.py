"""What is known of an executing notebook between two writes of the whole: one line per finished cell.

A notebook ``NAME.ipynb`` that executes has a journal ``NAME.ipynb.journal`` beside it. Its first line says how many cells
there are, each further one what became of a cell. A line is written in one go, so that of a process that is killed only
the running cell is lost. Standard library only, but for :func:`read_executed`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError

_FORMAT = 1
_KEPT = ("outputs", "execution_count", "metadata")
_log = logging.getLogger("nbops.pipelines")


def journal_of(notebook: Path) -> Path:
    """Give the path of a notebook's journal."""
    return notebook.with_name(f"{notebook.name}.journal")


class Journal:
    """Writes the journal of a notebook.

    Parameters
    ----------
    notebook
        Path of the executed notebook.
    """

    def __init__(self, notebook: Path) -> None:
        self._path = journal_of(notebook)
        self._descriptor: int | None = None

    def begin(self, cells: int) -> None:
        """Begin an empty journal for a notebook of so many cells, which is in place already."""
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        except OSError as error:
            self._give_up(error)
        self._line({"nbops": _FORMAT, "cells": cells})

    def add(self, index: int, cell: Mapping[str, Any]) -> None:
        """Write what became of a cell."""
        self._line({"cell": index, **{key: cell[key] for key in _KEPT if key in cell}})

    def remove(self) -> None:
        """Remove the journal: the notebook itself is whole."""
        self._close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _line(self, content: Mapping[str, Any]) -> None:
        if self._descriptor is None:
            return
        line = json.dumps(content, ensure_ascii=False, default=_ascii).encode("utf-8", "backslashreplace") + b"\n"
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            # A torn line must stay the last one.
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._close()
        _log.warning("%s cannot be written: %s", self._path, error.strerror or error)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read_executed(path: Path) -> Any:
    """Give an executed notebook as it stands, as nbformat has it; also while it executes, or after its process was killed.

    Raises
    ------
    PipelineError
        There is no notebook at ``path``.
    """
    import nbformat.v4

    return nbformat.v4.to_notebook(executed_json(path))


def executed_json(path: Path) -> dict[str, Any]:
    """Give an executed notebook as it stands, as JSON has it.

    Raises
    ------
    PipelineError
        There is no notebook at ``path``.
    """
    # The journal first: it goes when the notebook has everything that is in it.
    lines = _lines(journal_of(path))
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cells = content["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        said = " ".join(str(error).split())[:160]
        raise PipelineError(f"{path} is no executed notebook: {said}.") from error
    if lines and lines[0].get("nbops") == _FORMAT and lines[0].get("cells") == len(cells):
        for line in lines[1:]:
            cells[line["cell"]].update({key: line[key] for key in _KEPT if key in line})
    return content


def _lines(journal: Path) -> list[dict[str, Any]]:
    found = []
    with contextlib.suppress(OSError):
        for line in journal.read_bytes().split(b"\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                # Torn when its process was killed, or still being written.
                break
    return found


def _ascii(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("ascii")
    raise TypeError(f"{type(value).__name__} is not JSON")
