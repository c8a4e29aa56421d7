"""Monitors under the leader: what has come due is written down, looked at by processes of their own, and reminded of."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nbops.errors import NbopsError
from nbops.ledger import open_ledger
from nbops.monitoring.monitors.due import plan_due, settle
from nbops.monitoring.monitors.launching import launch_work
from nbops.monitoring.monitors.trouble import remind
from nbops.scheduling.settings import read_scheduler
from nbops.tracking.process import is_alive
from nbops.workspace import Workspace

# A process needs a moment until it takes a look; one that ends without having done any is not followed at once.
_PAUSE, _STUMBLED, _REMIND_EVERY, _SETTLE_EVERY = 3.0, 60.0, 60.0, 10.0
_log = logging.getLogger("nbops.scheduler")
# Starts a process that does the looks that wait, and gives its identity.
Worker = Callable[[Workspace], str]


class MonitorWatch:
    """Sees to the monitors of a workspace.

    Parameters
    ----------
    workspace
        Which one.
    start
        Starts a process that looks.
    """

    def __init__(self, workspace: Workspace, start: Worker = launch_work) -> None:
        self._workspace, self._start = workspace, start
        self._working: list[str] = []
        self._next, self._remind_at, self._settle_at = 0.0, 0.0, 0.0
        self._stuck = False

    def see(self, *, due: int, waiting: int, running: int, opened: int, now: float) -> None:
        """Do what is to be done now.

        Parameters
        ----------
        due, waiting, running, opened
            How many monitors have come due, looks wait for their turn, looks go on, incidents are open.
        now
            The time in seconds since the epoch.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        # What waited was taken, so that what comes now is something else.
        self._stuck = self._stuck and waiting > 0
        if due:
            waiting += plan_due(self._workspace, now)
        if running and now >= self._settle_at:
            self._settle_at = now + _SETTLE_EVERY
            waiting += settle(open_ledger(self._workspace), self._workspace)
        if opened and now >= self._remind_at:
            self._remind_at = now + _REMIND_EVERY
            remind(self._workspace, now)
        self._launch(waiting, now)

    def rest(self) -> None:
        """Start no process from now on: who asks does the looks itself."""
        self._next = float("inf")

    def _launch(self, waiting: int, now: float) -> None:
        before = len(self._working)
        self._working = [identity for identity in self._working if is_alive(identity)]
        if before > len(self._working) and self._stuck:
            # It ended and took nothing: something is wrong with it, not with what it looks at.
            self._next = max(self._next, now + _STUMBLED)
        if not waiting or now < self._next:
            return
        at_once = read_scheduler(self._workspace).at_once
        if len(self._working) >= min(at_once, waiting):
            return
        self._next, self._stuck = now + _PAUSE, True
        try:
            self._working.append(self._start(self._workspace))
        except NbopsError as error:
            self._next = now + _STUMBLED
            _log.warning("%s", error)
