"""Drift on real data with real drift: found where it is, quiet where it is not."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import binom

import nbops
from nbops.data.compact import compact, expanded
from nbops.data.profile import Profile, profile_frame
from nbops.errors import DataError, NotFoundError, UsageError
from nbops.views.drift.details import details
from nbops.views.drift.figures import Figures


def _by_name(report):
    return {column["name"]: column for column in report.to_dict()["columns"]}


def test_the_form_others_rely_on(tmp_path):
    random = np.random.default_rng(0)
    a = pd.DataFrame({"x": random.normal(size=500), "w": random.choice(["a", "b"], 500)})
    b = pd.DataFrame({"x": random.normal(1, 1, 500), "w": random.choice(["a", "b"], 500)})
    a.to_parquet(tmp_path / "a.parquet")
    b.to_csv(tmp_path / "b.csv", index=False)
    for report in (nbops.drift(a, b), nbops.drift(tmp_path / "a.parquet", str(tmp_path / "b.csv"))):
        found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        columns = {column["name"]: column for column in found["columns"]}
        assert columns["x"]["drifted"] is True
        assert columns["w"]["drifted"] is False
        assert {"ks", "psi", "wasserstein", "jensen_shannon"} <= columns["x"]["statistics"].keys()
        assert {"psi", "tv", "chi2", "cramers_v"} <= columns["w"]["statistics"].keys()
        assert report.drifted == ("x",)
        assert report.sentence.startswith("1 of 2 columns has drifted: x (shifted up by ")


def test_bike_sharing_as_the_peers_tutorials_split_it(shared_data):
    hours = pd.read_csv(shared_data("bike_sharing_hour.csv"))
    reference = hours[hours.dteday < "2011-01-29"]
    current = hours[(hours.dteday >= "2011-01-29") & (hours.dteday < "2011-03-01")]
    assert (len(reference), len(current)) == (618, 719)
    found = _by_name(nbops.drift(reference, current))
    known = {"temp": 0.327, "atemp": 0.323, "hum": 0.103, "windspeed": 0.076, "cnt": 0.124}
    assert {name: round(found[name]["statistics"]["ks"], 3) for name in known} == known
    assert all(found[name]["drifted"] for name in ("temp", "atemp", "cnt"))
    assert not any(found[name]["drifted"] for name in ("hr", "weekday", "season", "holiday"))
    assert found["instant"]["status"] == "not compared"


def test_red_against_white_wine(shared_data):
    red, white = (pd.read_csv(shared_data(f"wine_quality_{c}.csv"), header=None) for c in ("red", "white"))
    found = _by_name(nbops.drift(red, white))
    known = [0.43, 0.66, 0.32, 0.49, 0.83, 0.54, 0.78, 0.49, 0.36, 0.53, 0.09, 0.13]
    assert [round(found[str(i)]["statistics"]["ks"], 2) for i in range(12)] == known


def test_mild_change_is_not_shouted(shared_data):
    reference = pd.read_parquet(shared_data("employment_ma_reference.parquet"))
    current = pd.read_parquet(shared_data("employment_ma_analysis.parquet"))
    report = nbops.drift(reference, current)
    assert report.drifted == ()
    assert report.sentence.startswith("No drift that matters: none of ")
    assert _by_name(report)["id"]["status"] == "not compared"
    assert _by_name(report)["year"]["reason"] == "time: year"


def test_identifiers_and_dirt_of_telco(shared_data):
    frame = pd.read_csv(shared_data("telco_churn.csv"))
    report = nbops.drift(frame.iloc[::2], frame.iloc[1::2])
    found = _by_name(report)
    assert report.drifted == ()
    assert found["customerID"]["reason"] == "identifier"
    assert found["TotalCharges"]["kind"] == "number"
    moved = nbops.drift(frame, frame[frame.Contract == "Month-to-month"])
    assert {"tenure", "Contract", "TotalCharges"} <= set(moved.drifted)


def test_schema_and_null_changes_of_taxi_months(shared_data):
    before, after = (pd.read_csv(shared_data(f"nyc_taxi/yellow_{m}.csv")) for m in ("2018-06", "2020-04"))
    found = _by_name(nbops.drift(before, after))
    assert found["congestion_surcharge"]["status"] == "quality"
    assert "nulls 100.0%" in found["congestion_surcharge"]["reason"]
    assert found["vendor_id"]["findings"] == ["nulls 0.0% → 8.0%"]
    assert found["passenger_count"]["drifted"]


def test_columns_that_come_go_or_change_type():
    a = pd.DataFrame({"x": np.arange(100) % 7, "gone": 1.0, "turned": np.arange(100) % 5})
    b = pd.DataFrame({"x": np.arange(100) % 7, "new": 1.0, "turned": ["word", "other"] * 50})
    found = _by_name(nbops.drift(a, b))
    assert found["gone"]["reason"] == "is missing from the current data"
    assert found["new"]["reason"] == "is new in the current data"
    assert not found["turned"]["drifted"]
    assert (found["turned"]["status"], found["turned"]["reason"]) == ("quality", "was number and is text")
    assert found["x"]["status"] == "steady"


def test_a_stored_profile_is_as_good_as_the_rows():
    random = np.random.default_rng(4)
    a = pd.DataFrame({"x": random.normal(size=3000), "w": random.choice(list("abc"), 3000)})
    b = pd.DataFrame({"x": random.normal(0.2, 1, 3000), "w": random.choice(list("abc"), 3000)})
    stored = Profile.from_dict(json.loads(json.dumps(profile_frame(a).to_dict())))
    assert nbops.drift(stored, b).to_dict() == nbops.drift(a, b).to_dict()


def test_false_alarms_stay_below_what_is_promised():
    # 200 reports of 8 columns without any drift at alpha 0.05: more alarms than the 99.9 % quantile would mean the promise is broken.
    random = np.random.default_rng(5)
    alarms = 0
    for _ in range(200):
        a, b = (
            pd.DataFrame(
                {
                    **{f"n{i}": random.normal(size=n) for i in range(4)},
                    "skew": random.lognormal(0, 1.5, n),
                    "zeros": np.where(random.random(n) < 0.5, 0, random.gamma(2, 1, n)),
                    "few": random.choice(list("abcde"), n),
                    "many": random.zipf(1.5, n).clip(max=200).astype(str),
                }
            )
            for n in (1000, 400)
        )
        alarms += bool(nbops.drift(a, b, alpha=0.05).drifted)
    assert alarms <= binom.ppf(0.999, 200, 0.05)


@pytest.mark.parametrize(("shift", "rows"), [(0.3, 1000), (0.12, 10_000)])
def test_true_shifts_are_found(shift, rows):
    random = np.random.default_rng(6)
    found = 0
    for _ in range(20):
        a, b = (pd.DataFrame({"x": random.normal(s, 1, rows)}) for s in (0, shift))
        found += nbops.drift(a, b).drifted == ("x",)
    assert found >= 18


def test_too_few_rows_is_said():
    random = np.random.default_rng(7)
    report = nbops.drift(pd.DataFrame({"x": random.normal(size=500)}), pd.DataFrame({"x": random.normal(size=8)}))
    assert _by_name(report)["x"]["reason"] == "too few rows to tell (8)"
    assert report.sentence == "Too few rows to tell in 1 column."


def test_where_nothing_is_compared_there_is_no_all_clear():
    frame = pd.DataFrame({"id": [f"u{i}" for i in range(100)], "one": 1})
    assert nbops.drift(frame, frame).sentence == "Nothing could be compared."


def test_numbers_beyond_float32_are_compared():
    small = np.random.default_rng(9).normal(size=500)
    near, far, infinite = (pd.DataFrame({"x": small * by}) for by in (1.0, 1e300, np.inf))
    assert nbops.drift(near, far).drifted == ("x",)
    assert nbops.drift(far, near).drifted == ("x",)
    assert not nbops.drift(far, far).drifted
    far.loc[0, "x"] = np.inf
    for other in (near, far, infinite):
        assert not nbops.drift(far, other).drifted


def test_a_stored_profile_keeps_numbers_beyond_float32_apart():
    frame = pd.DataFrame({"x": np.random.default_rng(9).normal(size=500) * 1e200})
    stored = expanded(json.loads(json.dumps(compact(profile_frame(frame)), allow_nan=False)))
    assert not nbops.drift(stored, frame).drifted


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_a_file_tells_what_a_frame_does(tmp_path, kind):
    a, b = pd.DataFrame({"x": np.arange(200) % 7, "y": 1.5}), pd.DataFrame({"x": np.arange(200) % 7, "z": 2.5})
    paths = [tmp_path / f"{name}.{kind}" for name in "ab"]
    for frame, path in zip((a, b), paths, strict=True):
        frame.to_json(path, orient="records", lines=True) if kind == "jsonl" else getattr(frame, f"to_{kind}")(
            path, index=False
        )
    report = nbops.drift(*map(str, paths))
    assert report.sentence == nbops.drift(a, b).sentence
    assert _by_name(report)["z"]["reason"] == "is new in the current data"
    with pytest.raises(DataError, match="no column in common"):
        nbops.drift(str(paths[0]), b.drop(columns="x"))


def test_a_line_too_long_is_an_error_on_both_sides(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("a,b\n" + "1,2\n" * 50)
    bad.write_text("a,b\n1,2\n3,4,5\n")
    for sides in ((good, bad), (bad, good)):
        with pytest.raises(DataError, match="saw 3"):
            nbops.drift(*sides)


@pytest.mark.parametrize(
    "stored", [None, [], {}, {"version": 2}, {"version": 2, "rows": 3, "columns": [{"name": "x"}]}]
)
def test_what_is_no_profile_is_said(stored):
    with pytest.raises(DataError, match="This is no"):
        Profile.from_dict(stored)


def test_the_same_moments_in_another_time_zone_are_no_drift():
    random = np.random.default_rng(10)
    days, hours = np.sort(random.integers(0, 100, 900)), random.integers(9, 17, 900)
    times = pd.Timestamp("2024-01-01", tz="Europe/Berlin") + pd.to_timedelta(days * 24 + hours, unit="h")
    report = nbops.drift(pd.DataFrame({"t": times}), pd.DataFrame({"t": times.tz_convert("UTC")}))
    assert not report.drifted
    assert _by_name(report)["t"]["findings"][0].startswith("times of UTC, reference of Europe/Berlin")


def test_what_a_stored_profile_had_no_room_for_is_not_new():
    frame = pd.DataFrame(np.random.default_rng(11).normal(size=(100, 8)), columns=[*"abcdefgh"])
    stored = expanded(compact(profile_frame(frame), limit=1500))
    assert 0 < len(stored.columns) < 8
    report = nbops.drift(stored, frame)
    assert len(report.columns) == len(stored.columns)
    assert not any(column.status == "quality" for column in report.columns)
    assert f"{8 - len(stored.columns)} columns had no room" in report.note


def test_an_arrow_table_with_two_columns_of_one_name_is_said():
    twice = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(DataError, match="two columns 'x'"):
        nbops.drift(twice, twice)


def test_keys_of_folders_are_no_new_columns(tmp_path):
    frame = pd.DataFrame({"x": np.arange(200) % 7})
    (tmp_path / "day=1").mkdir()
    frame.to_parquet(tmp_path / "day=1" / "a.parquet")
    assert [column.name for column in nbops.drift(frame, str(tmp_path)).columns] == ["x"]


def test_nought_has_no_sign():
    a, b = (pd.DataFrame({"x": np.resize(values, 1000)}) for values in ([0, 1, 0, 1, 0], [-1, 1]))
    assert _by_name(nbops.drift(a, b))["x"]["reason"] == "0 in 60% → 0% of rows"


def test_importance_orders_the_report():
    random = np.random.default_rng(8)
    a = pd.DataFrame({"light": random.normal(size=900), "heavy": random.normal(size=900)})
    b = a + [3.0, 0.6]
    assert nbops.drift(a, b, importance={"heavy": 0.9, "light": 0.1}).drifted == ("heavy", "light")
    assert nbops.drift(a, b).drifted == ("light", "heavy")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((pd.DataFrame({"x": []}), pd.DataFrame({"x": [1.0]}), {}), DataError, "reference has no rows"),
        ((pd.DataFrame({"x": [1.0]}), pd.DataFrame({"y": [1.0]}), {}), DataError, "no column in common"),
        ((pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0]}), {"columns": ["z"]}), UsageError, "has a column 'z'"),
        ((pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0]}), {"alpha": 2}), UsageError, "alpha"),
        (
            (pd.DataFrame({"x": [1.0]}), pd.DataFrame({"x": [1.0]}), {"thresholds": {"ks": float("nan")}}),
            UsageError,
            "a number",
        ),
        (("nowhere.csv", pd.DataFrame({"x": [1.0]}), {}), NotFoundError, "no file"),
    ],
)
def test_wrong_calls(arguments, error, said):
    *frames, options = arguments
    with pytest.raises(error, match=said):
        nbops.drift(*frames, **options)


def test_one_far_value_of_a_heavy_tail_is_no_finding():
    random = np.random.default_rng(3)
    reference, current = pd.DataFrame({"n": random.pareto(1.0, 400)}), pd.DataFrame({"n": random.pareto(1.0, 400)})
    current.loc[0, "n"] = reference["n"].max() * 3
    report = nbops.drift(reference, current)
    assert [column.status for column in report.columns] == ["steady"]


@pytest.mark.parametrize("sign", [1, -1])
def test_many_values_out_of_range_are_told(sign):
    random = np.random.default_rng(3)
    reference, current = pd.DataFrame({"n": random.normal(size=2000)}), pd.DataFrame({"n": random.normal(size=2000)})
    current.loc[:19, "n"] = sign * 1000.0
    (column,) = nbops.drift(reference, current).columns
    assert column.status == "quality"
    assert any("reference" in finding and "1000" in finding for finding in column.findings)


def test_noise_of_many_categories_is_called_noise():
    random = np.random.default_rng(3)
    sides = [pd.DataFrame({"city": np.char.add("c", random.choice(3000, 2000).astype(str))}) for _ in range(2)]
    report = nbops.drift(*sides)
    (column,) = report.columns
    assert (column.status, column.statistics["tv"] > 0.4) == ("steady", True)
    by_chance = column.statistics["tv_by_chance"]
    assert column.reason == (
        f"no change that matters ({column.statistics['tv']:.1%} of rows, noise: chance alone moves {by_chance:.1%} at this size)"
    )
    assert "by chance on average, at this size" in details(report.to_dict()["columns"][0], report.to_dict(), Figures())
    few = [side.assign(city=side.city.str[:2]) for side in sides]
    assert "noise" not in nbops.drift(*few).columns[0].reason
