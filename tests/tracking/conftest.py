"""Runs to put into outboxes and ledgers."""

from __future__ import annotations

import time
import uuid

import pytest

from nbops.records import CellRef, Run
from nbops.tracking.process import process_identity
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path, monkeypatch, ledger_uri):
    """A workspace whose ledger is each database in turn."""
    monkeypatch.setenv("NBOPS_LEDGER_URI", ledger_uri)
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    return find_workspace()


@pytest.fixture
def make_run():
    """Make a run, finished unless said otherwise."""

    def make(name="heron", **values):
        started = values.pop("started_at", time.time())
        cell = CellRef(notebook=values.pop("notebook", "/w/a.ipynb"), key=values.pop("key", "cell"), source="jupyterlab")
        ended = None if values.get("status") == "RUNNING" else started + 1
        known = {
            "run_id": uuid.uuid4().hex, "name": name, "experiment": "churn", "status": "FINISHED", "cell": cell,
            "started_at": started, "ended_at": ended, "duration": None if ended is None else 1.0,
            "process": process_identity(),
        }  # fmt: skip
        return Run(**{**known, **values})

    return make
