"""The explorer of drift: each look equals the comparison of those very rows, and profiles are made once."""

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.profile import Profile, profile_frame
from nbops.errors import DataError, UsageError
from nbops.explorer import DriftExplorer
from nbops.monitoring import exploring
from nbops.monitoring.exploring import Exploration, Segment


def _frame(seed, rows, shift=0.0):
    random = np.random.default_rng(seed)
    region = random.choice(["north", "south"], rows)
    days = pd.Timestamp("2026-01-05") + pd.to_timedelta(np.sort(random.integers(0, 28, rows)), unit="D")
    bill = random.normal(10, 2, rows) + shift * ((region == "south") & (days >= "2026-01-19"))
    return pd.DataFrame({"bill": bill, "region": region, "day": days, "empty": [None] * rows})


@pytest.fixture(scope="module")
def frames():
    return _frame(0, 1200), _frame(1, 1200, 4.0)


@pytest.fixture(scope="module")
def exploration(frames):
    return Exploration(*frames, by="week", time="day")


def test_windows_columns_and_segments_can_be_chosen(exploration):
    assert exploration.windows == ("all", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26")
    assert {"bill", "region"} <= set(exploration.columns)
    assert "empty" not in exploration.columns
    assert {segment.label for segment in exploration.segments} == {"all rows", "region = north", "region = south"}


def test_a_look_equals_the_comparison_of_those_rows(frames, exploration):
    before, after = frames
    south = exploration.report("2026-01-19", Segment("region", "south"))
    rows = after[(after.region == "south") & (after.day >= "2026-01-19") & (after.day < "2026-01-26")]
    # Kinds are those of the whole reference, so a column whose kind a part would not show stays what it is.
    same = nbops.drift(before[before.region == "south"], rows)
    look = {c.name: c for c in south.columns}["bill"]
    assert look.drifted
    # A window has all columns of the whole.
    assert not any("is missing" in column.reason for column in south.columns)
    assert look.effect == pytest.approx({c.name: c for c in same.columns}["bill"].effect, abs=1e-3)
    assert not {c.name: c for c in exploration.report("2026-01-19", Segment("region", "north")).columns}["bill"].drifted
    assert exploration.trend(Segment("region", "south"))["columns"]["bill"]["drifted"] == [False, False, True, True]


def test_every_profile_is_made_once(frames, monkeypatch):
    made = []

    def counted(frame, reference=None):
        made.append(len(frame))
        return profile_frame(frame, reference)

    monkeypatch.setattr(exploring, "profile_frame", counted)
    found = Exploration(*frames, by="week", time="day")
    first = len(made)
    for _ in range(3):
        for window in found.windows:
            found.report(window)
        found.trend()
    assert len(made) == first == 2


def test_a_stored_profile_is_a_reference_without_rows(frames):
    stored = Profile.from_dict(profile_frame(frames[0]).to_dict())
    found = Exploration(stored, frames[1])
    assert "whole reference" in found.note
    assert found.windows == ("all",)
    assert found.trend() == {}
    assert found.report("all", Segment("region", "south")).reference_rows == 1200


def test_what_is_not_there_is_told(exploration):
    with pytest.raises(UsageError, match="no window"):
        exploration.report("2031")
    with pytest.raises(UsageError, match="no segment"):
        exploration.report("all", Segment("region", "moon"))
    with pytest.raises(DataError):
        Exploration(pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]}))


def test_the_widget_follows_its_choices(exploration):
    explorer = DriftExplorer(exploration, {"text/html": "<p>static</p>"})
    explorer.column.value = "bill"
    whole = explorer.picture.value
    explorer.window.value = "2026-01-26"
    assert explorer.picture.value != whole
    explorer.segment.value = Segment("region", "south")
    assert "region = south, 2026-01-26" in explorer.picture.value
    assert "▲ drift" in explorer.picture.value
    explorer.segment.value = Segment("region", "north")
    assert "steady" in explorer.picture.value
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == "<p>static</p>"
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.widget.model_id


def test_the_explorer_keeps_the_report_for_where_no_widgets_live(frames):
    explorer = nbops.drift_explorer(*frames, time="day")
    bundle = explorer._repr_mimebundle_()
    assert {"text/html", "text/plain", "application/vnd.nbops.drift.v1+json"} < bundle.keys()
    assert "Over time" in bundle["text/html"]
    assert explorer.exploration.windows[1] == "2026-01-05"


@pytest.mark.parametrize("value", [True, "1", 1])
def test_a_segment_has_the_rows_of_its_value_in_whatever_type(value):
    before = pd.DataFrame({"x": np.arange(200) % 13, "f": np.resize([True, False], 200)})
    if value is not True:
        before["f"] = pd.Categorical(np.where(before["f"], value, type(value)(0)))
    after = before.assign(f=np.resize([1.0, 0.0, 1.0, np.nan], 200))
    found = Exploration(before, after)
    segment = next(segment for segment in found.segments if segment.value in {"True", "1"})
    assert found.report("all", segment).current_rows == 100


def test_codes_that_are_whole_numbers_make_segments():
    frame = pd.DataFrame({"season": np.arange(240) % 4, "x": np.arange(240) / 7, "half": (np.arange(240) % 3) / 2})
    found = Exploration(frame, frame.assign(season=frame["season"].astype(float)))
    assert [one.label for one in found.segments[1:]] == [f"season = {code}" for code in range(4)]
    assert found.report("all", found.segments[1]).current_rows == 60
    assert Exploration(profile_frame(frame), frame).segments == (Segment(),)


def test_hostile_values_stay_text():
    evil = "<script>alert(1)</script>"
    frame = pd.DataFrame({evil: [0.5, 1.5, 2.5, 3.5] * 40, "s": [evil, "\u202eother"] * 80})
    explorer = DriftExplorer(Exploration(frame, frame))
    for segment in explorer.exploration.segments:
        explorer.segment.value = segment
        assert "<script" not in explorer.picture.value
        assert "\u202e" not in explorer.picture.value
