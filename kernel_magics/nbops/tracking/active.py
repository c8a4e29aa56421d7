"""Which tracked run is open in this process. Standard library only."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that is being captured; ``tags`` go onto every MLflow run made meanwhile."""

    run_id: str
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)


_open: list[ActiveRun] = []
_lock = threading.Lock()
_seen = 0


def enter(run: ActiveRun) -> None:
    """Make ``run`` the open run of this process; runs may nest."""
    with _lock:
        _open.append(run)


def leave(run: ActiveRun) -> None:
    """Close ``run``; doing so twice is harmless."""
    with _lock:
        if run in _open:
            _open.remove(run)


def current() -> ActiveRun | None:
    """Give the innermost open run, whichever thread asks."""
    with _lock:
        return _open[-1] if _open else None


def note_mlflow() -> None:
    """Remember that MLflow asked for the tags of a new run."""
    global _seen
    with _lock:
        _seen += 1


def mlflow_runs_seen() -> int:
    """Count the MLflow runs that were made in this process so far."""
    return _seen
