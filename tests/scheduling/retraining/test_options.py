"""Every option of ``nbops retrain set`` and ``%retrain set``, through either door: what it makes of the policy."""

import argparse
import shlex

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main, retrain
from nbops.errors import NbopsError
from nbops.magics.retrain import _GRAMMAR
from nbops.magics.retrain import retrain as magic
from nbops.registry import register
from nbops.scheduling.retraining import decisions, policies
from nbops.workspace import find_workspace

USUAL = ["--pipeline", "churn.toml", "--data-parameter", "n"]
SET = [
    ([], {"mode": "approval", "on": ("drift", "performance"), "pipeline": "churn.toml", "data_parameter": "n"}),
    (["--on", "drift"], {"on": ("drift",)}),
    (["--on", "schedule", "--cron", "0 4 * * 1"], {"on": ("schedule",), "cron": "0 4 * * 1"}),
    (["--on", "schedule", "--cron", "0 4 * * 1", "--timezone", "Asia/Tokyo"], {"timezone": "Asia/Tokyo"}),
    (["--on", "volume", "--volume", "500"], {"volume": 500}),
    (["--source", "rows/new.csv", "--time", "at"], {"source": "rows/new.csv", "time": "at"}),
    (["--label", "churned"], {"label": "churned"}),
    (["--window", "90d"], {"window": "90d"}),
    (["--holdout", "0.4"], {"holdout": 0.4}),
    (["--metric", "roc_auc"], {"metric": "roc_auc"}),
    (["--min-gain", "0.01"], {"min_gain": 0.01}),
    (["--confidence", "0.9"], {"confidence": 0.9}),
    (["--target", "Staging"], {"target": "Staging"}),
    (["--promote"], {"mode": "promote"}),
    (["--cool-down-hours", "48"], {"cool_down_hours": 48.0}),
    (["--budget", "2"], {"budget": 2}),
    (["--budget-days", "7"], {"budget_days": 7.0}),
]
WRONG = [
    (["--volume", "nan"], "--volume"),
    (["--volume", "2.5"], "--volume"),
    (["--budget", "inf"], "--budget"),
    (["--holdout", "much"], "--holdout"),
    (["--holdout", "nan"], "holdout must be from 0.05 to 0.9"),
    (["--confidence", "2"], "confidence must be from 0.5 to 0.9999"),
    (["--cool-down-hours", "-1"], "cool_down_hours must be from 0"),
    (["--on", "dirft"], "dirft"),
    (["--source", "nothing/*.csv"], "nothing/*.csv"),
    (["--window", "soon"], "soon"),
]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    root = tmp_path_factory.mktemp("retraining")
    (root / "nbops.toml").write_text("courier = false\n")
    (root / "churn.toml").write_text(
        'name = "churn"\n[stages.only]\nnotebook = "s.ipynb"\nparameters = {n = "", depth = 1}\n'
    )
    said = nbformat.v4.new_code_cell('n: str = ""\ndepth: int = 1', metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[said])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, root / "s.ipynb")
    (root / "rows").mkdir()
    pd.DataFrame({"a": [1.0], "churned": [0], "at": ["2026-01-01"]}).to_csv(root / "rows" / "new.csv", index=False)
    workspace = find_workspace(root)
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=60)})
    with nbops.track("first", workspace=workspace) as run:
        model = LogisticRegression().fit(X, (X["a"] > 0).astype(int))
    assert model is not None
    register("churn", run_id=run.run_id, workspace=workspace)
    return workspace


@pytest.fixture(params=["command", "magic"])
def door(request, here, monkeypatch, capsys):
    """Type words by one of the doors; give the exit code, or 1 for an error, and what was said."""
    monkeypatch.chdir(here.root)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(here.root))

    def typed(*words):
        capsys.readouterr()
        if request.param == "command":
            code = main(["retrain", *words])
            said = capsys.readouterr()
            return code, said.out + said.err
        try:
            magic(shlex.join(words))
        except NbopsError as error:
            return 1, str(error)
        return 0, capsys.readouterr().out

    typed.name = request.param
    return typed


@pytest.mark.parametrize(("words", "found"), SET, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_an_option_does(door, here, words, found):
    code, said = door("set", "churn", *USUAL, *words)
    assert code == 0, said
    (policy,) = policies(here)
    assert {name: getattr(policy, name) for name in found} == found


@pytest.mark.parametrize(("words", "told"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_makes_no_sense(door, words, told):
    code, said = door("set", "churn", *USUAL, *words)
    assert code != 0
    assert told in said and "Traceback" not in said


def test_parameters_of_the_pipeline(door, here):
    option = "--set" if door.name == "command" else "--parameter"
    assert door("set", "churn", *USUAL, option, "depth=3")[0] == 0
    assert dict(policies(here)[0].parameters) == {"depth": 3}
    assert door("set", "churn", *USUAL, option, "height=3")[0] == 1


def test_a_training_goes_on_by_itself(door, here, monkeypatch):
    assert door("set", "churn", *USUAL)[0] == 0
    monkeypatch.setattr("nbops.scheduling.retraining.launch_retraining", lambda *given: 1)
    monkeypatch.setattr("nbops.scheduling.retraining.carrying._launch", lambda *given: 1)
    code, said = door("now", "churn", "--detach", "--reason", "a new device")
    assert code == 0, said
    newest = decisions(here)[0]
    assert newest.outcome in ("queued", "busy") and "a new device" in newest.message


def test_what_a_file_no_longer_declares_goes_only_if_that_is_wanted(door, here):
    file = here.root / "nbops.toml"
    before = file.read_text()
    try:
        door("remove", "churn")
        file.write_text(before + '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\n')
        assert "added" in door("apply")[1]
        file.write_text(before)
        assert "left" in door("apply")[1]
        assert "removed" in door("apply", "--prune")[1]
        assert policies(here) == ()
    finally:
        file.write_text(before)


def test_no_option_goes_untested():
    tested = {word[2:] for words, _ in SET for word in [*words, *USUAL] if word.startswith("--")}
    others = {"detach", "reason", "prune"}
    assert set(_GRAMMAR.options) == tested | others | {"parameter"}
    parser = argparse.ArgumentParser()
    retrain.add_parser(parser.add_subparsers())
    retrained = parser._subparsers._group_actions[0].choices["retrain"]._subparsers._group_actions[0].choices["set"]
    known = {option[2:] for action in retrained._actions for option in action.option_strings if option[:2] == "--"}
    assert known - {"help", "json"} == tested | {"set"}
