"""What models predicted in a block, for the profile of outputs that goes with them."""

import ast
import json

import numpy as np
import pandas as pd
import pytest

from nbops.capture import Options, Probe
from nbops.capture.calls import Rewriter
from nbops.capture.predicted import noted
from nbops.data.compact import expanded

_FIT = "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression().fit(train, y)\n"


def _rows(seed, rows=300):
    drawn = np.random.default_rng(seed)
    return pd.DataFrame({"a": drawn.normal(0, 1, rows), "b": drawn.normal(0, 1, rows)})


@pytest.fixture
def outputs(workspace, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(source, *, cell=True, **given):
        train = _rows(1)
        namespace = {"train": train, "test": _rows(2), "y": (train["a"] > 0).astype(int), **given}
        probe = Probe(workspace, source, namespace, kind="cell", options=Options(), shell=_Shell() if cell else None)
        probe.start()
        tree = ast.parse(source)
        if cell:
            assert probe.rewrites
            Rewriter(probe.functions).visit(tree)
        exec(compile(tree, "cell", "exec"), namespace)
        found = probe.finish()
        assert found.warnings == () and not noted
        texts = [data for ref, data in found.blobs if ref.kind == "training"]
        return json.loads(texts[0]).get("outputs") or {}

    return run


class _Shell:
    display_pub = displayhook = None


@pytest.mark.parametrize(
    "source",
    [
        "score = float(abs(y - 1).sum() * model.predict_proba(test)[:, 1].mean() + model.predict(test).mean())\n",
        "found = model.predict(test)\nproba = model.predict_proba(X=test)[:, 1]\nfound[:] = 7\n",
        "for _ in range(3):\n    p, q = model.predict(test[['a', 'b']]), model.predict_proba(test)\n",
    ],
)
def test_what_a_cell_predicts_of_other_rows_is_profiled(outputs, source):
    found = outputs(_FIT + source)
    assert (found["name"], found["rows"], found["sampled"]) == ("test", 300, 300)
    profile = expanded(found["profile"])
    assert [(c.name, c.kind) for c in profile.columns] == [("output", "category"), ("score", "number")]
    assert set(profile.columns[0].categories) == {"0", "1"} and profile.columns[1].minimum > 0


def test_predictions_of_the_rows_it_was_fitted_on_are_no_reference(outputs):
    assert not outputs(_FIT + "p = model.predict(train)\n")
    assert not outputs(_FIT + "p = model.predict(train.head(100))\n")
    assert not outputs(_FIT + "p = model.predict(test.head(5))\n")
    # Under another name, among others, and made in the call, which nobody can tell.
    assert not outputs("other = train\n" + _FIT + "p = model.predict(other)\n")
    assert not outputs(
        _FIT + "p = model.predict(both)\n", both=pd.concat([_rows(1), _rows(2).set_axis(range(300, 600))])
    )
    assert not outputs("import pandas as pd\n" + _FIT + "p = model.predict(pd.concat([train, test]))\n")
    # Labels that begin anew are no sign.
    assert outputs(_FIT + "p = model.predict(test)\n")["name"] == "test"


def test_predictions_of_a_model_that_is_no_more_are_not_those_of_the_next(outputs):
    source = _FIT + "p = model.predict(test)\n" + _FIT
    assert not outputs(source) and not outputs(source, cell=False)
    source = _FIT + "p = model.predict(test)\nmodel.fit(train, 1 - y)\n"
    assert not outputs(source) and not outputs(source, cell=False)


def test_a_script_keeps_those_that_have_a_name(outputs):
    found = outputs(_FIT + "p = model.predict(test)\n", cell=False)
    assert [c["name"] for c in found["profile"]["columns"]] == ["output"]
    assert not outputs(_FIT + "p = model.predict(test)\np[0] = 3\n", cell=False)


def test_each_class_has_a_score_and_numbers_stay_numbers(outputs):
    y = np.repeat(["red", "green", "blue"], 100)
    source = _FIT.replace("LogisticRegression().fit", "make_pipeline(LogisticRegression()).fit")
    source = (
        "from sklearn.pipeline import make_pipeline\n"
        + source
        + "p, q = model.predict(test), model.predict_proba(test)\n"
    )
    found = outputs(source, y=y)
    assert [c["name"] for c in found["profile"]["columns"]] == ["output", "score_blue", "score_green", "score_red"]
    source = (
        "from sklearn.linear_model import Ridge\nmodel = Ridge().fit(train, y)\nprint(model.predict(test).mean())\n"
    )
    (column,) = outputs(source)["profile"]["columns"]
    assert (column["name"], column["kind"]) == ("output", "number")


def test_a_call_behaves_as_it_did(outputs):
    class Odd:
        def predict(self, rows):
            raise KeyError("mine")

    tree = Rewriter({}).visit(ast.parse("odd.predict(1)\n"))
    with pytest.raises(KeyError, match="mine"):
        exec(compile(tree, "cell", "exec"), {"odd": Odd()})
    tree = Rewriter({}).visit(ast.parse("absent.predict(1)\n"))
    with pytest.raises(NameError, match="absent"):
        exec(compile(tree, "cell", "exec"), {})
    namespace = {"odd": type("Slots", (), {"__slots__": (), "predict": lambda self, rows: [rows]})()}
    exec(compile(Rewriter({}).visit(ast.parse("p = odd.predict(1)\n")), "cell", "exec"), namespace)
    assert namespace["p"] == [1] and not noted
