"""Tags on the MLflow runs that are made while a tracked run is open."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

from nbops.tracking import active
from nbops.tracking.active import ActiveRun
from nbops.tracking.mlflow_context import NbopsRunContext

_TAGS = {"nbops.notebook": "/w/a.ipynb", "nbops.cell_id": "c1", "nbops.git_commit": "abc", "nbops.kind": "cell"}


@pytest.fixture
def open_run():
    run = ActiveRun("run-id", "heron", _TAGS)
    active.enter(run)
    yield run
    active.leave(run)


def test_mlflow_finds_it():
    (found,) = [e for e in entry_points(group="mlflow.run_context_provider") if e.name == "nbops"]
    assert found.load() is NbopsRunContext


def test_outside_of_a_tracked_run_it_says_nothing():
    assert not NbopsRunContext().in_context()
    assert NbopsRunContext().tags() == {}


def test_inside_it_names_run_notebook_cell_and_commit(open_run):
    assert NbopsRunContext().in_context()
    assert NbopsRunContext().tags() == {
        **_TAGS,
        "nbops.run_id": "run-id",
        "mlflow.source.name": "/w/a.ipynb",
        "mlflow.source.type": "NOTEBOOK",
        "mlflow.source.git.commit": "abc",
    }


def test_mlflow_takes_ours_over_its_own(open_run, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.chdir(tmp_path)
    from mlflow.tracking.context.registry import resolve_tags

    tags = resolve_tags()
    assert tags["nbops.run_id"] == "run-id"
    assert tags["mlflow.source.name"] == "/w/a.ipynb"
    assert tags["mlflow.source.type"] == "NOTEBOOK"
    assert mlflow.active_run() is None
