"""Evaluations of gates: started by a request, going on without it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from nbops.errors import NbopsError

Key = tuple[str, str, str, str]

# Each evaluation is a subprocess that may use a whole processor.
_AT_ONCE = 2
_REMEMBERED = 200
Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class GateRuns:
    """Evaluations under way and the outcome of the last one of each kind; none runs twice at the same time."""

    def __init__(self, log: Log) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="nbops-gates")
        self._lock = threading.Lock()
        self._runs: dict[Key, Future[Any]] = {}
        self._log = log

    def start(self, key: Key, evaluate: Callable[[], Any]) -> None:
        """Begin an evaluation unless one of the same version for the same target goes on."""
        with self._lock:
            known = self._runs.pop(key, None)
            self._runs[key] = known if known is not None and not known.done() else self._threads.submit(evaluate)
            for old in [old for old, run in self._runs.items() if run.done()][:-_REMEMBERED]:
                del self._runs[old]

    def outcome(self, key: Key, patience: float) -> dict[str, Any]:
        """Wait some seconds for the end; say whether it goes on, and why it gave no report if it did not."""
        with self._lock:
            run = self._runs.get(key)
        if run is None:
            return {"running": False, "failure": ""}
        done, _ = wait([run], timeout=patience)
        if not done:
            return {"running": True, "failure": ""}
        if run.cancelled():
            return {"running": False, "failure": "The server has stopped the evaluation."}
        error = run.exception()
        if error is None:
            return {"running": False, "failure": ""}
        if isinstance(error, NbopsError):
            return {"running": False, "failure": str(error)}
        self._log.error("nbops: gates of %s version %s", key[1], key[2], exc_info=error)
        return {"running": False, "failure": "The gates could not be run. The server's log says more."}

    def stop(self) -> None:
        """Begin no further evaluation."""
        self._threads.shutdown(wait=False, cancel_futures=True)
