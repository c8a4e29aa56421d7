"""Whether what drifted matters, and what is said first."""

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.cli import main
from nbops.data.profile import Profile, profile_frame
from nbops.errors import UsageError
from nbops.monitoring.drift import drift


@pytest.fixture
def pair():
    random = np.random.default_rng(7)
    before = pd.DataFrame({name: random.normal(size=1500) for name in ("tenure", "age", "score")})
    return before, before.assign(tenure=before.tenure + 0.6)


def test_the_sentence_says_whether_it_matters(pair):
    heavy = nbops.drift(*pair, importance={"tenure": 0.3, "age": 0.5})
    assert heavy.matters is True and heavy.carried == 0.375
    assert heavy.sentence.startswith(
        "1 of 3 columns has drifted, and it matters (it carries 38% of the model's weight): tenure"
    )
    light = nbops.drift(*pair, importance={"tenure": 0.01, "age": 0.99})
    assert light.matters is False
    assert "and it hardly matters (it carries 1% of the model's weight)" in light.sentence
    assert nbops.drift(*pair).matters is None
    assert nbops.drift(pair[0], pair[0]).matters is False


def test_columns_are_ranked_by_effect_and_weight(pair):
    before, after = pair
    after = after.assign(age=after.age + 2)
    assert nbops.drift(before, after).drifted == ("age", "tenure")
    assert nbops.drift(before, after, importance={"tenure": 0.9, "age": 0.1}).drifted == ("tenure", "age")
    # What did harm when it was measured weighs nothing.
    assert nbops.drift(before, after, importance={"tenure": 0.9, "age": -0.1}).carried == 1.0


def test_the_prediction_comes_first(pair):
    before, after = pair
    steady = nbops.drift(before, after, prediction="score")
    assert steady.columns[0].name == "score" and steady.columns[0].role == "prediction"
    assert steady.sentence.startswith("The prediction has not moved; 1 of 2 columns has drifted: tenure (")
    moved = nbops.drift(before, after.assign(score=after.score - 1), prediction="score", target=["age"])
    assert moved.matters is True
    assert moved.sentence.startswith("The prediction has drifted: score (shifted down by ")
    assert "the target has not moved" in moved.sentence


def test_repeated_rows_are_told_of_the_whole(pair):
    profile = profile_frame(pair[0])
    before, after = (Profile(p.rows, p.columns, duplicates) for p, duplicates in ((profile, 10), (profile, 200)))
    assert drift(before, after).findings == ("repeated rows 0.7% → 13.3%",)
    assert drift(before, after).sentence.endswith("repeated rows 0.7% → 13.3%.")
    assert drift(before, before).findings == drift(profile, after).findings == ()


def test_what_the_rows_can_show_is_said(pair):
    before, _ = pair
    small = nbops.drift(before, before.head(100))
    assert small.power.startswith("The smallest change that counts (KS 0.028) needs more rows of the reference")
    many = pd.DataFrame({"x": np.random.default_rng(8).normal(size=60_000)})
    assert "needs 2," in nbops.drift(many, many.head(1000)).power
    assert nbops.drift(many, many).power == ""
    assert "at most 5 % of such reports would name any column, and at most 1 % a given one" in small.false_alarm


def test_roles_and_weights_must_be_of_columns_and_numbers(pair):
    with pytest.raises(UsageError, match="has a column 'forecast'"):
        nbops.drift(*pair, prediction="forecast")
    with pytest.raises(UsageError, match="weight of tenure must be a number"):
        nbops.drift(*pair, importance={"tenure": "large"})


def test_a_weight_of_no_column_is_a_slip_in_every_way_to_ask(pair, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = ["before.csv", "after.csv"]
    for frame, file in zip(pair, files, strict=True):
        frame.to_csv(file, index=False)
    with pytest.raises(UsageError, match="has a column 'tenur'. Did you mean 'tenure'"):
        nbops.drift(*files, importance={"age": 0.1, "tenur": 0.3})
    assert main(["drift", *files, "--importance", "age=0.1,tenur=0.3"]) == 1
    assert "Neither data set has a column 'tenur'. Did you mean 'tenure'?" in capsys.readouterr().err
    # What one side alone has, and what is not compared, may have a weight.
    lost = pair[1].drop(columns="age")
    assert nbops.drift(pair[0], lost, importance={"age": 0.1}, columns=["tenure"]).carried is None
    # Of what a stored profile had no room for nobody knows.
    profile = profile_frame(pair[0])
    cut = Profile(profile.rows, profile.columns, left_out=3)
    assert drift(cut, pair[1], importance={"wide": 0.5, "tenure": 0.5}).carried == 1.0
