"""Profiles: exact counts, exact merges, small and stable on the wire."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbops.data.profile import Profile, profile_frame
from nbops.errors import DataError

numbers = st.lists(st.floats(width=32) | st.floats() | st.none(), min_size=1, max_size=60)
words = st.lists(st.sampled_from(["a", "b", "c"]) | st.none(), min_size=1, max_size=60)


@given(values=numbers, names=words, cut=st.integers(0, 60))
@settings(max_examples=100)
def test_parts_add_up_to_the_whole(values, names, cut):
    rows = min(len(values), len(names))
    frame = pd.DataFrame({"n": pd.Series(values[:rows], dtype=float), "w": pd.Series(names[:rows], dtype=object)})
    whole = profile_frame(frame)
    merged = profile_frame(frame.iloc[:cut], whole).merge(profile_frame(frame.iloc[cut:], whole))
    assert merged.rows == whole.rows
    for one, other in zip(merged.columns, whole.columns, strict=True):
        assert (one.kind, one.nulls, one.histogram, one.infinite) == (
            other.kind,
            other.nulls,
            other.histogram,
            other.infinite,
        )
        assert one.categories == other.categories
        assert (one.minimum, one.maximum) == (other.minimum, other.maximum)


@given(values=numbers)
@example(values=[1.5e308, 1.5e308])
@example(values=[-1.5e308, -1.5e308, None])
def test_the_wire_keeps_everything(values):
    profile = profile_frame(pd.DataFrame({"n": pd.Series(values, dtype=float), "w": ["x"] * len(values)}))
    back = Profile.from_dict(json.loads(json.dumps(profile.to_dict(), allow_nan=False)))
    assert repr(back) == repr(profile)


def test_different_shifts_do_not_merge():
    one, other = (profile_frame(pd.DataFrame({"n": np.arange(100.0) + start})) for start in (0, 5000))
    with pytest.raises(DataError, match="made differently"):
        one.merge(other)


def test_kinds():
    rows = 200
    frame = pd.DataFrame(
        {
            "number": np.linspace(0, 1, rows),
            "flag": [True, False] * (rows // 2),
            "word": ["a", "b"] * (rows // 2),
            "when": pd.date_range("2026-01-01", periods=rows),
            "id": [f"customer-{i}" for i in range(rows)],
            "count": np.arange(rows),
            "none": [None] * rows,
            "text": [str(i) for i in range(rows - 1)] + [" "],
        }
    )
    kinds = {column.name: column.kind for column in profile_frame(frame).columns}
    assert kinds == {
        "number": "number",
        "flag": "boolean",
        "word": "category",
        "when": "time",
        "id": "identifier",
        "count": "identifier",
        "none": "empty",
        "text": "number",
    }


def test_moments_and_quantiles_are_those_of_numpy():
    values = np.random.default_rng(0).lognormal(10, 1, 20_000)
    column = profile_frame(pd.DataFrame({"n": values})).columns[0]
    assert column.mean == pytest.approx(values.mean())
    assert column.deviation == pytest.approx(values.std())
    for share in (0.05, 0.5, 0.95):
        assert column.quantile(share) == pytest.approx(np.quantile(values, share), rel=0.02)


def test_columns_far_from_zero_stay_sharp():
    values = 1.76e9 + np.random.default_rng(0).random(10_000) * 1000
    column = profile_frame(pd.DataFrame({"n": values})).columns[0]
    assert column.deviation == pytest.approx(values.std(), rel=1e-6)
    assert abs(column.quantile(0.25) - np.quantile(values, 0.25)) < 5


def test_a_profile_is_small():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": random.normal(size=50_000) for i in range(20)})
    assert len(json.dumps(profile_frame(frame).to_dict())) < 250_000


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="two columns 'a'"):
        profile_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))
