"""Runs made by plain MLflow show in the ledger, marked, and follow what happens to them."""

from __future__ import annotations

import sqlite3
import time

import pytest

import nbops
from nbops.ledger import open_ledger
from nbops.tracking import courier, foreign, mlflow_store
from nbops.tracking.search import get_run, metric_series, search_runs
from nbops.workspace import find_workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("foreign")
    (root / "nbops.toml").write_text("courier = false\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        workspace = find_workspace(root)
        mlflow_store.ensure(workspace)
        yield workspace


@pytest.fixture
def client(place):
    return mlflow_store.client(place)


@pytest.fixture
def experiment(client, request):
    return client.create_experiment(request.node.name)


def _collect(place, client, **options):
    return foreign.collect(open_ledger(place), client, **options)


def test_a_run_comes_whole_and_marked(place, client, experiment):
    _collect(place, client)
    run = client.create_run(experiment, run_name="theirs", tags={"team": "ops", "mlflow.user": "eve"})
    run_id = run.info.run_id
    client.log_param(run_id, "depth", 4)
    for step in range(3):
        client.log_metric(run_id, "loss", 1.0 - step / 4, step=step)
    client.set_terminated(run_id, "FAILED")
    assert _collect(place, client) == 1
    found = get_run(place, run_id)
    assert (found.origin, found.kind, found.status, found.name) == ("mlflow", "mlflow", "FAILED", "theirs")
    assert (found.params, found.metrics, found.tags) == ({"depth": "4"}, {"loss": 0.5}, {"team": "ops"})
    assert found.author == "eve"
    assert found.experiment == client.get_experiment(experiment).name
    assert [(p.step, p.value) for p in metric_series(place, run_id)] == [(0, 1.0), (1, 0.75), (2, 0.5)]
    assert found.delivery == "delivered"
    assert _collect(place, client) == 0


def test_it_is_followed_while_it_runs_and_after(place, client, experiment):
    run_id = client.create_run(experiment, run_name="live").info.run_id
    _collect(place, client)
    assert get_run(place, run_id).status == "RUNNING"
    client.log_metric(run_id, "loss", 2.0)
    _collect(place, client)
    assert get_run(place, run_id).metrics == {"loss": 2.0}
    client.set_terminated(run_id, "FINISHED")
    _collect(place, client)
    assert get_run(place, run_id).status == "FINISHED"
    client.set_tag(run_id, "verdict", "good")
    client.update_run(run_id, name="renamed")
    _collect(place, client)
    assert (get_run(place, run_id).name, get_run(place, run_id).tags) == ("renamed", {"verdict": "good"})


def test_a_child_knows_its_parent(place, client, experiment):
    parent = client.create_run(experiment, run_name="grid").info.run_id
    child = client.create_run(experiment, run_name="cell", tags={"mlflow.parentRunId": parent}).info.run_id
    _collect(place, client)
    assert get_run(place, child).parent_id == parent


def test_a_first_reading_that_was_cut_short_is_made_good(place, client, experiment, monkeypatch):
    monkeypatch.setattr(foreign, "_PAGE", 3)
    ids = [client.create_run(experiment, start_time=1000 + number).info.run_id for number in range(10)]
    pages = foreign._pages

    def cut(*args):
        yield next(pages(*args))
        raise ConnectionError("gone")

    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(foreign, "_pages", cut)
        _collect(place, client, everything=True)
    _collect(place, client, everything=True)
    assert {get_run(place, run_id).origin for run_id in ids} == {"mlflow"}


def test_the_courier_brings_them_and_leaves_ours_alone(place, client, experiment):
    run_id = client.create_run(experiment, run_name="while it works").info.run_id
    client.set_terminated(run_id)
    with nbops.track("ours", workspace=place):
        pass
    assert courier.flush(place, timeout=240), place.courier_log.read_text()
    end = time.monotonic() + 60
    while search_runs(place, query="name ~ 'while it works'").total == 0 and time.monotonic() < end:
        time.sleep(0.2)
    assert get_run(place, run_id).origin == "mlflow"
    assert [row.origin for row in search_runs(place, query="name = ours").runs] == ["nbops"]
    assert search_runs(place, include_mlflow=False).total == 1


def test_a_run_that_mlflow_no_longer_has_is_over(place, client, experiment):
    purged = client.create_run(experiment, run_name="purged").info.run_id
    kept = client.create_run(experiment, run_name="kept").info.run_id
    assert _collect(place, client) == 2
    with sqlite3.connect(place.data / "mlflow.db") as store:
        # What `mlflow gc` does, to the rows that matter here.
        store.execute("DELETE FROM tags WHERE run_uuid = ?", (purged,))
        store.execute("DELETE FROM runs WHERE run_uuid = ?", (purged,))
    client.set_terminated(kept)
    _collect(place, client)
    gone = get_run(place, purged)
    assert (gone.status, gone.error.message) == ("KILLED", "MLflow no longer has this run.")
    assert gone.ended_at == gone.started_at
    assert get_run(place, kept).status == "FINISHED"
    assert _collect(place, client) == 0


def test_a_run_that_another_workspace_has_taken_on_is_followed_to_its_end(place, client, experiment):
    run_id = client.create_run(experiment, run_name="taken", tags={"nbops.run_id": "f" * 32}).info.run_id
    _collect(place, client)
    assert get_run(place, run_id).status == "RUNNING"
    client.set_tag(run_id, "nbops.mirror", "1")
    client.set_terminated(run_id)
    _collect(place, client)
    assert get_run(place, run_id).status == "FINISHED"
