"""What is looked at of a column that cannot be compared as it is."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.data.compact import compact, expanded
from nbops.data.profile import Profile, profile_frame
from nbops.data.scan import profile_source

moments = st.lists(
    st.datetimes(pd.Timestamp(1900, 1, 1), pd.Timestamp(2100, 1, 1)) | st.none(), min_size=1, max_size=40
)


@given(values=moments, cut=st.integers(0, 40))
@settings(max_examples=50)
def test_times_merge_exactly_and_are_those_of_pandas(values, cut):
    frame = pd.DataFrame({"t": pd.Series(values, dtype="datetime64[ns]")})
    whole = profile_frame(frame)
    merged = profile_frame(frame[:cut], whole).merge(profile_frame(frame[cut:], whole))
    assert [replace(c, distinct=0) for c in merged.columns] == [replace(c, distinct=0) for c in whole.columns]
    column, known = whole.columns[0], frame.t.dropna()
    if len(known):
        hour, weekday = column.aspects
        assert (hour.name, weekday.name, hour.kind, hour.nulls) == ("hour", "weekday", "category", column.nulls)
        assert hour.categories == {str(k): v for k, v in known.dt.hour.value_counts().items()}
        assert weekday.categories == {k[:3]: v for k, v in known.dt.day_name().value_counts().items()}
        assert column.minimum == pytest.approx(known.min().timestamp(), abs=1e-3)
        assert column.maximum == pytest.approx(known.max().timestamp(), abs=1e-3)


def test_a_time_with_a_zone_has_the_hours_of_its_clock_and_the_range_of_all():
    times = pd.date_range("2026-03-01 12:00", periods=3, freq="h", tz="Asia/Tokyo")
    column = profile_frame(pd.DataFrame({"t": times})).columns[0]
    assert column.aspects[0].categories == {"12": 1, "13": 1, "14": 1}
    assert column.minimum == times[0].timestamp()
    months = profile_frame(pd.DataFrame({"t": pd.period_range("2026-01", periods=3, freq="M")})).columns[0]
    assert months.kind == "time" and months.aspects[0].categories == {"0": 3}


def test_aspects_are_kept_on_the_wire_and_in_the_small_form():
    frame = pd.DataFrame({"t": pd.date_range("1970-01-01", periods=500, freq="37min"), "n": np.arange(500.0) % 7})
    whole = profile_frame(frame)
    assert Profile.from_dict(json.loads(json.dumps(whole.to_dict()))) == whole
    stored = expanded(json.loads(json.dumps(compact(whole)))).columns[0]
    assert stored.minimum == 0.0 and stored.aspects[0].categories == whole.columns[0].aspects[0].categories
    assert all(aspect.binned and aspect.rows == 500 for aspect in stored.aspects)


def test_files_have_the_profile_of_their_rows(tmp_path):
    frame = pd.DataFrame({"t": pd.date_range("2026-01-01", periods=90, freq="7h"), "n": np.linspace(0, 1, 90)})
    frame[:40].to_parquet(tmp_path / "a.parquet")
    frame[40:].to_parquet(tmp_path / "b.parquet")
    reference = profile_frame(frame)
    assert profile_source(tmp_path, reference).columns == reference.columns
    assert profile_source(str(tmp_path / "*.parquet"), columns=["n"]).column("t") is None
    assert profile_source(frame, columns=["n"]).column("n") == reference.column("n")
    assert profile_source(reference) == reference
