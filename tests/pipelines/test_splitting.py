"""Rows to learn from and rows to judge on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.errors import DataError, UsageError
from nbops.pipelines.tabular.splitting import folds_of, hold_out, newest, split_kind


@settings(max_examples=40)
@given(st.data())
def test_every_row_is_on_one_side_and_the_rule_of_the_split_holds(data):
    rows = data.draw(st.integers(2, 40))
    seed = data.draw(st.integers(0, 5))
    frame = pd.DataFrame(
        {
            "y": data.draw(st.lists(st.sampled_from(["a", "b", "rare"]), min_size=rows, max_size=rows)),
            "t": pd.to_datetime(data.draw(st.lists(st.integers(0, 9), min_size=rows, max_size=rows)), unit="D"),
            "g": data.draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows)),
        }
    )
    kind = data.draw(st.sampled_from(["random", "time", "group"]))
    share = data.draw(st.floats(0.05, 0.9))
    try:
        learn, held = hold_out(frame, "y", "classification", share, split=kind, time="t", group="g", seed=seed)
    except DataError:
        assert frame[{"time": "t", "group": "g"}[kind]].nunique() == 1
        return
    assert sorted([*learn, *held]) == list(range(rows))
    assert len(learn) and len(held)
    if kind == "time":
        assert frame["t"].iloc[learn].max() < frame["t"].iloc[held].min()
    if kind == "group":
        assert set(frame["g"].iloc[learn]).isdisjoint(frame["g"].iloc[held])
    groups, times = (frame["g"] if kind == "group" else None), (frame["t"] if kind == "time" else None)
    folds = folds_of(frame["y"], "classification", 5, time=times, group=groups, seed=seed)
    for learn, judge in folds:
        assert len(learn) and len(judge) and set(learn).isdisjoint(judge)
        if kind == "time":
            assert frame["t"].iloc[learn].max() < frame["t"].iloc[judge].min()
        if kind == "group":
            assert set(frame["g"].iloc[learn]).isdisjoint(frame["g"].iloc[judge])
    if kind == "random" and folds:
        assert sorted(np.concatenate([judge for _, judge in folds])) == list(range(rows))


def test_shares_of_classes_and_of_groups_are_kept_alike():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"y": draw.choice(["no", "yes"], 400, p=[0.95, 0.05]), "g": draw.integers(0, 40, 400)})
    for kind in ("random", "group"):
        learn, held = hold_out(frame, "y", "classification", 0.25, split=kind, group="g")
        assert len(held) == pytest.approx(100, abs=12)
        assert (frame["y"].iloc[held] == "yes").mean() == pytest.approx((frame["y"] == "yes").mean(), abs=0.03)
    older, later = newest(frame, 0.1)
    assert later.tolist() == list(range(360, 400)) and len(older) == 360


def test_what_cannot_be_split_is_told():
    frame = pd.DataFrame({"y": [1.0, 2.0, 3.0], "t": ["2024-01-01", None, "2024-01-02"], "g": ["a"] * 3})
    with pytest.raises(UsageError, match="between 0 and 1"):
        hold_out(frame, "y", "regression", 1.0)
    with pytest.raises(DataError, match="1 rows have no 't'"):
        hold_out(frame, "y", "regression", 0.5, split="time", time="t")
    with pytest.raises(DataError, match="one group of 'g'"):
        hold_out(frame, "y", "regression", 0.5, split="group", group="g")
    with pytest.raises(DataError, match="cannot be split"):
        hold_out(frame.head(1), "y", "regression", 0.5)
    with pytest.raises(UsageError, match="no split 'chance'"):
        split_kind("chance")
    with pytest.raises(UsageError, match="needs the name of a column"):
        split_kind("time")
    assert [split_kind("auto"), split_kind("auto", "t", "g"), split_kind("auto", "", "g")] == [
        "random",
        "time",
        "group",
    ]
    assert folds_of(frame["y"], "regression", 5) == []
