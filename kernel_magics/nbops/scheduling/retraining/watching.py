"""Retraining under the leader: decided when something has happened, carried out by processes of their own."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from nbops.errors import NbopsError
from nbops.ledger import open_ledger
from nbops.ledger.owning import owned
from nbops.scheduling.retraining.carrying import launch_counting, launch_retraining
from nbops.scheduling.retraining.deciding import decide_due
from nbops.scheduling.retraining.rows import GOING_ON, D, P, policy_of
from nbops.scheduling.retraining.settling import settle
from nbops.scheduling.settings import read_scheduler
from nbops.workspace import Workspace

# Something may have been written by a transaction that became visible late; labels are counted by another process.
_AGAIN, _COUNT_EVERY = 60.0, 300.0
# A process that was started appears as the owner of its decision within so many seconds, or is started again.
_PATIENCE = 60.0
_log = logging.getLogger("nbops.scheduler")
# Starts a process that carries out the decision of that number.
Trainer = Callable[[Workspace, int], Any]


class RetrainWatch:
    """Sees to the retraining of the models of a workspace.

    Parameters
    ----------
    workspace
        Which one.
    start
        Starts a process that retrains.
    """

    def __init__(self, workspace: Workspace, start: Trainer = launch_retraining) -> None:
        self._workspace, self._start = workspace, start
        self._seen, self._again_at, self._count_at = -1, 0.0, 0.0
        self._started: dict[int, float] = {}

    def see(self, *, due: int, going_on: int, signals: int, now: float) -> None:
        """Do what is to be done now.

        Parameters
        ----------
        due, going_on
            How many policies have come due by the clock, and trainings wait or run.
        signals
            The number of the last signal.
        now
            The time in seconds since the epoch.

        Raises
        ------
        LedgerError
            The ledger does not answer.
        """
        if due or signals != self._seen or now >= self._again_at:
            self._seen, self._again_at = signals, now + _AGAIN
            going_on += len(decide_due(self._workspace, now, count=False))
            self._count(now)
        if going_on:
            settle(self._workspace, now)
            self._launch(now)

    def _count(self, now: float) -> None:
        if now < self._count_at:
            return
        self._count_at = now + _COUNT_EVERY
        with open_ledger(self._workspace).connect() as connection:
            rows = connection.execute(select(P).where(owned(self._workspace, P), P.c.paused.is_(False))).all()
        if any("volume" in policy_of(row).on for row in rows):
            self._guarded(lambda: launch_counting(self._workspace))

    def _launch(self, now: float) -> None:
        going_on = (owned(self._workspace, D), D.c.outcome.in_(GOING_ON))
        with open_ledger(self._workspace).connect() as connection:
            rows = connection.execute(select(D.c.id, D.c.outcome).where(*going_on).order_by(D.c.id)).all()
        numbers = [row.id for row in rows if row.outcome == "queued"]
        self._started = {number: at for number, at in self._started.items() if number in numbers}
        # A hundred models may drift in one night; so many pipelines run beside each other, and the others wait.
        coming = [number for number in numbers if now < self._started.get(number, 0.0)]
        free = read_scheduler(self._workspace).at_once - (len(rows) - len(numbers)) - len(coming)
        for number in [number for number in numbers if number not in coming][: max(free, 0)]:
            self._started[number] = now + _PATIENCE
            self._guarded(functools.partial(self._start, self._workspace, number))

    def _guarded(self, start: Callable[[], Any]) -> None:
        try:
            start()
        except NbopsError as error:
            # The others must not suffer from it; it is tried again.
            _log.warning("%s", error)
