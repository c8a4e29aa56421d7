"""The courier: one small process per workspace that carries the outbox into the ledger and the ledger into MLflow.

``python -m nbops.tracking.courier --workspace ROOT``. It holds a lock file while it lives, retries for ever, and ends
by itself when nothing has happened for a while or the workspace is gone.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from nbops.errors import NbopsError
from nbops.ledger import open_ledger, tables
from nbops.tracking.delivery import deliver
from nbops.tracking.forwarding import Forwarder
from nbops.tracking.launch import LOCK, ensure_running, is_running, name_holder, start
from nbops.tracking.outbox import Outbox, outbox_of
from nbops.tracking.process import process_identity
from nbops.tracking.reconciling import undelivered
from nbops.tracking.registry_due import waiting
from nbops.tracking.registry_seen import seen
from nbops.tracking.watch import Watch
from nbops.tracking.webhooks import Postman
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.locks import HeldLock, try_lock

__all__ = ["Courier", "CourierStatus", "ensure_running", "flush", "is_running", "main", "status"]

_TICK = 0.05
_IDLE = 600.0
_LONGEST_LOG = 1_000_000
_log = logging.getLogger("nbops.courier")


@dataclass(frozen=True, slots=True)
class CourierStatus:
    """``pending`` counts what MLflow does not have yet; ``error`` is what last went wrong with one of those.

    ``ledger`` says whether the ledger answered; without it the count is no count.
    """

    running: bool
    pending: int
    error: str = ""
    ledger: bool = True


def status(workspace: Workspace) -> CourierStatus:
    """Look at courier and queue. A ledger that does not answer shows as the error."""
    if not workspace.data.exists():
        return CourierStatus(running=False, pending=0)
    try:
        waiting, refused = 0, ""
        if workspace.outbox.exists():
            box = outbox_of(workspace)
            waiting, refused = box.pending(), _refused(box)
        undelivered, error = _undelivered(workspace)
    except NbopsError as problem:
        return CourierStatus(running=is_running(workspace), pending=0, error=str(problem), ledger=False)
    return CourierStatus(running=is_running(workspace), pending=waiting + undelivered, error=error or refused)


def flush(workspace: Workspace, timeout: float = 60.0) -> bool:
    """Wait until ledger and MLflow have everything and MLflow's registry was looked at; give whether that is so.

    Starts a courier for it if none lives, whatever the settings say, because this was asked for.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    deliver(workspace)
    end = time.monotonic() + timeout
    started = 0.0
    while True:
        state = status(workspace)
        if not state.pending and state.ledger and seen(workspace):
            return True
        if time.monotonic() > end:
            return False
        if not state.running and time.monotonic() - started > 10:
            start(workspace, *(() if workspace.courier_wanted else ("--once", str(timeout))))
            started = time.monotonic()
        time.sleep(0.1)


def _refused(box: Outbox) -> str:
    refused = box.refused()
    if not refused:
        return ""
    run_id, reason = refused[0]
    return f"{len(refused)} entries of the outbox do not fit the ledger and were set aside, last of run {run_id[:8]}: {reason}"


def _undelivered(workspace: Workspace) -> tuple[int, str]:
    runs = tables.runs
    waits = undelivered(workspace)
    with open_ledger(workspace).connect() as connection:
        count = connection.scalar(select(func.count()).select_from(runs).where(waits)) or 0
        count += waiting(connection)
        error = connection.scalar(
            select(runs.c.delivery_error)
            .where(waits, runs.c.delivery_error != "")
            .order_by(runs.c.updated_at.desc())
            .limit(1)
        )
    return count, error or ""


