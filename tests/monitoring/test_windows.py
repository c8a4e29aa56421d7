"""Windows over time: cut where the calendar cuts, each compared honestly, and since when a column differs."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbops
from nbops.data.profile import profile_frame
from nbops.errors import UsageError
from nbops.monitoring import window_tests
from nbops.monitoring.comparing import compared
from nbops.monitoring.cutting import cut
from nbops.monitoring.pairing import paired
from nbops.monitoring.window_profiles import profiled
from nbops.monitoring.windows import drift_by_window

_DAY = 86_400


@pytest.fixture(scope="module")
def hours(shared_data):
    return pd.read_csv(shared_data("bike_sharing_hour.csv"))


def _trend(reference, current, by, time=None, **options):
    before = profile_frame(reference)
    found = drift_by_window(before, profiled(before, current, by, time), **options)
    return json.loads(json.dumps(found, allow_nan=False))


def _dated(days, per_day=40, seed=0, **columns):
    random = np.random.default_rng(seed)
    n = days * per_day
    time = pd.Timestamp("2024-03-01") + pd.to_timedelta(np.arange(n) * (_DAY / per_day), unit="s")
    return pd.DataFrame({"time": time, **{name: make(random, n) for name, make in columns.items()}})


def test_bike_hires_by_month_show_the_season_and_when_it_left_january(hours):
    january, later = hours[hours.dteday < "2011-02-01"], hours[hours.dteday >= "2011-02-01"]
    windows = nbops.drift(january, later, by="month", time="dteday").to_dict()["windows"]
    assert windows["labels"] == [f"2011-{m:02}" for m in range(2, 13)] + [f"2012-{m:02}" for m in range(1, 13)]
    assert sum(windows["rows"]) == len(later)
    temp = windows["columns"]["temp"]
    assert temp["onset"] == "2011-02"
    assert windows["onset"]["label"] == "2011-02"
    # July is the warmest, the next January the most like the reference.
    assert max(temp["effects"]) == temp["effects"][5]
    assert min(temp["effects"]) in (temp["effects"][0], temp["effects"][11])
    # Columns that tell the time drift by nature.
    assert not {"yr", "mnth", "dteday"} & windows["columns"].keys()
    assert windows["columns"]["hr"]["onset"] == windows["columns"]["weekday"]["onset"] == ""


def test_employment_by_year_has_no_drift_that_matters(shared_data):
    reference = pd.read_parquet(shared_data("employment_ma_reference.parquet"))
    current = pd.read_parquet(shared_data("employment_ma_analysis.parquet"))
    found = _trend(reference, current, "year", "year")
    assert found["labels"] == ["2016", "2017", "2018"]
    assert {name for name, column in found["columns"].items() if any(column["drifted"])} == set()
    assert found["sentence"] == "None of 3 windows differs from the reference."


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    random = np.random.default_rng(0)
    paths = []
    for month in (1, 2):
        (tmp_path / f"month={month}").mkdir()
        paths.append(tmp_path / f"month={month}" / "part-0.parquet")
        pd.DataFrame({"x": random.normal(month, 1, 200)}).to_parquet(paths[-1])
    for current in (tmp_path, paths, [str(path) for path in paths]):
        windows = nbops.drift(paths[0], current, by="file").windows
        assert windows["labels"] == ["month=1/part-0", "month=2/part-0"]
        assert windows["columns"]["x"]["onset"] == "month=2/part-0"
    twice = nbops.drift(paths[0], [paths[0], paths[0]], by="file").windows
    assert twice["labels"] == ["part-0 (1)", "part-0 (2)"]
    assert nbops.drift(paths[0], paths[:1], by="file").windows["labels"] == ["part-0"]


def test_taxi_files_are_windows_and_columns_that_come_and_go_are_told(shared_data):
    months = ["2018-06", "2019-01", "2019-06", "2020-02", "2020-04"]
    paths = [shared_data(f"nyc_taxi/yellow_{month}.csv") for month in months]
    report = nbops.drift(paths[0], paths[0].parent, by="file", against="first").to_dict()
    found = report["windows"]
    assert report["rows"] == {"reference": 10_000, "current": 50_000}
    assert found["labels"] == [f"yellow_{month}" for month in months]
    assert found["columns"]["passenger_count"]["onset"] == "yellow_2020-04"
    surcharge = found["columns"]["congestion_surcharge"]
    # Empty in 2018-06: compared with the first file that has values, on one shift.
    assert surcharge["effects"][:2] == [None, None]
    assert surcharge["effects"][2] > 0.9
    assert "congestion_surcharge has no value in yellow_2018-06" in found["notes"]


def test_a_day_without_a_value_is_told_and_not_a_crash(shared_data):
    air = pd.read_csv(shared_data("beijing_pm25.csv"))
    when = ["year", "month", "day", "hour"]
    for against in ("reference", "first", "previous 3"):
        found = _trend(air[air.year > 2010], air.head(24 * 26), "day", when, against=against)
        assert found["labels"][0] == "2010-01-01"
        assert found["columns"]["pm2.5"]["effects"][0] is None
        assert "pm2.5 has no value in 2010-01-01, 2010-01-24, 2010-01-25" in found["notes"]
        assert not {*when} & found["columns"].keys()


def test_every_way_to_cut(hours):
    made = {
        "quarter": (8, "2011-Q1", "2012-Q4"),
        "year": (2, "2011", "2012"),
        "day": (731, "2011-01-01", "2012-12-31"),
        "week": (106, "2010-12-27", "2012-12-31"),
        "7d": (105, "2011-01-01", "2012-12-29"),
        "1 month": (24, "2011-01", "2012-12"),
        "1000 rows": (18, "rows 1–1000", "rows 17001–17379"),
    }
    for by, (count, first, last) in made.items():
        windows = cut(hours, by, "dteday")
        assert (len(windows.labels), windows.labels[0], windows.labels[-1]) == (count, first, last), by
        assert sum(windows.rows) == len(hours)
    assert cut(hours, "season").labels == ("1", "2", "3", "4")
    assert cut(hours, "12h", "dteday,hr").labels[:2] == ("2011-01-01 00:00", "2011-01-01 12:00")
    # The first week lacks its first days, the last one its last.
    assert cut(hours, "week", "dteday").incomplete == ("2010-12-27", "2012-12-31")
    assert cut(hours, "year", "dteday").incomplete == ()


def test_order_of_rows_and_form_of_the_time_make_no_difference():
    frame = _dated(10, x=lambda r, n: r.normal(size=n))
    shuffled = frame.sample(frac=1, random_state=1)
    whole = cut(frame, "day").rows
    for other in (
        shuffled,
        shuffled.assign(time=shuffled.time.astype(str)),
        shuffled.assign(time=shuffled.time.dt.tz_localize("Asia/Tokyo")),
        shuffled.assign(time=shuffled.time.astype("int64") // 10**6),
        shuffled.assign(time=shuffled.time.dt.to_period("h")),
    ):
        windows = cut(other, "day", "time")
        assert windows.rows == whole
        assert [set(part.x) for part in windows.frames()] == [set(part.x) for part in cut(frame, "day").frames()]


def test_rows_without_a_time_and_days_without_a_row_are_told():
    frame = _dated(6, x=lambda r, n: r.normal(size=n))
    frame = frame[frame.time.dt.day != 3]
    frame.loc[frame.index[:7], "time"] = pd.NaT
    found = _trend(frame[["x"]], frame, "day", "time")
    assert found["rows"] == [33, 40, 0, 40, 40, 40]
    assert found["unplaced"] == 7
    assert found["columns"]["x"]["effects"][2] is None
    assert "no rows in 2024-03-03" in found["notes"]


def test_what_cannot_be_cut_is_one_clear_line():
    frame = _dated(3, 1_000, x=lambda r, n: r.normal(size=n))
    for by, time, said in (
        ("fortnight", "time", "cuts no windows"),
        ("day", "tmie", "Did you mean 'time'"),
        ("0 rows", None, "at least 1 row"),
        ("1 row", None, "at most 2,000"),
    ):
        with pytest.raises(UsageError, match=said):
            nbops.drift(frame, frame, by=by, time=time)
    with pytest.raises(UsageError, match="the data have none"):
        nbops.drift(frame[["x"]], frame[["x"]], by="day")
    with pytest.raises(UsageError, match="cannot be compared against"):
        nbops.drift(frame, frame, by="day", against="tomorrow")


def test_an_onset_is_where_the_change_came():
    def stepped(random, n):
        values = random.normal(size=n)
        values[n // 2 :] += 1.0
        return values

    frame = _dated(20, x=stepped, c=lambda r, n: r.choice(list("abc"), n), y=lambda r, n: r.normal(size=n))
    reference = _dated(50, seed=9, x=lambda r, n: r.normal(size=n), c=lambda r, n: r.choice(list("abc"), n))
    reference["y"] = np.random.default_rng(3).normal(size=len(reference))
    for against in ("reference", "first", "previous 5"):
        found = _trend(reference, frame, "day", "time", against=against)
        assert found["columns"]["x"]["onset"] == "2024-03-11", against
        assert found["columns"]["c"]["onset"] == found["columns"]["y"]["onset"] == ""
        assert found["onset"]["column"] == "x"
        spell = found["columns"]["x"]["spell"]
        assert spell["earliest"] == spell["latest"] == "2024-03-11"


def test_no_onset_is_invented_and_windows_are_quiet_without_drift():
    random = np.random.default_rng(5)
    onsets = flagged = looks = 0
    for _ in range(15):
        reference = pd.DataFrame({f"x{i}": random.standard_t(3, 2_000) for i in range(4)})
        current = pd.DataFrame({f"x{i}": random.standard_t(3, 1_500) for i in range(4)})
        reference["c"] = random.choice(20, 2_000).astype(str)
        current["c"] = random.choice(20, 1_500).astype(str)
        found = _trend(reference, current, "100 rows")
        onsets += bool(found["onset"])
        flagged += sum(count > 0 for count in found["drifted"])
        looks += len(found["labels"])
    # Nominal: 1 in 100 windows, less than 1 report in 100 with an onset.
    assert onsets <= 1
    assert flagged / looks <= 0.025


def test_limits_learned_from_windows_of_the_reference_bear_with_days_that_are_unlike_each_other():
    random = np.random.default_rng(0)

    def alike_within_days(days):
        frame = _dated(days, 50, seed=days, x=lambda r, n: r.normal(size=n))
        return frame.assign(x=frame.x + np.repeat(random.normal(0, 0.4, days), 50))

    reference, current = alike_within_days(60), alike_within_days(30)
    calibrated = nbops.drift(reference, current, by="day", time="time").windows
    learned = nbops.drift(reference, current, by="day", time="time", thresholds="learned").windows
    assert sum(calibrated["drifted"]) >= 5
    assert sum(learned["drifted"]) <= 1
    assert (learned["limits_are"], learned["onset"]) == ("learned", {})
    moved = current.assign(x=current.x + 4 * (current.time >= "2024-03-20"))
    found = nbops.drift(reference, moved, by="day", time="time", thresholds="learned").windows
    assert found["columns"]["x"]["onset"] == "2024-03-20"


def test_a_column_that_came_as_text_in_a_window_is_told():
    frame = _dated(6, 60, x=lambda r, n: r.normal(size=n))
    words = frame.assign(x=frame.x.astype(object))
    words.loc[words.time.dt.day == 4, "x"] = "unknown"
    found = _trend(frame[["x"]], words, "day", "time")
    assert found["columns"]["x"]["effects"][3] is None
    assert "x was number and is category in 2024-03-04" in found["notes"]


def test_missing_values_new_categories_and_ranges_are_told_by_window():
    def broken(frame):
        day = frame.time.dt.day
        frame.loc[(day == 4) & (frame.index % 4 == 0), "x"] = np.nan
        frame.loc[(day == 6) & (frame.index % 10 == 0), "c"] = "unseen"
        frame.loc[(day == 8) & (frame.index % 50 == 0), "y"] = 1e6
        return frame

    makers = {
        "x": lambda r, n: r.normal(size=n),
        "y": lambda r, n: r.normal(size=n),
        "c": lambda r, n: r.choice(list("ab"), n),
    }
    reference, current = _dated(10, 300, seed=1, **makers), broken(_dated(10, 300, seed=2, **makers))
    found = nbops.drift(reference, current, by="day", time="time").windows
    quality = {name: column["quality"] for name, column in found["columns"].items()}
    assert quality["x"][3].startswith("nulls 0.0% → 25.0%") and "unseen" in quality["c"][5]
    assert "values up to 1e+06" in quality["y"][7]
    assert found["quality"] == [0, 0, 0, 1, 0, 1, 0, 1, 0, 0]
    assert "x: nulls 0.0% → 25.0% in 2024-03-04" in found["notes"]


def test_a_window_of_the_whole_is_tested_as_the_whole_is():
    random = np.random.default_rng(4)
    draws = {"n": random.normal, "z": lambda size: np.where(random.random(size) < 0.7, 0, random.gamma(2, 2, size))}
    for draw in (*draws.values(), lambda size: random.integers(0, 5, size)):
        before = profile_frame(pd.DataFrame({"a": draw(size=2_000)}))
        after = profile_frame(pd.DataFrame({"a": draw(size=900) * 1.2}), before)
        (one,) = window_tests.tested(before.columns, after.columns)
        whole = compared(paired("a", before.columns[0], after.columns[0]))
        assert one.tests == {name: (pytest.approx(p, rel=1e-3), weight) for name, (p, weight) in whole.tests.items()}
        assert one.values == {*whole.value_tests} and one.effect == pytest.approx(whole.effect, abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(
        st.one_of(st.floats(-1e30, 1e30), st.sampled_from([np.nan, np.inf, 99.0, -999.0, 1e300, 0.0])),
        min_size=1,
        max_size=60,
    ),
    size=st.integers(1, 30),
    whole=st.booleans(),
)
def test_windows_counted_in_one_pass_are_as_profiled_one_by_one(values, size, whole):
    numbers = np.array(values)
    if whole:
        numbers = np.nan_to_num(np.clip(numbers, -1e6, 1e6)).astype(np.int64)
    words = [None if value == 0 else "a1"[int(value > 0)] if value == value else "b" for value in values]
    frame = pd.DataFrame({"x": numbers, "c": words, "k": pd.Categorical(words), "b": numbers > 1})
    random = np.random.default_rng(0)
    before = profile_frame(
        pd.DataFrame(
            {
                "x": random.normal(3, 2, 300),
                "c": ["a", "b", "a"] * 100,
                "k": ["a", "b", "1"] * 100,
                "b": [True, False] * 150,
            }
        )
    )
    found = profiled(before, frame, f"{size} rows")
    assert len(found.profiles) == -(-len(frame) // size)
    for number, profile in enumerate(found.profiles):
        one = profile_frame(frame.iloc[number * size : (number + 1) * size], before)
        assert profile.rows == one.rows and [c.name for c in profile.columns] == [*frame.columns]
        for quick, slow in zip(profile.columns[1:], one.columns[1:], strict=True):
            for field in ("kind", "rows", "nulls", "categories", "rest"):
                assert getattr(quick, field) == getattr(slow, field), (quick.name, field)
        quick, slow = profile.columns[0], one.columns[0]
        for field in ("kind", "rows", "nulls", "histogram", "infinite", "minimum", "maximum", "sentinels"):
            assert getattr(quick, field) == getattr(slow, field), field
        if slow.kind == "number" and slow.maximum is not None and max(abs(slow.maximum), abs(slow.minimum)) < 1e6:
            assert quick.shift == slow.shift
            assert quick.mean == pytest.approx(slow.mean, rel=1e-9, abs=1e-9)
            assert quick.deviation == pytest.approx(slow.deviation, rel=1e-6, abs=1e-6 * (1 + abs(slow.mean)))


def test_frames_by_name_are_windows():
    parts = {name: _dated(2, 100, seed=i, x=lambda r, n: r.normal(size=n)) for i, name in enumerate(("old", "new"))}
    parts["new"]["x"] += 3
    found = nbops.drift(_dated(9, 100, seed=5, x=lambda r, n: r.normal(size=n)), parts, by="file").windows
    assert found["labels"] == ["old", "new"]
    assert found["columns"]["x"]["onset"] == "new"


def test_arrow_tables_are_cut_as_frames_are():
    random = np.random.default_rng(0)
    frames = [pd.DataFrame({"x": random.normal(size=300), "c": random.choice(["a", "b"], 300)}) for _ in range(2)]
    tables = [pa.Table.from_pandas(frame) for frame in frames]
    further = {"by": "100 rows", "segments": ["c"], "multivariate": True}
    assert nbops.drift(*tables, **further).to_dict() == nbops.drift(*frames, **further).to_dict()
