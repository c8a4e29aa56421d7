"""``nbops new``: a project that runs at once, whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from nbops.cli import main
from nbops.errors import DataError, NotFoundError, UsageError, WorkspaceError
from nbops.pipelines.scaffold import new_project, project_templates
from nbops.pipelines.spec import load_pipeline
from nbops.registry import get_model
from nbops.workspace import find_workspace

_CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}


@pytest.mark.slow
@pytest.mark.warm
def test_a_new_project_runs_at_once(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "churn", "--template", "tabular", "--ci", "github", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["task"] == "classification" and ".github/workflows/churn.yml" in made["files"]
    assert {".gitignore", "nbops.toml", "pipeline.toml", "retrain.toml", "README.md"} <= set(made["files"])
    folder = tmp_path / "churn"
    env = {**_CLEAN, "NBOPS_COURIER": "false", "NBOPS_CACHE": os.environ["NBOPS_CACHE"], "NBOPS_WARM_WAIT": "120"}

    def run(*words: str) -> str:
        done = subprocess.run([sys.executable, "-m", *words], cwd=folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    result = json.loads(run("nbops", "pipeline", "run", "pipeline.toml", "--json"))
    assert {stage["status"] for stage in result["stages"]} == {"succeeded"}
    (version,) = get_model(find_workspace(folder), "churn").versions
    assert version.lifecycle_stage == "Production"
    assert len(pd.read_parquet(folder / "scores" / "breast_cancer.parquet")) == 569
    assert "passed" in run("pytest", "-q", "-p", "no:cacheprovider", "--nbval", "notebooks", "tests")
    assert "{{" not in (folder / "README.md").read_text() and "@" not in (folder / "pipeline.toml").read_text()


def test_own_data_of_any_task(tmp_path):
    rows = pd.DataFrame(
        {"size": range(40), "kind": list("abcd") * 10, 'the "price"': [float(i) + 0.5 for i in range(40)]}
    )
    rows.to_csv(tmp_path / "my rows.csv", index=False)
    three = new_project(tmp_path / "kinds", data=str(tmp_path / "my rows.csv"), target="kind", ci="gitlab")
    number = new_project(tmp_path / "prices", data=str(tmp_path / "my rows.csv"), target='the "price"')
    assert (three.task, number.task) == ("classification", "regression")
    assert ".gitlab-ci.yml" in three.files
    for made in (three, number, new_project(tmp_path / "sample", task="regression")):
        for name in ("pipeline.toml", "retrain.toml"):
            stages = {stage.name: stage for stage in load_pipeline(made.folder / name).stages}
        assert stages["retrain"].parameters["target"] == made.target
        nbformat.validate(nbformat.read(made.folder / "notebooks" / "explore.ipynb", as_version=4))
    assert (three.folder / "data" / "my rows.csv").read_bytes() == (tmp_path / "my rows.csv").read_bytes()
    assert 'metric = "roc_auc_ovr"' in (three.folder / "nbops.toml").read_text()
    assert 'metric = "mae"' in (number.folder / "nbops.toml").read_text()
    assert not list(tmp_path.glob(".*"))


def test_what_cannot_be_made_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_text("mine")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3,2\n")
    before = sorted(tmp_path.rglob("*"))
    for call, error, said in (
        (lambda: new_project("there"), WorkspaceError, "is there already"),
        (lambda: new_project("1st"), UsageError, "'1st' cannot name a project"),
        (lambda: new_project("a b"), UsageError, "cannot name a project"),
        (lambda: new_project("x", "tabluar"), UsageError, "Did you mean 'tabular'"),
        (lambda: new_project("x", task="ranking"), UsageError, "no task 'ranking'"),
        (lambda: new_project("x", ci="githbu"), UsageError, "Did you mean 'github'"),
        (lambda: new_project("x", data="rows.csv"), UsageError, "go together"),
        (lambda: new_project("x", data="row.csv", target="a"), NotFoundError, r"no file row\.csv"),
        (lambda: new_project("x", data="rows.csv", target="c"), DataError, "no column 'c'"),
        (lambda: new_project("x", data="rows.csv", target="b"), DataError, "two different values"),
    ):
        with pytest.raises(error, match=said):
            call()
    assert sorted(tmp_path.rglob("*")) == before
    assert main(["new"]) == 1 and "needs a name" in capsys.readouterr().err
    assert main(["new", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == list(project_templates()) == ["tabular"]
    assert Path("there/mine").read_text() == "mine"
