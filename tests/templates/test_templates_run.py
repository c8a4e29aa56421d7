"""Each template by itself, and some together, on real data of other kinds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import papermill
import pytest
from sklearn.datasets import load_wine

from nbops.data.typed import settle
from nbops.errors import NbopsError
from nbops.features.steps import FeatureSteps
from nbops.ledger import open_ledger, tables
from nbops.monitoring.monitors import add_monitor, monitor_report, run_monitor
from nbops.monitoring.monitors.building import build
from nbops.monitoring.predictions import PredictionLog
from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.models import run_model
from nbops.pipelines.spec import templates
from nbops.pipelines.tabular.task import alike
from nbops.registry import get_model, get_version, load_model
from nbops.registry.facts import outputs_profile, training_profile
from nbops.tracking.search import get_run, search_runs
from nbops.workspace import find_workspace

# The first test runs each template in a normal kernel, as papermill starts it; pipelines fork theirs.
pytestmark = [pytest.mark.slow, pytest.mark.warm]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that the templates share, as they would a person's."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "nbops.toml").write_text("courier = false\n")
    return folder


def test_every_template_runs_with_its_defaults(folder):
    """As a person does who opens one after the other and runs all cells."""
    first = ("ingest", "validate", "features", "train", "evaluate", "register", "promote")
    for name in (*first, "batch_score", "monitor", "retrain", "report"):
        done = papermill.execute_notebook(
            templates()[name], folder / f"{name}-out.ipynb", kernel_name="python3", cwd=folder, progress_bar=False
        )
        (shown,) = [output for output in done.cells[-1]["outputs"] if output["output_type"] == "execute_result"]
        assert "<script" not in shown["data"]["text/html"] and "\ngives\n" in shown["data"]["text/plain"], name
    assert {path.name for path in (folder / "data").iterdir()} == {
        "train.parquet",
        "holdout.parquet",
        "train_features.parquet",
        "rules.json",
        "scored.parquet",
    }
    assert len(pd.read_parquet(folder / "scores" / "diabetes.parquet")) == 442
    workspace = find_workspace(folder)
    names = {run.name for run in search_runs(workspace, limit=100).runs}
    assert {"ingest", "validate", "features", "ridge", "evaluate", "batch_score", "monitor", "retrain model"} <= names
    newest = get_model(workspace, "model").versions[0]
    assert (newest.aliases, newest.lifecycle_stage) == (("champion",), "Production")
    # By its defaults evaluate judges on the rows that were learnt from, and those are no reference.
    assert training_profile("model", newest.version, workspace=workspace).rows == 442
    assert outputs_profile(workspace, newest) is None
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
    known = {"roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1_macro", "log_loss"}
    assert set(evaluation["held_out"]) == known
    assert evaluation["better_than_baseline"] is True
    assert result.stage("monitor").outputs["later_metrics"]["accuracy"] > 0.9

    # A monitor has what the version predicted of the rows held out to compare with, from its first window on.
    workspace = find_workspace(tmp_path)
    model = load_model("wine", 1, workspace=workspace)
    rows = pd.concat([wine.drop(columns="target")] * 3, ignore_index=True)
    shares = pd.DataFrame(model.predict_proba(rows), columns=model.classes_)
    with PredictionLog(workspace, "wine") as log:
        at = 86400.0 * 20_000 + np.arange(len(rows))
        log.log(rows=rows, outputs=model.predict(rows), scores=shares, version=1, at=at)
    add_monitor(workspace, build("wine", {"model": "wine@1", "checks": ["prediction"]}), now=at[0])
    look = run_monitor(workspace, "wine", at=86400.0 * 20_001)
    assert look.state == "ok", look.sentence
    report = monitor_report(workspace, look.id)
    said = "predictions are compared with what version 1 predicted of 'holdout.parquet' when it was trained"
    assert said in report["note"]
    known = {"output", *(f"score_{name}" for name in model.classes_)}
    assert {column["name"] for column in report["columns"] if column["role"] == "prediction"} == known


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


def _customers(rows: int, seed: int, start: str, richer: float = 0.0) -> pd.DataFrame:
    """Customers whose leaving depends on region, city and visits; a later cohort may spend more."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer": [f"c{seed}-{i}" for i in range(rows)],
            "signed_up": pd.date_range(start, periods=rows, freq="6h").strftime("%Y-%m-%d %H:%M"),
            "region": draw.choice(["north", "south", None], rows),
            "city": draw.choice([f"city {i}" for i in range(45)], rows),
            "spent": draw.lognormal(3 + richer, 1, rows).round(2),
            "visits": [str(v) if draw.random() > 0.03 else " " for v in draw.poisson(5, rows)],
            "nothing": None,
        }
    )
    visits = pd.to_numeric(frame["visits"], errors="coerce").fillna(5)
    risk = -2.5 + 2 * (frame["region"] == "south") + 2 * (frame["city"].str[-1] == "3") - 0.7 * (visits - 5)
    frame["churn"] = np.where(draw.random(rows) < 1 / (1 + np.exp(-risk)), "yes", "no")
    return frame


