"""Calls of ``nbops.track`` as people write them: numbers for texts, the same name twice, secrets handed on."""

from __future__ import annotations

import pytest

import nbops
from nbops.tracking.search import get_run, metric_series
from nbops.workspace.blobs import read


@pytest.fixture(autouse=True)
def _here(workspace, monkeypatch):
    monkeypatch.chdir(workspace.root)


def test_keys_and_values_need_not_be_text(workspace):
    with nbops.track(7, experiment=8, tags={"fold": 3, 1: None}, params={2: 0.5}) as run:
        run.param(1, 2)
        run.tag(5, True)
        run.metric(3, 0.5)
    found = get_run(workspace, run.run_id)
    assert (found.name, found.experiment, found.status) == ("7", "8", "FINISHED")
    assert found.params == {"2": "0.5", "1": "2"}
    assert found.tags == {"fold": "3", "1": "None", "5": "True"}
    assert found.metrics == {"3": 0.5}
    assert [point.name for point in metric_series(workspace, run.run_id)] == ["3"]


def test_a_name_taken_is_numbered(workspace, tmp_path):
    notes = tmp_path / "notes.tar.gz"
    with nbops.track("many") as run:
        for text in ("first", "second", "second", "third"):
            notes.write_text(text)
            run.artifact(notes)
        for depth in (1, 2, 2):
            run.model({"depth": depth}, "tree")
    found = get_run(workspace, run.run_id)
    files = {a.path: read(workspace, a.digest) for a in found.artifacts if a.path.startswith("notes")}
    assert files == {"notes.tar.gz": b"first", "notes-2.tar.gz": b"second", "notes-3.tar.gz": b"third"}
    assert [model.name for model in found.models] == ["tree", "tree-2"]
    assert {a.path for a in found.artifacts if a.kind == "model"} == {"models/tree.pkl", "models/tree-2.pkl"}


def test_a_secret_of_the_script_is_replaced_wherever_it_is_handed(workspace):
    password = "hunter2-and-more"
    with nbops.track("secret") as run:
        run.param("url", f"db://{password}/x")
        run.tag("note", f"with {password}")
    found = get_run(workspace, run.run_id)
    assert found.params["url"] == "db://[redacted]/x"
    assert found.tags["note"] == "with [redacted]"
