"""Each template by itself, and some together, on real data of other kinds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import papermill
import pytest
from sklearn.datasets import load_wine

from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.spec import templates
from nbops.registry import get_model
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that the templates share, as they would a person's."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "nbops.toml").write_text("courier = false\n")
    return folder


def test_every_template_runs_with_its_defaults(folder):
    """As a person does who opens one after the other and runs all cells."""
    for name in ("ingest", "validate", "train", "evaluate", "register", "promote", "monitor", "report"):
        papermill.execute_notebook(
            templates()[name], folder / f"{name}-out.ipynb", kernel_name="python3", cwd=folder, progress_bar=False
        )
    assert {path.name for path in (folder / "data").iterdir()} == {
        "train.parquet",
        "holdout.parquet",
        "rules.json",
        "scored.parquet",
    }
    workspace = find_workspace(folder)
    names = {run.name for run in search_runs(workspace, limit=100).runs}
    assert {"ingest", "validate", "ridge", "evaluate", "monitor"} <= names
    newest = get_model(workspace, "model").versions[0]
    assert (newest.aliases, newest.lifecycle_stage) == (("champion",), "Production")
    assert "<h1>Model report</h1>" in (folder / "report.html").read_text(encoding="utf-8")


def _project(folder: Path, text: str) -> Path:
    (folder / "nbops.toml").write_text("courier = false\n")
    (folder / "pipeline.toml").write_text(text, encoding="utf-8")
    return folder / "pipeline.toml"


def test_three_classes_from_a_csv(tmp_path):
    wine = load_wine(as_frame=True).frame
    wine["target"] = wine["target"].map({0: "Barolo", 1: "Grignolino", 2: "Barbéra"})
    wine.to_csv(tmp_path / "wine.csv", index=False)
    file = _project(
        tmp_path,
        'name = "wine"\n[stages.ingest]\ntemplate = "ingest"\nparameters = {source = "wine.csv"}\n'
        '[stages.train]\ntemplate = "train"\nafter = ["ingest"]\n[stages.evaluate]\ntemplate = "evaluate"\nafter = ["train"]\n'
        '[stages.register]\ntemplate = "register"\nafter = ["evaluate"]\nparameters = {registered_name = "wine"}\n'
        '[stages.monitor]\ntemplate = "monitor"\nafter = ["register"]\nparameters = {later = "wine.csv"}\n',
    )
    result = execute_pipeline(file)
    assert result.status == "succeeded", result.error
    assert result.stage("ingest").outputs["task"] == "classification"
    evaluation = result.stage("evaluate").outputs
    assert evaluation["held_out"]["roc_auc"] > 0.95
    assert set(evaluation["held_out"]) == {"roc_auc", "accuracy", "f1_macro", "log_loss"}
    assert evaluation["better_than_baseline"] is True
    assert result.stage("monitor").outputs["later_metrics"]["accuracy"] > 0.9


def test_dirty_customers(tmp_path, shared_data):
    """Text columns, blanks in a column of numbers, an identifier, two classes as text."""
    source = shared_data("telco_churn.csv")
    columns = pd.read_csv(source, nrows=2).columns
    target = next(name for name in columns if name.lower() == "churn")
    identifier = next((name for name in columns if name.lower() == "customerid"), None)
    drop = f'["{identifier}"]' if identifier else "[]"
    file = _project(
        tmp_path,
        f'name = "churn"\n[stages.ingest]\ntemplate = "ingest"\nparameters = {{source = "{source}", target = "{target}", drop = {drop}}}\n'
        '[stages.validate]\ntemplate = "validate"\nafter = ["ingest"]\n'
        '[stages.train]\ntemplate = "train"\nafter = ["ingest"]\nparameters = {folds = 3, algorithm = "logistic_regression"}\n'
        '[stages.evaluate]\ntemplate = "evaluate"\nafter = ["train"]\nparameters = {repeats = 100}\n',
    )
    result = execute_pipeline(file)
    assert result.status == "succeeded", result.error
    evaluation = result.stage("evaluate").outputs
    assert evaluation["held_out"]["roc_auc"] > 0.8
    assert evaluation["candidates"][0]["name"] == "logistic_regression"


def test_a_worthless_model_is_not_registered(tmp_path):
    file = _project(
        tmp_path,
        'name = "p"\n[stages.register]\ntemplate = "register"\nparameters = {better_than_baseline = false}\n',
    )
    result = execute_pipeline(file)
    assert result.status == "failed"
    assert "not clearly better than the baseline" in result.error


def test_a_wrong_column_is_said_in_one_line(tmp_path):
    file = _project(tmp_path, 'name = "p"\n[stages.ingest]\ntemplate = "ingest"\nparameters = {target = "progress"}\n')
    assert "has no column 'progress'" in execute_pipeline(file).error
