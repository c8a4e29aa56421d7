"""What an executed notebook says of its execution: times and how each cell stands, in papermill's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def begin(notebook: Any) -> datetime:
    """Take away what earlier executions left, and note the time."""
    began = datetime.now(UTC)
    _note(notebook, began, None, False)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
        mark(cell, "pending")
    return began


def end(notebook: Any, began: datetime, *, failed: bool) -> None:
    """Note that a notebook has come to its end."""
    _note(notebook, began, datetime.now(UTC), failed)


def mark(cell: Any, status: str, began: datetime | None = None, ended: datetime | None = None) -> None:
    """Note how a cell stands: ``pending``, ``running``, ``completed`` or ``failed``."""
    cell.metadata["papermill"] = {
        "exception": None if began is None else status == "failed",
        "start_time": began.isoformat() if began else None,
        "end_time": ended.isoformat() if ended else None,
        "duration": (ended - began).total_seconds() if ended and began else None,
        "status": status,
    }


def _note(notebook: Any, began: datetime, ended: datetime | None, failed: bool) -> None:
    notebook.metadata["papermill"] = {
        "start_time": began.isoformat(),
        "end_time": ended.isoformat() if ended else None,
        "duration": (ended - began).total_seconds() if ended else None,
        "exception": failed or None,
    }
