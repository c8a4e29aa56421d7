"""A missing word is the same to a model from a template, whichever way its rows arrive and whatever stands for it."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import skops.io

import nbops
from nbops.data.reading import read_table
from nbops.data.typed import conform, settle
from nbops.features.steps import FeatureSteps
from nbops.monitoring.predictions import read_predictions
from nbops.pipelines.tabular.training import algorithm_of, build
from nbops.registry import load_model, register
from nbops.registry.formats import skops_format
from nbops.registry.gates import read_specs, run_gates
from nbops.serving.app import application
from nbops.serving.batch import score_files
from nbops.serving.recording import Recorder
from nbops.serving.served import Served

with warnings.catch_warnings():
    # It would rather have a successor of httpx.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

COLUMNS = ["plan", "region", "age"]
MARKS = {
    "None": lambda words: words.astype(object).where(words.notna(), None),
    "NaN": lambda words: words.astype(object).where(words.notna(), np.nan),
    "NA": lambda words: words.astype(object).where(words.notna(), pd.NA),
    "NaT": lambda words: words.astype(object).where(words.notna(), pd.NaT),
    "str": lambda words: words.astype("str") if pd.__version__ >= "3" else words,
    "string": lambda words: words.astype("string"),
    "category": lambda words: words.astype("category"),
    "arrow": lambda words: words.astype(pd.ArrowDtype(pa.string())),
    "several": lambda words: pd.Series(
        [word if pd.notna(word) else [None, np.nan, pd.NaT, pd.NA][row % 4] for row, word in enumerate(words)],
        dtype=object,
    ),
}


def _table(rows: int, seed: int) -> pd.DataFrame:
    """Rows whose truth hangs on whether a word is missing."""
    draw = np.random.default_rng(seed)
    plan = draw.choice(["basic", "plus", None], rows)
    frame = pd.DataFrame({"plan": plan, "region": draw.choice(["n", "s", None], rows), "age": draw.normal(40, 9, rows)})
    yes = frame["plan"].isna() ^ (draw.random(rows) < 0.1)
    return frame.assign(left=np.where(yes, "yes", "no"))


def _model(frame: pd.DataFrame, name: str = "hist_gradient_boosting"):
    algorithm = algorithm_of("classification", name, len(frame))
    return build(frame[COLUMNS], frame["left"], "classification", algorithm).fit(frame[COLUMNS], frame["left"])


@pytest.mark.parametrize("name", ["logistic_regression", "hist_gradient_boosting"])
def test_whatever_stands_for_a_missing_word_is_learnt_and_scored_alike(name):
    learn, later = _table(200, 0), _table(50, 1)
    model = _model(learn, name)
    expected = model.predict_proba(later[COLUMNS])
    for mark, made in MARKS.items():
        kept = _model(learn.assign(plan=made(learn["plan"]), region=made(learn["region"])), name)
        np.testing.assert_array_equal(kept.predict_proba(later[COLUMNS]), expected, err_msg=mark)
        shown = later.assign(plan=made(later["plan"]), region=made(later["region"]))[COLUMNS]
        np.testing.assert_array_equal(model.predict_proba(shown), expected, err_msg=mark)


def test_gates_batches_serving_and_the_log_see_what_evaluation_sees(workspace, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    settled = settle(_table(300, 0))
    X, y = settled.frame[COLUMNS], settled.frame["left"]
    model = build(X, y, "classification", algorithm_of("classification", "hist_gradient_boosting", len(X)))
    with nbops.track("train") as run:
        model.fit(X, y)
        run.model(model, "model")
    version = register("left", run_id=run.run_id)
    rows = _table(225, 1)
    folder = workspace.root
    rows.to_parquet(folder / "held.parquet")
    rows.to_csv(folder / "held.csv", index=False)
    model = load_model("left", 1, workspace=workspace)
    said = model.predict(conform(rows, {name: settled.kinds[name] for name in COLUMNS})[0])
    assert (said == rows["left"]).mean() > 0.8

    for kind in ("parquet", "csv"):
        assert model.predict(read_table(folder / f"held.{kind}")[COLUMNS]).tolist() == said.tolist()
    check = {"name": "a", "kind": "metric", "metric": "accuracy", "min": 0}
    declared = {"data": "held.parquet", "target": "left", "check": [check]}
    (gate,) = run_gates(workspace, "left", 1, specs=read_specs(declared, "left", "Production", "test")).gates
    assert gate.value == pytest.approx((said == rows["left"]).mean())
    score_files(str(folder / "held.parquet"), "left", 1, folder=str(folder / "scored"))
    (scored,) = (folder / "scored").rglob("*.parquet")
    assert pd.read_parquet(scored)["prediction"].tolist() == said.tolist()

    # As a version has them whose rows to learn from were seen: a JSON null alone does not say of what type it is.
    types = tuple(str(X[name].dtype) for name in COLUMNS)
    served = Served(dataclasses.replace(version, feature_types=types), model)
    recorder = Recorder(served, workspace)
    records = rows[COLUMNS].astype(object).where(rows[COLUMNS].notna(), None).to_dict("records")
    with TestClient(application(served, recorder=recorder)) as client:
        answers = [client.post("/invocations", json={"dataframe_records": records})]
        answers += [client.post("/invocations", json={"dataframe_records": [record]}) for record in records[:9]]
    recorder.close()
    found = [word for answer in answers for word in answer.json()["predictions"]]
    assert found == [*said, *said[:9]]
    logged = read_predictions(workspace, "left", version=1)
    assert model.predict(logged[COLUMNS]).tolist() == logged["output"].tolist()


def test_the_stored_model_is_made_of_nothing_of_nbops():
    types = skops.io.get_untrusted_types(data=skops_format.dump(_model(_table(60, 0))))
    assert not [name for name in types if name.startswith("nbops")]


def test_a_column_without_a_word_and_words_beyond_the_many_are_provided_for():
    many = [f"w{number}" for number in range(45)]
    rows = pd.DataFrame({"word": [*many, *many, "w1", None, np.nan, pd.NA], "none": [None] * 94})
    truth = pd.Series([float(row) for row in range(94)])
    ridge = algorithm_of("regression", "ridge", len(rows))
    model = build(rows, truth, "regression", ridge, transformer=FeatureSteps([])).fit(rows, truth)
    said = model.predict(rows)
    # Rare words share a column; what is missing is not one of them.
    assert said[91] == said[92] == said[93] != said[44]
    assert model.predict(rows.assign(none=np.array([np.nan] * 94, dtype=object))).tolist() == said.tolist()
