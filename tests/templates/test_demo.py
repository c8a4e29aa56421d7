"""The main job: the whole life cycle on real data, twice in one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from nbops.data.reading import read_table
from nbops.registry import list_models
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace

pytestmark = pytest.mark.slow

_STAGES = ["ingest", "validate", "train_ridge", "train_forest", "evaluate", "register", "monitor", "report"]
_CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}


def _run(folder: Path, *options: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**_CLEAN, **({"PATH": path} if path else {})}
    command = [sys.executable, "-m", "nbops", "demo", "--workspace", str(folder), *options]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory):
    """The demo's folder, and what its first and second run said. The first finds a repository but no git."""
    root = tmp_path_factory.mktemp("demo")
    folder, empty = root / "nbops-demo", root / "bin"
    empty.mkdir()
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("0" * 40)
    first = _run(folder, "--json", path=str(empty))
    second = _run(folder)
    yield SimpleNamespace(folder=folder, first=json.loads(first.stdout), second=second.stdout)
    # The courier would end by itself, ten minutes later.
    identity = (folder / ".nbops" / "locks" / "courier.lock").read_text().partition(":")[0]
    with suppress(OSError, ValueError):
        os.kill(int(identity), 15)


def test_every_stage_runs_and_mlflow_has_it_all(demo):
    assert demo.first["status"] == "succeeded"
    assert [stage["name"] for stage in demo.first["stages"]] == _STAGES
    assert {stage["status"] for stage in demo.first["stages"]} == {"succeeded"}
    assert demo.first["delivered"] is True


def test_the_cohorts_are_real_rows(demo):
    earlier, later = (pd.read_csv(demo.folder / "data" / name) for name in ("earlier.csv", "later.csv"))
    patients = read_table("sklearn:diabetes")
    assert len(earlier) + len(later) == len(patients)
    assert earlier["age"].max() < 55 <= later["age"].min()
    both = pd.concat([earlier, later]).set_axis(patients.columns, axis=1)
    order = list(patients.columns)
    assert both.sort_values(order).to_numpy().tolist() == patients.sort_values(order).to_numpy().tolist()


def test_the_second_run_does_nothing_and_says_so(demo):
    assert "Nothing has changed" in demo.second
    assert demo.second.count("unchanged") >= len(_STAGES)
    assert "What to type next" in demo.second
    assert str(demo.folder / "report.html") in demo.second
    (model,) = list_models(find_workspace(demo.folder))
    assert [version.version for version in model.versions] == [1]
    assert model.versions[0].aliases == ("champion",)


def test_the_better_candidate_is_registered(demo):
    outputs = {stage["name"]: stage["outputs"] for stage in demo.first["stages"]}
    chosen, other = outputs["evaluate"]["candidates"]
    assert chosen["metrics"]["mae"] < other["metrics"]["mae"] < outputs["evaluate"]["baseline"]["metrics"]["mae"]
    assert outputs["evaluate"]["better_than_baseline"] is True
    (model,) = list_models(find_workspace(demo.folder))
    assert model.versions[0].run_id == chosen["run"]


def test_the_later_cohort_drifts_in_more_than_age(demo):
    watch = demo.first["stages"][6]["outputs"]
    assert {"age", "bp"} <= set(watch["drifted"])
    assert watch["later_metrics"]["mae"] > 0
    assert len(pd.read_parquet(demo.folder / "data" / "scored.parquet")) == 155


def test_the_report_stands_alone(demo):
    text = (demo.folder / "report.html").read_text(encoding="utf-8")
    assert len(text) < 100_000
    assert "<script" not in text
    for word in (
        "Progression of diabetes",
        "diabetes version 1",
        "random_forest",
        "ridge",
        "bp",
        "later.csv",
        "evaluate",
    ):
        assert word in text


def test_runs_form_a_tree(demo):
    runs = search_runs(find_workspace(demo.folder), limit=200).runs
    kinds = {run.run_id: run.kind for run in runs}
    assert {run.status for run in runs} == {"FINISHED"}
    assert {kinds[run.parent_id] for run in runs if run.kind == "cell"} == {"stage"}
    assert {kinds[run.parent_id] for run in runs if run.kind == "stage"} == {"pipeline"}
    assert {"ridge", "random_forest"} <= {run.name for run in runs if run.has_model}


def test_mlflow_reads_runs_and_loads_the_champion(demo):
    code = """
import json, mlflow, pandas as pd
client = mlflow.MlflowClient()
runs = client.search_runs([e.experiment_id for e in client.search_experiments()], max_results=1000)
model = mlflow.pyfunc.load_model("models:/diabetes@champion")
later = pd.read_csv("data/later.csv")
print(json.dumps([sorted({r.info.run_name for r in runs}), len(model.predict(later.drop(columns="progression")))]))
"""
    env = {
        **_CLEAN,
        "MLFLOW_TRACKING_URI": f"sqlite:///{demo.folder}/.nbops/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=demo.folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names, predicted = json.loads(done.stdout.splitlines()[-1])
    assert {"diabetes", "train_ridge", "ridge", "random_forest", "evaluate", "monitor"} <= set(names)
    assert predicted == 155
