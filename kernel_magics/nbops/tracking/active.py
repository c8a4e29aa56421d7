"""Which tracked run is open in this process. Standard library only."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that is being captured; ``tags`` go onto every MLflow run made meanwhile."""

    run_id: str
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class _Entry:
    run: ActiveRun
    thread: int
    outer: _Entry | None
    open: bool = True

    @property
    def is_cell(self) -> bool:
        return self.run.tags.get("nbops.kind") == "cell"


_entries: list[_Entry] = []
_lock = threading.Lock()
_innermost: ContextVar[_Entry | None] = ContextVar("nbops_innermost", default=None)
_seen = 0


def enter(run: ActiveRun) -> None:
    """Make ``run`` the open run of this thread or task; runs may nest."""
    entry = _Entry(run, threading.get_ident(), _innermost.get())
    with _lock:
        _entries.append(entry)
    _innermost.set(entry)


def leave(run: ActiveRun) -> None:
    """Close ``run``; doing so twice is harmless."""
    with _lock:
        for entry in _entries:
            if entry.run is run:
                entry.open = False
        _entries[:] = [entry for entry in _entries if entry.open]
    _innermost.set(_own())


def current() -> ActiveRun | None:
    """Give the open run that the code running here belongs to.

    That is the innermost of its task or thread, else the tracked cell, else, in a thread of a pool, what the main thread
    has open. Tasks of one loop do not belong to each other.
    """
    own = _own()
    if own is not None:
        return own.run
    with _lock:
        entries = list(_entries)
    main = threading.main_thread().ident
    in_main = threading.get_ident() == main
    shared = [entry for entry in entries if entry.is_cell or (not in_main and entry.thread == main)]
    return shared[-1].run if shared else None


def _own() -> _Entry | None:
    entry = _innermost.get()
    while entry is not None and not entry.open:
        entry = entry.outer
    return entry


def note_mlflow() -> None:
    """Remember that MLflow asked for the tags of a new run."""
    global _seen
    with _lock:
        _seen += 1


def mlflow_runs_seen() -> int:
    """Count the MLflow runs that were made in this process so far."""
    return _seen
