"""Profiles of bounded size."""

import json

import numpy as np
import pandas as pd
import pytest

from nbops.data.compact import LIMIT, aligned, compact, expanded
from nbops.data.profile import profile_frame
from nbops.errors import DataError
from nbops.monitoring.drift import drift

DRAWN = np.random.default_rng(7)


def _stored(frame):
    return expanded(json.loads(json.dumps(compact(profile_frame(frame)), allow_nan=False)))


@pytest.mark.parametrize("columns", [3, 500, 2000])
def test_a_stored_profile_is_bounded_whatever_the_columns(columns):
    frame = pd.DataFrame(DRAWN.normal(size=(60, columns)), columns=[f"measured_value_{i}" for i in range(columns)])
    found = compact(profile_frame(frame))
    assert len(json.dumps(found)) <= LIMIT
    assert len(found["columns"]) + found.get("left_out", 0) == columns
    assert columns == 2000 or "left_out" not in found
    assert sum(found["columns"][0]["counts"]) == 60


def test_numbers_keep_their_moments_and_about_equal_groups():
    frame = pd.DataFrame({"x": DRAWN.normal(1e9, 3.0, 20_000)})
    whole, stored = profile_frame(frame).column("x"), _stored(frame).column("x")
    assert stored.binned and len(stored.histogram) <= 64 and stored.count == 20_000
    assert stored.mean == whole.mean and stored.deviation == whole.deviation
    assert (stored.minimum, stored.maximum) == (frame.x.min(), frame.x.max())
    assert max(stored.histogram.values()) < 20_000 / 50


@pytest.mark.parametrize("move", [0.0, 0.3, -0.3, 100.0, -100.0])
def test_the_distance_to_a_stored_profile_is_close_to_the_true_one_and_never_above_it(move):
    before, after = (pd.DataFrame({"x": DRAWN.normal(m, 1.0, 5000)}) for m in (0.0, move))
    true, found = (drift(b, after).columns[0] for b in (before, _stored(before)))
    assert true.statistics["ks"] - 0.04 <= found.statistics["ks"] <= true.statistics["ks"]
    assert found.drifted is true.drifted is (move != 0.0)
    assert found.statistics["mean_shift"] == true.statistics["mean_shift"]


def test_many_about_equal_categories_raise_no_false_alarm():
    words = [f"w{i:03d}" for i in range(200)]
    frame = pd.DataFrame({"c": ["often"] * 4000 + list(DRAWN.choice(words, 6000))})
    stored = _stored(frame)
    column = stored.column("c")
    assert column.categories["often"] == 4000 and len(column.categories) <= 50
    assert sum(column.categories.values()) == 10_000
    for _ in range(5):
        again = pd.DataFrame({"c": ["often"] * 4000 + list(DRAWN.choice(words, 6000))})
        assert drift(stored, again).columns[0].status == "steady"
    other = pd.DataFrame({"c": ["often"] * 5000 + list(DRAWN.choice(words, 5000))})
    assert drift(stored, other).drifted == ("c",)
    fewer = pd.DataFrame({"c": ["often"] * 4000 + list(DRAWN.choice(words[:100], 6000))})
    assert drift(stored, fewer).drifted == ("c",)


def test_a_report_says_that_its_reference_is_binned():
    frame = pd.DataFrame({"x": DRAWN.normal(size=100)})
    assert "binned" in drift(_stored(frame), frame).to_dict()["note"]
    assert drift(frame, frame).to_dict()["note"] == ""


def test_secrets_and_long_texts_are_counted_and_not_named():
    frame = pd.DataFrame({"c": ["sk-secret"] * 5 + ["plain"] * 5 + ["x" * 81]})
    found = compact(profile_frame(frame), clean=lambda text: text.replace("sk-secret", "[redacted]"))
    kept = dict(found["columns"][0]["categories"])
    assert kept.pop("plain") == 5 and sum(kept.values()) == 6 and all(name.startswith("others, ") for name in kept)
    assert drift(expanded(found), frame).columns[0].statistics["tv"] == 0


def test_what_lies_outside_of_the_reference_is_not_put_into_its_groups():
    stored = _stored(pd.DataFrame({"x": np.linspace(0.0, 1.0, 1000)}))
    current = profile_frame(pd.DataFrame({"x": [-2.0, -1.0, 0.0, 1.0, 3.0, 4.0, 5.0]}), stored)
    counted = aligned(stored, current).column("x").histogram
    assert sorted(counted.values()) == [1, 1, 2, 3]
    assert {name for name, count in counted.items() if count > 1}.isdisjoint(stored.column("x").histogram)


def test_what_a_current_frame_lacks_or_has_more_stays_as_it_is():
    stored = _stored(pd.DataFrame({"a": range(60), "b": [1.5] * 60}))
    current = profile_frame(pd.DataFrame({"b": [1.5, 2.5], "c": ["x", None]}), stored)
    folded = aligned(stored, current)
    assert [c.name for c in folded.columns] == ["b", "c"] and folded.column("c") == current.column("c")
    assert sum(folded.column("b").histogram.values()) == 2


@pytest.mark.parametrize("data", [{}, {"version": 1, "binned": True}, {"version": 99, "binned": True}, {"version": 2}])
def test_what_is_no_stored_profile_is_refused(data):
    with pytest.raises(DataError, match="no stored profile"):
        expanded(data)


def test_stored_profiles_do_not_merge():
    stored = _stored(pd.DataFrame({"x": DRAWN.normal(size=100)}))
    with pytest.raises(DataError, match="made differently"):
        stored.merge(stored)


def test_huge_numbers_are_stored_all_the_same():
    stored = _stored(pd.DataFrame({"x": [1e300, -1e300, np.inf, np.nan] * 20}))
    assert stored.column("x").infinite == 20 and stored.column("x").maximum == 1e300