class Courier:
    """The loop: this thread carries outbox to ledger at once, others ledger to MLflow and events to webhooks."""

    def __init__(self, workspace: Workspace, lock: HeldLock, *, idle: float = _IDLE, once: float | None = None) -> None:
        self._workspace = workspace
        self._lock = lock
        self._idle = idle
        self._until = None if once is None else time.monotonic() + once
        self._forwarder = Forwarder(workspace, self.at_home)
        self._postman = Postman(workspace, self.at_home)
        self._stop = threading.Event()

    def stop(self) -> None:
        """End soon."""
        self._stop.set()

    def at_home(self) -> bool:
        """Whether the workspace is still the one this courier began in, and not gone or made anew."""
        try:
            held, found = os.fstat(self._lock.descriptor), os.stat(self._workspace.locks / LOCK)
        except OSError:
            return False
        return (held.st_dev, held.st_ino) == (found.st_dev, found.st_ino)

    def outdated(self) -> bool:
        """Whether MLflow's store was replaced under it, so that only another process can go on."""
        return self._forwarder.outdated()

    def run(self) -> None:
        """Work until there is nothing left to do."""
        others = (self._forwarder, self._postman)
        threads = [threading.Thread(target=other.run, name=type(other).__name__, daemon=True) for other in others]
        for thread in threads:
            thread.start()
        watch = Watch(self._workspace.outbox)
        last, pause, reconciled = time.monotonic(), _TICK, 0.0
        while not self._stop.is_set() and self.at_home() and not self.outdated():
            now = time.monotonic()
            if watch.changed() or now - reconciled > 5:
                reconciled = now
                pause, moved = self._carry(pause)
                last = now if moved else last
            if any(other.busy() for other in others):
                last = now
            if now - last > self._idle or self._finished(now):
                break
            self._stop.wait(pause)
        for other in others:
            other.stop()
        for thread in threads:
            thread.join(30)

    def _carry(self, pause: float) -> tuple[float, bool]:
        try:
            moved = deliver(self._workspace) > 0
        except Exception as error:  # the loop must outlive whatever this was
            _log.warning("%s", error, exc_info=not isinstance(error, NbopsError))
            return min(pause * 2, 5.0), False
        if moved:
            self._forwarder.wake()
        return _TICK, moved

    def _finished(self, now: float) -> bool:
        if self._until is None:
            return False
        if now > self._until:
            return True
        busy = self._forwarder.busy() or self._postman.busy()
        return not busy and not status(self._workspace).pending and seen(self._workspace)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the courier of one workspace; give 0, also when another one already does the work."""
    parser = argparse.ArgumentParser(prog="nbops.tracking.courier")
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--idle", type=float, default=_IDLE, help="end after so many quiet seconds")
    parser.add_argument("--once", type=float, default=None, help="deliver what waits, at most so many seconds, and end")
    parser.add_argument("--lock", type=int, default=None, help="open file that already holds the courier's lock")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    workspace = find_workspace(options.workspace)
    _shorten_log(workspace)
    lock = HeldLock(options.lock) if options.lock is not None else _take_lock(workspace)
    if lock is None:
        return 0
    name_holder(workspace, process_identity())
    courier = Courier(workspace, lock, idle=options.idle, once=options.once)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: courier.stop())
    courier.run()
    if not courier.at_home():
        return 0
    # Nobody may take us for alive once we have looked for the last time.
    name_holder(workspace, "")
    lock.release()
    if courier.outdated():
        start(workspace, "--idle", str(options.idle), *(() if options.once is None else ("--once", str(options.once))))
    # Something may have come between the last look and letting go of the lock.
    elif options.once is None and workspace.outbox.exists() and outbox_of(workspace).pending():
        ensure_running(workspace)
    return 0


def _take_lock(workspace: Workspace) -> HeldLock | None:
    workspace.ensure()
    for _ in range(20):
        # Whoever merely asks whether a courier runs holds the lock for an instant.
        lock = try_lock(workspace.locks / LOCK)
        if lock is not None:
            return lock
        time.sleep(0.02)
    return None


def _shorten_log(workspace: Workspace) -> None:
    if workspace.courier_log.exists() and workspace.courier_log.stat().st_size > _LONGEST_LOG:
        os.truncate(workspace.courier_log, 0)


if __name__ == "__main__":
    sys.exit(main())
