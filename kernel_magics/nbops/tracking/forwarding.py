"""From the ledger into MLflow, in order, with patience: what does not arrive is tried again for ever."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from nbops.errors import NbopsError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.tracking import foreign, registry_due, registry_foreign, registry_mirror, registry_seen
from nbops.tracking.mlflow_store import local_path
from nbops.tracking.reconciling import undelivered
from nbops.tracking.watch import Watch
from nbops.tracking.whole_runs import load_run, load_series
from nbops.workspace import Workspace
from nbops.workspace.location import sqlite_path
from nbops.workspace.ownership import workspace_id

if TYPE_CHECKING:
    from nbops.tracking.mirror import Mirror

_FIRST, _LONGEST = 0.5, 15.0
_FOREIGN_LOCAL, _FOREIGN_REMOTE = 2.0, 15.0
_log = logging.getLogger("nbops.courier")


class Forwarder:
    """Delivers ended runs, registered versions and aliases to MLflow, and collects the runs of others.

    Parameters
    ----------
    workspace
        Whose ledger and store.
    at_home
        Tells whether the workspace is still there; opening the ledger of one that was deleted would make it again.
    """

    def __init__(self, workspace: Workspace, at_home: Callable[[], bool] = lambda: True) -> None:
        self._at_home = at_home
        self._workspace = workspace
        self._mirror: Mirror | None = None
        self._opened_file: tuple[int, int] | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._busy = True
        self._attempts: dict[str, tuple[int, float]] = {}
        self._calm_until = 0.0
        self._foreign_next = 0.0
        self._foreign_due = False
        self._file = sqlite_path(workspace.mlflow_uri)
        self._store = Watch(self._file) if self._file is not None else None

    def wake(self) -> None:
        """Say that there may be something to deliver."""
        self._busy = True
        self._wake.set()

    def stop(self) -> None:
        """End after the run at hand."""
        self._stop.set()
        self._wake.set()

    def busy(self) -> bool:
        """Whether there is, or may be, something to deliver."""
        return self._busy

    def run(self) -> None:
        """Work until :meth:`stop`."""
        while not self._stop.is_set():
            self._wake.clear()
            try:
                left = self._at_home() and self.round()
            except NbopsError as error:
                _log.warning("%s", error)
                left = True
            except Exception:
                _log.exception("the courier stumbled")
                left = True
            self._busy = left or self._wake.is_set()
            self._wake.wait(_FIRST if left else 1.0)

    def round(self) -> bool:
        """Do what is due now; give whether something is left.

        Raises
        ------
        NbopsError
            The ledger does not answer.
        """
        ledger = open_ledger(self._workspace)
        waiting = self._waiting(ledger)
        # A read-only visit of a store nobody uses must not import MLflow.
        if not waiting and not registry_due.due(ledger):
            self._collect(ledger)
            return False
        self._busy = True
        if time.monotonic() < self._calm_until:
            return True
        for run_id in waiting:
            if self._stop.is_set():
                return True
            self._forward(ledger, run_id)
        self._forward_registry(ledger)
        self._collect(ledger)
        return bool(self._waiting(ledger)) or registry_due.due(ledger)

    def _waiting(self, ledger: Ledger) -> list[str]:
        runs = tables.runs
        wanted = select(runs.c.run_id).where(undelivered(self._workspace))
        with ledger.connect() as connection:
            # Parents begin before their children and are wanted first, though they may end last.
            return list(connection.scalars(wanted.order_by(runs.c.started_at)))

    def _opened(self) -> Mirror:
        if self._mirror is None:
            from nbops.tracking.mirror import Mirror

            self._mirror = Mirror(self._workspace)
            self._opened_file = _identity(self._workspace)
        return self._mirror

    def outdated(self) -> bool:
        """Whether the file of MLflow's store was removed or replaced; MLflow holds on to the old one in this process."""
        return self._opened_file is not None and self._opened_file != _identity(self._workspace)

    def _forward(self, ledger: Ledger, run_id: str) -> None:
        count, due = self._attempts.get(run_id, (0, 0.0))
        if time.monotonic() < due or time.monotonic() < self._calm_until:
            return
        try:
            run = load_run(ledger, run_id)
            parent = (
                load_run(ledger, run.parent_id).mlflow_run_id if run.parent_id and _has(ledger, run.parent_id) else ""
            )
            series = load_series(ledger, run_id)
            found, experiment = self._opened().deliver(run, series, parent)
            self._adopt(ledger, run_id, found)
        except Exception as error:
            self._failed(ledger, run_id, count, error)
            return
        self._attempts.pop(run_id, None)
        _note(
            ledger,
            run_id,
            delivery="delivered",
            delivery_error="",
            mlflow_run_id=found,
            mlflow_experiment_id=experiment,
        )

    def _adopt(self, ledger: Ledger, run_id: str, found: str) -> None:
        # Children end before their parent, so they went to MLflow without knowing it.
        runs = tables.runs
        children = select(runs.c.mlflow_run_id).where(runs.c.parent_id == run_id, runs.c.mlflow_run_id != "")
        with ledger.connect() as connection:
            known = connection.scalars(children).all()
        for child in known:
            # What somebody has deleted in MLflow must not keep its parent from arriving.
            if self._opened().has(child):
                self._opened().client.set_tag(child, "mlflow.parentRunId", found)

    def _failed(self, ledger: Ledger, run_id: str, count: int, error: Exception) -> None:
        from nbops.tracking.mirror import describe

        wait = min(_FIRST * 2**count, _LONGEST)
        self._attempts[run_id] = (count + 1, time.monotonic() + wait)
        text = describe(error)
        _log.warning("run %s: %s (next try in %.0f s)", run_id[:8], text, wait)
        if not self._answers():
            # The store is away: asking it for every run would only make it slower to come back.
            self._calm_until = time.monotonic() + wait
        _note(ledger, run_id, delivery_error=text)

    def _answers(self) -> bool:
        try:
            self._opened().client.search_experiments(max_results=1)
        except Exception:
            return False
        return True

    def _forward_registry(self, ledger: Ledger) -> None:
        if time.monotonic() < self._calm_until or not registry_due.due(ledger):
            return
        count, due = self._attempts.get("registry", (0, 0.0))
        if time.monotonic() < due:
            return
        try:
            registry_mirror.deliver(self._workspace, self._opened())
            self._attempts.pop("registry", None)
            self._foreign_next = 0.0
        except Exception as error:
            from nbops.tracking.mirror import describe

            wait = min(_FIRST * 2**count, _LONGEST)
            self._attempts["registry"] = (count + 1, time.monotonic() + wait)
            _log.warning("registry: %s (next try in %.0f s)", describe(error), wait)

    def _collect(self, ledger: Ledger) -> None:
        now = time.monotonic()
        if now < self._foreign_next or now < self._calm_until:
            return
        self._foreign_next = now + (_FOREIGN_LOCAL if self._store else _FOREIGN_REMOTE)
        if self._store is not None and self._file is not None:
            self._foreign_due = self._store.changed() or self._foreign_due
            if not self._foreign_due or not self._file.exists():
                return
        self._foreign_due = False
        for what, step in (("runs of others", self._runs_of_others), ("MLflow's registry", self._look)):
            try:
                step(ledger)
            except Exception as error:
                from nbops.tracking.mirror import describe

                _log.warning("%s: %s", what, describe(error))
                self._foreign_due = True
                self._foreign_next = time.monotonic() + 4 * _FOREIGN_REMOTE

    def _runs_of_others(self, ledger: Ledger) -> None:
        mark = _read_mark(self._workspace)
        owner = workspace_id(self._workspace)
        foreign.collect(ledger, self._opened().client, owner=owner, everything=not mark.exists())
        mark.touch()

    def _look(self, _ledger: Ledger) -> None:
        begun = time.time()
        registry_foreign.look(self._workspace, self._opened().client)
        registry_seen.note(self._workspace, begun)


def _identity(workspace: Workspace) -> tuple[int, int] | None:
    path = local_path(workspace)
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _read_mark(workspace: Workspace) -> Path:
    """Give the file that exists once all runs of this store have been read into this ledger."""
    identity = f"{workspace.mlflow_uri} {workspace.ledger_uri}"
    file = sqlite_path(workspace.ledger_uri)
    if file is not None:
        identity += f" {os.stat(file).st_ino}"
    return workspace.locks / f"foreign-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.read"


def _has(ledger: Ledger, run_id: str) -> bool:
    with ledger.connect() as connection:
        return connection.scalar(select(tables.runs.c.run_id).where(tables.runs.c.run_id == run_id)) is not None


def _note(ledger: Ledger, run_id: str, **values: str) -> None:
    runs = tables.runs
    with ledger.begin() as connection:
        connection.execute(runs.update().where(runs.c.run_id == run_id).values(**values, updated_at=time.time()))
        ledger.touch(connection)
