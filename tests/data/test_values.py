"""Columns of Arrow tables in all the forms that they can take."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from nbops.data.profile import profile_frame
from nbops.data.scan import profile_source


def _profile(chunks):
    whole = profile_source(pa.table({"x": pa.chunked_array(chunks)}))
    merged, *others = [profile_source(pa.table({"x": chunk}), whole) for chunk in chunks]
    for other in others:
        merged = merged.merge(other)
    assert merged == whole
    return whole.columns[0]


def _encoded(words, places):
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), words)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.array(["a", "b"]), pa.array(["b", "c"]), {"b": 3, "a": 2, "c": 1}),
        (pa.array(["a", None]), pa.array(["b", "c"]), {"a": 2, "b": 2, "c": 1}),
        (pa.array(["a", None]), pa.array([None, "c"]), {"a": 2, "c": 1}),
        (pa.array([2, 1]), pa.array([1, 3]), {"1": 3, "2": 2, "3": 1}),
        (pa.array([1.5, None]), pa.array([2.0, 1.5]), {"1.5": 3, "2": 2}),
        (pa.array([True, None]), pa.array([False, True]), {"True": 3, "False": 2}),
    ],
)
def test_dictionaries_that_differ_by_chunk_and_hold_what_is_missing(one, other, expected):
    found = _profile([_encoded(one, [0, 1, 0, None]), _encoded(other, [0, 1, 0, None])])
    assert (found.categories, found.nulls) == (expected, 8 - sum(expected.values()))


def test_nothing_but_what_is_missing_in_a_dictionary():
    found = _profile([_encoded(pa.array([None], pa.string()), [0, 0])])
    assert (found.kind, found.nulls) == ("empty", 2)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_are_the_same_seconds_in_any_unit(unit):
    seconds = np.array([1, -7, 86_400 * 400, 3], "timedelta64[s]")
    found = _profile([pa.array(seconds.astype(f"timedelta64[{unit}]")), pa.array([None], pa.duration(unit))])
    of_frame = profile_frame(pd.DataFrame({"x": pd.Series(seconds.astype(f"timedelta64[{unit}]"))})).columns[0]
    assert (found.minimum, found.maximum, found.total) == (-7.0, 86_400.0 * 400, 86_400.0 * 400 - 3)
    assert (of_frame.hashes, of_frame.sums) == (found.hashes, found.sums)


def test_durations_beyond_what_microseconds_hold():
    assert _profile([pa.array([1, None, -1500], pa.duration("ns"))]).minimum == -1.5e-6
    assert _profile([pa.array([10**15, 1], pa.duration("s"))]).maximum == 1e15


def test_times_beyond_the_years_that_zones_are_known_for():
    kind = pa.timestamp("s", "Europe/Berlin")
    found = _profile([pa.array([-62135596800 * 3, 10**12], kind), pa.array([0, None, 3600], kind)])
    assert (found.kind, found.minimum, found.maximum, found.nulls) == ("time", -186406790400.0, 1e12, 1)
    assert {aspect.name: aspect.categories for aspect in found.aspects}["hour"].keys() >= {"1", "2"}


def test_times_of_day_and_bytes_are_words_and_runs_are_what_they_repeat():
    times = pa.array([1, None, 10**9 * 3600], pa.time64("ns"))
    assert _profile([times]).categories == {"00:00:00": 1, "01:00:00": 1}
    assert _profile([pa.array([datetime.time(1), None])]).categories == {"01:00:00": 1}
    assert _profile([pa.array([b"a", None, b"b"], pa.binary(1))]).categories == {"b'a'": 1, "b'b'": 1}
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 5], pa.int32()), pa.array([1.5, 2.5]))
    assert _profile([runs]).total == 10.5


def test_times_that_microseconds_could_not_hold():
    assert _profile([pa.array([10**14, -(10**14)], pa.timestamp("s"))]).minimum == -1e14
    ns = _profile([pa.array([1_500_000_001, -1], pa.timestamp("ns"))])
    assert (ns.minimum, ns.maximum) == (-1e-6, 1.5)


def test_arrow_types_in_a_frame_are_what_they_are_in_a_table():
    table = pa.table(
        {
            "day": pa.array([datetime.date(2020, 1, 1), None]),
            "time": pa.array([datetime.datetime(2020, 1, 1), None], pa.timestamp("us", "UTC")),
            "flag": pa.array([True, None]),
            "wait": pa.array([1500, None], pa.duration("ms")),
            "word": pa.array(["a", None]),
            "kind": pa.array(["a", None]).dictionary_encode(),
        }
    )
    found = profile_frame(table.to_pandas(types_mapper=pd.ArrowDtype)).columns
    for one, other in zip(found, profile_source(table).columns, strict=True):
        assert (one.kind, one.minimum, one.categories) == (other.kind, other.minimum, other.categories), one.name
    objects = pd.DataFrame({"x": pd.Series([pd.Timedelta("1.5s"), None], dtype=object)})
    assert profile_frame(objects).columns[0].total == 1.5
