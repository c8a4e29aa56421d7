"""What is known of the training of a model that a block fits."""

import json

import numpy as np
import pandas as pd
import pytest

from nbops.capture import Options, Probe
from nbops.capture.seeding import seed_calls
from nbops.data.compact import expanded
from nbops.monitoring.drift import drift

_FIT = "from sklearn.tree import DecisionTreeClassifier\nmodel = DecisionTreeClassifier(max_depth=2).fit(X, y)\n"


@pytest.fixture
def facts(workspace, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(source, **namespace):
        probe = Probe(workspace, source, namespace, kind="script", options=Options())
        probe.start()
        exec(compile(source, "cell", "exec"), namespace)
        found = probe.finish()
        assert found.warnings == ()
        texts = [data for ref, data in found.blobs if ref.kind == "training"]
        assert {ref.kind for ref in found.run.artifacts} >= {"model"}
        return json.loads(texts[0]) if texts else {}

    return run


def _frame(rows=9000):
    drawn = np.random.default_rng(1)
    return pd.DataFrame(
        {"age": drawn.normal(40, 9, rows), "size": drawn.integers(0, 50, rows), "y": drawn.integers(0, 2, rows)}
    )


def test_the_frame_given_to_fit_is_profiled_from_a_sample(facts):
    frame = _frame()
    before = np.random.get_state()[1].tolist()
    found = facts(_FIT, X=frame[["age", "size"]], y=frame["y"])
    assert np.random.get_state()[1].tolist() == before
    assert {k: found["data"][k] for k in ("name", "rows", "sampled", "found_by")} == {
        "name": "X",
        "rows": 9000,
        "sampled": 4000,
        "found_by": "fit",
    }
    assert len(found["data"]["fingerprint"]) == 64
    stored = expanded(found["profile"])
    assert [c.name for c in stored.columns] == ["age", "size"] and stored.rows == 4000
    assert found["target"]["name"] == "target" and sum(found["target"]["counts"]) == 4000
    assert not drift(stored, frame[["age", "size"]]).drifted
    assert drift(stored, frame[["age", "size"]] + 5).drifted == ("age", "size")


@pytest.mark.parametrize(
    "source",
    [
        _FIT.replace("fit(X, y)", 'fit(df[["age", "size"]], df["y"])'),
        _FIT.replace("fit(X, y)", 'fit(df.drop(columns="y"), df.y)') + 'df["said"] = 1\n',
        'from sklearn.svm import SVC\nmodel = SVC()\ncolumns = ["age", "size"]\nmodel.fit(y=df["y"], X=df[columns])\n',
    ],
)
def test_only_the_columns_that_the_model_takes_are_profiled(facts, source):
    found = facts(source, df=_frame(60))
    assert [c["name"] for c in found["profile"]["columns"]] == ["age", "size"]
    assert found["example"]["columns"] == ["age", "size"] and len(found["example"]["data"]) == 5
    assert found["target"]["name"] == "target" and sum(found["target"]["counts"]) == 60


@pytest.mark.parametrize("given", ["df[df.age > 40][names]", "df[names].sample(20)", "df[names].apply(abs)"])
def test_what_may_not_be_row_by_row_what_was_fitted_says_so(facts, given):
    source = f"from sklearn.cluster import KMeans\nmodel = KMeans(2, n_init=1, random_state=0).fit({given})\n"
    found = facts(source, df=_frame(60), names=["age", "size"])
    assert found["data"]["found_by"] == "columns" and len(found["profile"]["columns"]) == 2


def test_a_model_fitted_in_a_function_is_traced_by_its_columns(facts):
    source = "from sklearn.tree import DecisionTreeClassifier\ndef train(d):\n"
    source += '    return DecisionTreeClassifier().fit(d[["age", "size"]], d["y"])\nmodel = train(df)\n'
    found = facts(source, df=_frame(60))
    assert found["data"]["found_by"] == "columns" and found["data"]["name"] == "df"


def test_an_array_is_profiled_too(facts):
    found = facts(_FIT, X=np.arange(40.0).reshape(20, 2), y=np.array([0, 1] * 10))
    assert [c["name"] for c in found["profile"]["columns"]] == ["x0", "x1"]
    assert found["example"]["data"][1] == [2.0, 3.0]
    assert sum(found["target"]["counts"]) == 20


def test_an_unrelated_array_is_not_taken_for_the_training_data(facts):
    source = "from sklearn.tree import DecisionTreeClassifier\n"
    source += "model = DecisionTreeClassifier().fit(X[:, :2].tolist(), y)\n"
    found = facts(source, X=np.arange(60.0).reshape(20, 3), y=[0, 1] * 10)
    assert "profile" not in found and "example" not in found


def test_secrets_reach_neither_profile_nor_example(facts):
    key = "sk-" + "a1b2c3d4e5" * 3
    frame = pd.DataFrame(
        {"note": [key, "plain"] * 10, "api_key": ["hunter2hunter2", "swordfish99"] * 10, "n": [1.0, np.nan] * 10}
    )
    source = "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import OneHotEncoder\n"
    source += "from sklearn.tree import DecisionTreeClassifier\n"
    source += "model = make_pipeline(OneHotEncoder(), DecisionTreeClassifier()).fit(X, y)\n"
    found = facts(source, X=frame, y=[0, 1] * 10)
    text = json.dumps(found)
    assert key not in text and "hunter2" not in text and "swordfish" not in text
    assert found["example"]["data"][:2] == [["[redacted]", "[redacted]", 1.0], ["plain", "[redacted]", None]]
    assert found["profile"]["not_profiled"] == ["api_key"]


def test_a_column_that_cannot_be_counted_hides_no_other(facts):
    frame = pd.DataFrame({"odd": pd.Series(["\ud800", "b"] * 30, dtype=object), "n": 1.0, "list": [[1]] * 60})
    source = "from sklearn.dummy import DummyClassifier\nmodel = DummyClassifier().fit(X, y)\n"
    found = facts(source, X=frame, y=np.array([True, False] * 30))
    assert [c["name"] for c in found["profile"]["columns"]][-1] == "n" and "list" in found["profile"]["not_profiled"]
    assert found["target"]["categories"] == {"False": 30, "True": 30} and len(found["example"]["data"]) == 5


def test_numbers_of_rows_are_known_as_such_from_a_sample_too(facts):
    frame = _frame().assign(row=range(9000))
    found = facts(_FIT, X=frame[["age", "size", "row"]], y=frame["y"])
    kinds = {column["name"]: column["kind"] for column in found["profile"]["columns"]}
    assert kinds == {"age": "number", "size": "number", "row": "identifier"}


@pytest.mark.parametrize("off", ["training_profile", "input_example"])
def test_profile_and_example_can_be_switched_off(facts, workspace, off):
    workspace.root.joinpath("nbops.toml").write_text(f"[track]\n{off} = false\n")
    found = facts(_FIT, X=_frame(60)[["age", "size"]], y=[0, 1] * 30)
    assert ("profile" in found, "example" in found) == (off != "training_profile", off != "input_example")


def test_seeds_of_the_code_and_of_the_estimator_are_told(facts):
    source = "import random\nSEED = 7\nrandom.seed(SEED)\nrng = np.random.default_rng()\nnp.random.seed(0)\n"
    source += "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
    source += "from sklearn.ensemble import RandomForestClassifier\n"
    source += "model = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=2)).fit(X, y)\n"
    state = np.random.get_state()
    try:
        found = facts(source, np=np, X=_frame(60)[["age"]], y=[0, 1] * 30)
    finally:
        np.random.set_state(state)
    assert found["seeds"] == {"random.seed": "7", "np.random.default_rng": "None", "np.random.seed": "0"}
    assert found["random_state"] == {"randomforestclassifier__random_state": "None"}


@pytest.mark.parametrize(
    ("source", "seeds"),
    [
        ("torch.manual_seed(3)", {"torch.manual_seed": "3"}),
        ("def f():\n    return default_rng(seed=1)", {"default_rng": "1"}),
        ("np.random.seed(0)\nnp.random.seed(1)", {"np.random.seed": "0", "np.random.seed (2)": "1"}),
        ("np.random.seed(0)\nnp.random.seed(0)", {"np.random.seed": "0"}),
        ("plant.seed(3); seed(4)", {}),
    ],
)
def test_calls_that_seed(source, seeds):
    assert seed_calls(source, {}) == seeds
