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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_place(request, tmp_path_factory):
    """The same for all tests of a module that only read; making a ledger takes most of a test's time."""
    root = tmp_path_factory.mktemp("shared")
    lines = ["courier = false"]
    if request.param == "postgresql":
        import psycopg

        server, name = request.getfixturevalue("postgres_server"), f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        lines.append(f'ledger_uri = "{server}/{name}"')
    (root / "nbops.toml").write_text("\n".join(lines) + "\n")
    return find_workspace(root)


@pytest.fixture(scope="session")
def make_run():
    """Make a run, finished unless said otherwise."""

    def make(name="heron", **values):
        started = values.pop("started_at", time.time())
        cell = CellRef(
            notebook=values.pop("notebook", "/w/a.ipynb"), key=values.pop("key", "cell"), source="jupyterlab"
        )
        ended = None if values.get("status") == "RUNNING" else started + 1
        known = {
            "run_id": uuid.uuid4().hex, "name": name, "experiment": "churn", "status": "FINISHED", "cell": cell,
            "started_at": started, "ended_at": ended, "duration": None if ended is None else 1.0,
            "process": process_identity(),
        }  # fmt: skip
        return Run(**{**known, **values})

    return make
