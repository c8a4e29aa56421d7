"""Notice within a third of a second that a workspace has changed, at next to no cost.

SQLite files are asked for their ``data_version``, which costs microseconds and moves exactly when another connection
has committed; file times would also move when a reader opens and closes the file, and every refresh would cause the
next. Only then is the ledger asked for its revision: signs of life and leases are nothing to see. A ledger in PostgreSQL
is asked for its revision once a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from nbops.errors import NbopsError
from nbops.tracking.watch import LedgerWatch, Watch
from nbops.workspace import Workspace

TICK = 0.3
_LEDGER_PAUSE = 1.0


class LedgerProbe:
    """Tells whether a ledger that is no local file has a new revision; asks at most once a second."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._next = 0.0
        self._seen: int | None = None

    def changed(self) -> bool:
        """Whether the revision has moved since the last answer."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _LEDGER_PAUSE
        from nbops.ledger import open_ledger

        try:
            before, self._seen = self._seen, open_ledger(self._workspace).revision()
        except NbopsError:
            # Down for a while is not a change; ask less often until it is back.
            self._next = now + 10 * _LEDGER_PAUSE
            return False
        return self._seen != before

    def close(self) -> None:
        """Do nothing: the ledger is shared."""


class Watched:
    """One workspace under watch."""

    def __init__(self, workspace: Workspace) -> None:
        self.root = str(workspace.root)
        self.ledger_uri = workspace.ledger_uri
        self.probes: list[Watch | LedgerProbe] = [Watch(workspace.outbox), _ledger_probe(workspace)]
        self.revision = 0
        self.nudged = False
        self.changed()
        self.revision = 0

    def changed(self) -> bool:
        """Whether anything has changed since the last call."""
        moved = [probe.changed() for probe in self.probes]
        if self.nudged:
            self.nudged = False
            moved.append(True)
        self.revision += any(moved)
        return any(moved)

    def close(self) -> None:
        """Let go of all files."""
        for probe in self.probes:
            probe.close()


class Watcher:
    """Watches every workspace that was asked for and calls ``emit(root, revision)`` on the event loop.

    Parameters
    ----------
    threads
        Where the looking is done.
    emit
        Called with a workspace's root and a number that grows.
    log
        The server's log.
    """

    def __init__(
        self,
        threads: Executor,
        emit: Callable[[str, int], None],
        log: logging.Logger | logging.LoggerAdapter[logging.Logger],
    ) -> None:
        self._threads, self._emit, self._log = threads, emit, log
        self._lock = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, workspace: Workspace) -> None:
        """Watch a workspace from now on. Thread-safe; doing it again costs nothing."""
        root = str(workspace.root)
        with self._lock:
            known = self._watched.get(root)
            if known is not None and known.ledger_uri == workspace.ledger_uri:
                return
            if known is not None:
                known.close()
            self._watched[root] = Watched(workspace)

    def nudge(self, root: Path) -> None:
        """Tell pages to ask again, though nothing was written: what goes on in this server has changed. Thread-safe."""
        with self._lock:
            if (known := self._watched.get(str(root))) is not None:
                known.nudged = True

    def start(self) -> None:
        """Begin looking, from the event loop; doing it again costs nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="nbops-watcher")

    async def stop(self) -> None:
        """Stop looking and let go of all files."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with self._lock:
            for watched in self._watched.values():
                watched.close()
            self._watched.clear()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK)
            try:
                for root, revision in await loop.run_in_executor(self._threads, self._moved):
                    self._emit(root, revision)
            except Exception:
                self._log.exception("nbops: the watcher stumbled and goes on")

    def _moved(self) -> list[tuple[str, int]]:
        with self._lock:
            return [(one.root, one.revision) for one in self._watched.values() if one.changed()]


def _ledger_probe(workspace: Workspace) -> Watch | LedgerProbe:
    scheme, _, path = workspace.ledger_uri.partition(":///")
    if scheme.startswith("sqlite") and path:
        return LedgerWatch(Path(path).absolute())
    return LedgerProbe(workspace)
