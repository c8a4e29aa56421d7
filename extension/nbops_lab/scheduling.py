"""Schedules of the workspaces that are open in this server: one thread each, which competes with other schedulers to lead."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from nbops.errors import NbopsError
from nbops.workspace import Workspace
from nbops.workspace.trust import is_trusted

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]
_PATIENCE = 5.0


class Schedulers:
    """The schedulers of one server.

    Parameters
    ----------
    log
        The server's log.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._threads: dict[Path, threading.Thread] = {}
        self._stop = threading.Event()

    def attend(self, workspace: Workspace) -> None:
        """Look after the schedules of a workspace from now on; doing it again costs nothing. Call it in a thread.

        Not where the workspace may only be looked at, and not where ``jupyter = false`` stands in ``[scheduler]``. Nor where
        this user has set up no schedule at this place: a folder that comes from somebody else must not run by being opened.
        """
        with self._lock:
            known = self._threads.get(workspace.root)
            if self._stop.is_set() or workspace.readonly or (known is not None and known.is_alive()):
                return
            if not self._wanted(workspace):
                return
            name = f"nbops-scheduler-{workspace.root.name}"
            thread = threading.Thread(target=self._run, args=(workspace,), name=name, daemon=True)
            self._threads[workspace.root] = thread
            thread.start()

    def stop(self) -> None:
        """End all of them, and let other processes lead."""
        self._stop.set()
        for thread in self._threads.values():
            thread.join(_PATIENCE)

    def _wanted(self, workspace: Workspace) -> bool:
        from nbops.scheduling.settings import read_scheduler

        try:
            return read_scheduler(workspace).jupyter and is_trusted(workspace)
        except NbopsError as error:
            self._log.warning("nbops: %s", error)
            return False

    def _run(self, workspace: Workspace) -> None:
        from nbops.scheduling.scheduler import Scheduler

        try:
            Scheduler(workspace).run(self._stop)
        except Exception:
            self._log.exception("nbops: the scheduler of %s has ended", workspace.root)
