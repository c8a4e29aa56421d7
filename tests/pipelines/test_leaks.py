"""Columns that give the target away, and rows that are on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

from nbops.pipelines.tabular.leaks import leaking_columns, rows_on_both_sides


def test_a_column_made_from_the_target_is_found_and_no_other():
    frame = load_diabetes(as_frame=True).frame
    assert leaking_columns(frame, "target", "regression") == {}
    draw = np.random.default_rng(0)
    leaky = frame.assign(after=frame["target"] * 2 + draw.normal(size=len(frame)), gap=np.nan)
    assert list(leaking_columns(leaky, "target", "regression")) == ["after"]
    words = pd.DataFrame(
        {
            "closed": pd.to_datetime(np.where(np.arange(300) % 3 == 0, "2024-01-02", None)),
            "kind": draw.choice(list("ab"), 300),
            "left": np.where(np.arange(300) % 3 == 0, "yes", "no"),
        }
    )
    assert list(leaking_columns(words, "left", "classification")) == ["closed"]
    rare = words.assign(left=["yes"] * 3 + ["no"] * 297)
    assert leaking_columns(rare, "left", "classification") == {}
    assert leaking_columns(words.head(10), "left", "classification") == {}


def test_rows_on_both_sides():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    assert rows_on_both_sides(frame, frame.iloc[1:].astype({"a": float})) == 2
    assert rows_on_both_sides(frame, frame.assign(b="q")) == 0
    assert rows_on_both_sides(frame, frame.head(0)) == 0
