"""Two workspaces that write into one ledger, as a team does: each minds its own runs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.tracking import courier, foreign, mlflow_store
from nbops.tracking.delivery import apply, deliver
from nbops.tracking.forwarding import Forwarder
from nbops.tracking.outbox import outbox_of
from nbops.tracking.process import process_identity
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace
from nbops.workspace.ownership import workspace_id


@pytest.fixture
def pair(tmp_path, monkeypatch, ledger_uri):
    """Two workspaces on one ledger, each database in turn."""
    return _pair(tmp_path, monkeypatch, ledger_uri)


@pytest.fixture
def pair_on_sqlite(tmp_path, monkeypatch):
    """The same where MLflow's stores, which take a while to make, matter more than the database."""
    return _pair(tmp_path, monkeypatch, f"sqlite:///{tmp_path}/shared.db")


def _pair(tmp_path, monkeypatch, uri):
    monkeypatch.setenv("NBOPS_LEDGER_URI", uri)
    monkeypatch.setenv("NBOPS_COURIER", "false")
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "nbops.toml").write_text("")
        found.append(find_workspace(tmp_path / name))
    return found


@pytest.fixture
def dead():
    """The identity of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = process_identity(child.pid)
    child.communicate(b"\n")
    return identity


def test_a_workspace_keeps_its_id_when_it_moves(tmp_path):
    (tmp_path / "a" / ".git").mkdir(parents=True)
    before = workspace_id(find_workspace(tmp_path / "a"))
    (tmp_path / "a").rename(tmp_path / "b")
    assert workspace_id(find_workspace(tmp_path / "b")) == before != ""


def test_a_dead_run_is_closed_by_its_own_workspace_only(pair, make_run, dead):
    first, second = pair
    run = make_run(status="RUNNING", process=dead)
    outbox_of(second).start(run)
    # Applied but not reconciled: its process was alive a moment ago.
    ledger = open_ledger(second)
    with ledger.begin() as connection:
        apply(ledger, connection, outbox_of(second).entries(), owner=workspace_id(second))
    deliver(first)
    assert get_run(first, run.run_id).status == "RUNNING"
    deliver(second)
    assert get_run(first, run.run_id).status == "KILLED"


def test_last_words_that_come_after_all_are_heard(pair, make_run, dead):
    first, _ = pair
    running = make_run(status="RUNNING", process=dead)
    outbox_of(first).start(running)
    deliver(first)
    assert get_run(first, running.run_id).status == "KILLED"
    ledger = open_ledger(first)
    with ledger.begin() as connection:
        connection.execute(tables.runs.update().values(delivery="delivered", mlflow_run_id="abc"))
    ended = make_run(run_id=running.run_id, metrics={"auc": 0.8}, started_at=running.started_at)
    outbox_of(first).finish(ended)
    deliver(first)
    found = get_run(first, running.run_id)
    assert (found.status, found.delivery, found.mlflow_run_id) == ("FINISHED", "ledger", "abc")
    assert (found.metrics, found.error) == ({"auc": 0.8}, None)


def test_each_courier_takes_its_own(pair_on_sqlite, make_run):
    pair = first, second = pair_on_sqlite
    runs = {}
    for place in pair:
        runs[place.root] = make_run(name=place.root.name)
        outbox_of(place).finish(runs[place.root])
        deliver(place)
    assert [courier.status(place).pending for place in pair] == [1, 1]
    Forwarder(first).round()
    assert [courier.status(place).pending for place in pair] == [0, 1]
    assert get_run(first, runs[second.root].run_id).delivery == "ledger"
    client = mlflow_store.client(first)
    (mirrored,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert mirrored.info.run_name == "first"


def test_runs_of_others_are_followed_where_they_were_found(pair_on_sqlite):
    pair = first, second = pair_on_sqlite
    ledger = open_ledger(first)
    for place in pair:
        mlflow_store.ensure(place)
    run = mlflow_store.client(second).create_run("0", run_name="theirs")
    foreign.collect(ledger, mlflow_store.client(second), owner=workspace_id(second))
    # The first one's store does not know it, which says nothing about it.
    foreign.collect(ledger, mlflow_store.client(first), owner=workspace_id(first))
    with ledger.connect() as connection:
        assert connection.scalars(select(tables.runs.c.status)).all() == ["RUNNING"]
    assert get_run(first, run.info.run_id).name == "theirs"
