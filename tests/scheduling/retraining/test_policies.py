"""Policies of retraining: what is wrong with one, those that a file declares, and paths in them."""

from __future__ import annotations

import pandas as pd
import pytest

from nbops.cli import main
from nbops.errors import NbopsError, NotFoundError, UsageError
from nbops.scheduling.retraining import (
    apply_policies,
    build,
    pause_policy,
    policies,
    remove_policy,
    retrain_now,
    set_policy,
)
from nbops.workspace import find_workspace

START = 1_760_000_000.0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pipeline": "none.toml"}, "none.toml"),
        ({"data_parameter": "sourc"}, "sourc"),
        ({"pipeline": "predicts.toml", "data_parameter": "source"}, "--label churned"),
        ({"pipeline": "promotes.toml", "data_parameter": "reason"}, "nothing would train"),
        ({"on": ["dirft"]}, "'dirft'"),
        ({"on": ["schedule"]}, "needs cron"),
        ({"cron": "0 4 * * *"}, "does not start on schedule"),
        ({"volume": 50}, "does not start on volume"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"source": ""}, "none is named"),
        ({"on": ["volume"]}, "number of rows"),
        ({"window": "soon"}, "soon"),
        ({"holdout": 0.99}, "holdout must be from 0.05 to 0.9"),
        ({"budget": 0}, "budget must be"),
        ({"mode": "perhaps"}, "promote or approval"),
        ({"metric": "beauty"}, "beauty"),
        ({"source": "none/*.csv"}, "none"),
        ({"parameters": {"nothing": 1}}, "nothing"),
        ({"parameters": {"password": "hunter2hunter2"}}, "looks like a secret"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"holdout": "much"}, "holdout cannot be 'much'"),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(alone, given, said, declare):
    with pytest.raises(NbopsError, match=".") as raised:
        declare(alone, **given)
    assert said in str(raised.value) + raised.value.hint
    assert policies(alone) == ()


def test_all_that_is_wrong_with_a_policy_is_told_in_one_line(alone, declare):
    with pytest.raises(UsageError, match=r"holdout must be .* And 3 more are wrong: budget, mode, source\.") as raised:
        declare(alone, holdout=2, budget=0, mode="perhaps", source="")
    assert [one.field for one in (raised.value, *raised.value.further)] == ["holdout", "budget", "mode", "source"]
    assert policies(alone) == ()
    with pytest.raises(UsageError, match=r"holdout cannot be 'much'\. And 1 more is wrong: budget\."):
        declare(alone, holdout="much", budget="all")


def test_a_model_that_is_not_there(alone):
    with pytest.raises(NotFoundError):
        set_policy(alone, build("chrun", {"pipeline": "churn.toml", "data_parameter": "n"}))


def test_policies_that_the_file_declares(alone, declare):
    file = alone.root / "nbops.toml"
    plain = file.read_text()
    file.write_text(plain + '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\non = ["drift"]\n')
    place = find_workspace(alone.root)
    assert apply_policies(place) == {"churn": "added"}
    assert apply_policies(place) == {"churn": "unchanged"}
    file.write_text(file.read_text() + "budget = 9\n")
    assert apply_policies(place) == {"churn": "changed"}
    assert policies(place)[0].budget == 9
    file.write_text(plain)
    assert apply_policies(place) == {"churn": "left"}
    assert apply_policies(place, prune=True) == {"churn": "removed"}
    declare(place)
    file.write_text(plain + '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\n')
    with pytest.raises(UsageError, match="by hand"):
        apply_policies(place)
    remove_policy(place, "churn")
    with pytest.raises(NotFoundError, match="no policy"):
        retrain_now(place, "churn")


def test_a_file_does_not_resume_what_somebody_paused(alone):
    declared = '[retrain.churn]\npipeline = "churn.toml"\ndata_parameter = "n"\n'
    (alone.root / "nbops.toml").write_text(declared)
    assert apply_policies(alone) == {"churn": "added"}
    pause_policy(alone, "churn")
    assert apply_policies(alone) == {"churn": "unchanged"}
    (alone.root / "nbops.toml").write_text(declared + "budget = 2\n")
    assert apply_policies(alone) == {"churn": "changed"}
    assert [(one.paused, one.budget) for one in policies(alone)] == [(True, 2)]
    (alone.root / "nbops.toml").write_text(declared + "paused = false\n")
    assert apply_policies(alone) == {"churn": "changed"}
    assert not policies(alone)[0].paused


def test_paths_start_in_the_folder_of_the_workspace_that_is_named(alone, tmp_path_factory, monkeypatch, capsys):
    (alone.root / "rows").mkdir()
    pd.DataFrame({"a": [1.0], "target": [0]}).to_csv(alone.root / "rows" / "new.csv", index=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    given = ["--pipeline", "churn.toml", "--data-parameter", "n", "--source", "rows/new.csv"]
    assert main(["retrain", "set", "churn", *given, "-C", str(alone.root)]) == 0
    assert [(one.pipeline, one.source) for one in policies(alone)] == [("churn.toml", "rows/new.csv")]
    monkeypatch.chdir(alone.root / "rows")
    given = ["--pipeline", "../churn.toml", "--data-parameter", "n", "--source", "new.csv"]
    assert main(["retrain", "set", "churn", *given]) == 0
    assert [(one.pipeline, one.source) for one in policies(alone)] == [("churn.toml", "rows/new.csv")]
    capsys.readouterr()