_WHOLE_WAY = """
name = "churn"
[stages.ingest]
template = "ingest"
inputs = ["customers.csv"]
parameters = { source = "customers.csv", target = "churn", time = "signed_up", drop = ["customer"] }
[stages.features]
template = "features"
after = ["ingest"]
[stages.features.parameters]
steps = [
    { step = "dates", columns = ["signed_up"], parts = ["month", "weekday", "hour"] },
    { step = "lag", column = "spent", time = "signed_up", by = ["region"], lags = [1] },
    { step = "target_encoding", columns = ["city"] },
]
[stages.train]
template = "train"
after = ["features"]
[stages.train.parameters]
algorithm = "logistic_regression"
class_weight = "balanced"
search = { logistic_regression = { C = [0.0001, 1.0] } }
settings = { logistic_regression = { max_iter = 3000 }, random_forest = { n_estimators = 9 } }
folds = 3
[stages.evaluate]
template = "evaluate"
after = ["train"]
parameters = { positive = "yes", threshold_by = "cost", costs = { false_positive = 1, false_negative = 8 }, repeats = 100 }
[stages.register]
template = "register"
after = ["evaluate"]
parameters = { registered_name = "churn" }
[stages.batch_score]
template = "batch_score"
after = ["register"]
parameters = { source = "july", keep = ["customer"] }
[stages.monitor]
template = "monitor"
after = ["register"]
parameters = { later = "july", limits = { roc_auc = 0.999 } }
[stages.retrain]
template = "retrain"
after = ["monitor"]
parameters = { newest_share = 0.4, algorithm = "nearest_neighbors", settings = { n_neighbors = 1 } }
"""


