"""Columns settled once, and later rows brought to the same kinds."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

from nbops.data.profile import profile_frame
from nbops.data.typed import conform, kinds_of, settle
from nbops.errors import DataError


def test_what_files_made_of_columns_is_settled():
    frame = pd.DataFrame(
        {
            1: [1.0, np.inf, np.nan],
            "amount": ["1.5", " ", "2"],
            "code": ["007", "12", "3"],
            "iso": ["2024-01-31", None, "2024/2/1 10:30"],
            "day": ["31.01.2024", "01.02.2024", None],
            "date": [datetime.date(2024, 1, 1)] * 3,
            "flag": [True, False, True],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical([3, 1, 3]),
            "money": [decimal.Decimal("1.10")] * 3,
            "long": pd.to_timedelta(["1h", "2h", None]),
            "mixed": [1, "b", None],
            "empty": [None] * 3,
        }
    )
    found = settle(frame)
    assert dict(found.kinds) == {
        "1": "number",
        "amount": "number",
        "code": "word",
        "iso": "time",
        "day": "word",
        "date": "time",
        "flag": "boolean",
        "maybe": "word",
        "whole": "number",
        "kind": "number",
        "money": "number",
        "long": "number",
        "mixed": "word",
        "empty": "word",
    }
    assert found.frame["1"].isna().tolist() == [False, True, True]
    assert found.frame["amount"].tolist()[::2] == [1.5, 2.0]
    assert found.frame["mixed"].tolist() == ["1", "b", None]
    assert found.frame["long"].tolist()[:2] == [3600, 7200]
    assert "amount: 1 blank cells are missing now" in found.notes
    assert any("infinite" in note for note in found.notes)
    # Settling what is settled changes nothing, and the kinds can be read off a profile.
    again = settle(found.frame)
    pd.testing.assert_frame_equal(again.frame, found.frame)
    assert kinds_of(profile_frame(found.frame)) == dict(found.kinds)


def test_dates_that_a_person_names():
    frame = pd.DataFrame({"day": ["Jan 3, 2024", "Feb 1, 2024"], "year": [2023, 2024], "x": [1, 2]})
    found = settle(frame, dates=["day", "year"])
    assert found.kinds["day"] == found.kinds["year"] == "time"
    assert found.frame["year"].dt.year.tolist() == [2023, 2024]
    with pytest.raises(DataError, match="no column 'dya'.*'day'"):
        settle(frame, dates=["dya"])
    with pytest.raises(DataError, match="'word' holds no dates"):
        settle(pd.DataFrame({"word": ["a", "b"]}), dates=["word"])
    with pytest.raises(DataError, match="two columns 'a'"):
        settle(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_later_rows_become_what_the_model_knows():
    kinds = {"n": "number", "b": "boolean", "t": "time", "w": "word"}
    later = pd.DataFrame(
        {
            "extra": [1, 2, 3],
            "w": [1.0, 2.5, None],
            "t": ["2024-01-01", "never", None],
            "b": ["True", "no idea", None],
            "n": ["1", "x", "inf"],
        }
    )
    found, lost = conform(later, kinds)
    assert list(found.columns) == list(kinds)
    assert found["n"].tolist()[0] == 1 and found["n"].isna().sum() == 2
    assert found["b"].tolist() == [True, None, None]
    assert found["w"].tolist() == ["1", "2.5", None]
    assert lost == {"n": 2, "b": 1, "t": 1}
    for empty in (later.head(0), later.assign(n=None, b=None, t=None, w=None)):
        assert conform(empty, kinds)[0].shape == (len(empty), 4)
    with pytest.raises(DataError, match="no column 'w'"):
        conform(later.drop(columns="w"), kinds)