def test_the_whole_way_of_a_model(tmp_path):
    """Dates, gaps, many categories, two classes as text of which one is rare: from a CSV to scores, alarms and retraining."""
    _customers(900, 1, "2024-01-01").to_csv(tmp_path / "customers.csv", index=False)
    (tmp_path / "july").mkdir()
    july = _customers(500, 2, "2024-11-01", richer=1.0)
    july.iloc[:200].to_csv(tmp_path / "july" / "1.csv", index=False)
    july.iloc[200:].to_parquet(tmp_path / "july" / "2.parquet")
    result = execute_pipeline(_project(tmp_path, _WHOLE_WAY))
    assert result.status == "succeeded", result.error
    gave = {stage.name: stage.outputs for stage in result.stages}
    workspace = find_workspace(tmp_path)

    learnt, held = (pd.read_parquet(gave["ingest"][name]) for name in ("train", "holdout"))
    assert learnt["signed_up"].max() < held["signed_up"].min() and learnt["visits"].dtype == float
    # The steps that the model learnt on the rows to learn from are those of the stage features.
    alone, model = (
        run_model(gave["features"]["transformer"], workspace=workspace)[0],
        run_model(gave["train"]["model"], workspace=workspace)[0],
    )
    assert isinstance(alone, FeatureSteps) and "nothing" not in alone.feature_names_in_
    pd.testing.assert_frame_equal(alone.transform(held), model.named_steps["features"].transform(held))
    features = pd.read_parquet(gave["features"]["holdout_features"])
    pd.testing.assert_frame_equal(features.drop(columns="churn"), alone.transform(held), check_dtype=False)
    assert {"signed_up_weekday", "spent_lag_1", "city_target"} <= set(features.columns)
    assert model[-1].get_params()["C"] == 1.0 and model[-1].class_weight == "balanced" and model[-1].max_iter == 3000

    # The version knows what it predicted of the rows held out, which its run has not seen.
    version = get_version(workspace, "churn", 1)
    profile, name = outputs_profile(workspace, version)
    assert name == "holdout.parquet" and profile.rows == len(held)
    said, score = profile.columns
    rows = alike(held, settle(learnt).kinds)[list(model.feature_names_in_)]
    assert {**said.categories} == {**pd.Series(model.predict(rows)).value_counts()}
    assert (score.minimum, score.maximum) == tuple(np.quantile(model.predict_proba(rows)[:, 1], [0, 1]))
    assert {data.name for data in get_run(workspace, version.run_id).data} == {"X", "y"}
    assert training_profile("churn", 1, workspace=workspace).rows == len(learnt)

    evaluation = gave["evaluate"]
    assert evaluation["held_out"]["roc_auc"] > 0.75 and evaluation["positive"] == "yes"
    assert 0 < evaluation["threshold"] < 1 and sum(one["rows"] for one in evaluation["calibration"]["bins"]) == len(
        held
    )
    scores = pd.concat(pd.read_parquet(path) for path in sorted((tmp_path / "scores").iterdir()))
    assert list(scores.columns) == ["customer", "prediction", "probability"] and len(scores) == 500
    assert ((scores["prediction"] == "yes") == (scores["probability"] >= evaluation["threshold"])).all()
    assert gave["batch_score"]["score_counts"] == {"scored": 2, "skipped": 0, "failed": 0}

    assert "spent" in gave["monitor"]["drifted"] and gave["monitor"]["alarms"] == ["drift", "performance"]
    assert len(pd.read_parquet(gave["monitor"]["scored"])) == 500
    with open_ledger(workspace).connect() as connection:
        told = [(row.kind, row.subject) for row in connection.execute(tables.signals.select())]
    assert told == [("drift", "churn"), ("performance", "churn")]
    # One neighbour is worse: nothing is registered, and it is said.
    retrained = gave["retrain"]
    assert retrained["better"] is False and retrained["version"] == 0 and retrained["evidence"]["high"] < 0
    assert [version.version for version in get_model(workspace, "churn").versions] == [1]
    assert "nothing changes: the retrained model is not clearly better" in retrained["evidence"]["decided"]

    # The champion's own recipe on rows of a world that has changed is better, and asks to be promoted.
    turned = july.assign(
        churn=july["churn"].map({"yes": "no", "no": "yes"}), signed_up=july["signed_up"].str.replace("2024", "2026")
    )
    turned.to_csv(tmp_path / "turned.csv", index=False)
    again = _project(
        tmp_path,
        'name = "again"\n[stages.retrain]\ntemplate = "retrain"\nparameters = { registered_name = "churn", later = "turned.csv", '
        'target = "churn", time = "signed_up" }\n',
    )
    result = execute_pipeline(again)
    assert result.status == "succeeded", result.error
    better = result.stage("retrain").outputs
    assert better["better"] is True and better["version"] == 2 and better["evidence"]["low"] > 0
    assert "Production asked for" in better["evidence"]["decided"]
    profile, name = outputs_profile(workspace, get_version(workspace, "churn", 2))
    assert (name, profile.rows) == ("turned.csv", better["evidence"]["rows"])


def test_examples_are_stages(tmp_path):
    """Every example of the catalogue is a stage that a pipeline file may hold; what is before it is not in it."""
    from nbops.pipelines import catalogue
    from nbops.pipelines.spec import load_pipeline

    for name in ("data/customers.csv", "data/july.csv", "data/customers/1.csv", "notebooks/a.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    known = catalogue.entries()
    assert all(entry.example for entry in known)
    for entry in known:
        stages = "".join(
            f'[stages.{name}]\ntemplate = "ingest"\n'
            for name in _before(entry.example)
            if f"[stages.{name}]" not in entry.example
        )
        file = tmp_path / f"{entry.name}.toml"
        file.write_text(stages + entry.example, encoding="utf-8")
        try:
            loaded = load_pipeline(file)
        except NbopsError as error:
            raise AssertionError(f"{entry.name}: {error}") from error
        assert any(stage.template == entry.name for stage in loaded.stages)


def _before(example: str) -> list[str]:
    lines = [line.partition("=")[2] for line in example.splitlines() if line.startswith("after")]
    return [name for line in lines for name in json.loads(line)]
