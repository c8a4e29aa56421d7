"""Values are compared as values; what cannot be compared is set apart, and said so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.profile import ColumnProfile, Profile, profile_frame
from nbops.monitoring.drift import drift
from nbops.monitoring.pairing import paired

RANDOM = np.random.default_rng(4)


def _one(before, after, **options):
    (column,) = nbops.drift(pd.DataFrame({"x": before}), pd.DataFrame({"x": after}), **options).columns
    return column


CODES = RANDOM.integers(1, 6, 2000)


@pytest.mark.parametrize(
    "after",
    [
        CODES.astype(float),
        CODES.astype("int8"),
        np.where(np.arange(2000) % 200, CODES, np.nan),
        pd.array(CODES, dtype="Int64"),
        CODES.astype(str),
        pd.Series(CODES).astype("category"),
        [f"{code}.0" for code in CODES],
    ],
)
def test_one_value_in_another_type_is_no_drift(after):
    for before, now in ((CODES, after), (after, CODES)):
        column = _one(before, now)
        assert (column.status, column.drifted) == ("steady", False), column.reason


def test_texts_of_codes_that_became_floats_are_the_same():
    column = _one(pd.Series(CODES.astype(str)), pd.Series(CODES).astype(float).astype(str))
    assert column.status == "steady"


@pytest.mark.parametrize("other", [lambda flag: flag.astype(int), lambda flag: flag.astype(float)])
def test_truth_values_as_numbers(other):
    flag = RANDOM.random(3000) < 0.3
    assert _one(flag, other(flag)).status == _one(other(flag), flag).status == "steady"
    assert _one(flag, other(RANDOM.random(3000) < 0.5)).drifted


def test_numbers_that_became_words_are_a_fault_of_the_data():
    column = _one(CODES, ["a", "b"] * 1000)
    assert (column.status, column.drifted, column.reason) == ("quality", False, "was number and is text")


def test_constants_are_not_compared_until_they_change():
    assert _one([7.0] * 500, [7.0] * 300).reason == "constant"
    assert _one([7.0] * 500, [7.0] * 300).status == "not compared"
    told = _one([7.0] * 500, [7.0] * 250 + [9.0] * 50)
    assert (told.status, told.reason) == ("quality", "was always 7, is now 7 to 9")
    assert _one(["a"] * 500, ["a"] * 250 + ["b"] * 50).reason == "was always 'a', is now 'b' as well"
    missing = _one([7.0] * 500, [7.0] * 250 + [np.nan] * 50)
    assert missing.reason == "nulls 0.0% → 16.7%"


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("year", np.repeat([2015, 2016], 300), np.repeat([2019, 2020], 300), "time: year"),
        ("MonthOfSale", RANDOM.integers(1, 4, 600), RANDOM.integers(7, 10, 600), "time: month"),
        ("created_at", 1.5e9 + np.arange(600) * 61.5, 1.7e9 + np.arange(600) * 61.5, "time: seconds since 1970"),
        ("x", 1.5e12 + np.arange(600) * 61.5, 1.7e12 + np.arange(600) * 61.5, "time: seconds since 1970"),
        ("n", [*range(100, 400), *range(4000, 4300)], np.arange(9000, 9600), "counts up, as a time or row number does"),
    ],
)
def test_what_tells_a_time_is_not_compared(name, before, after, said):
    report = nbops.drift(pd.DataFrame({name: before, "y": 1.0}), pd.DataFrame({name: after, "y": 1.0}))
    column = next(c for c in report.columns if c.name == name)
    assert (column.status, column.reason) == ("not compared", said)


def test_dates_as_text_are_times():
    before, after = ([f"2024-{month}-{day:02d}" for day in range(1, 29)] * 9 for month in ("01", "02"))
    assert not _one(before, after).drifted


def test_what_only_looks_like_a_time_is_compared():
    assert _one(RANDOM.integers(1900, 2100, 900), RANDOM.integers(2000, 2100, 900)).drifted
    assert _one(RANDOM.normal(1.5e9, 1e7, 900), RANDOM.normal(1.51e9, 1e7, 900)).drifted


def _marked(share, rows=2000, mark=99_999_999.0):
    values = np.where(RANDOM.random(rows) < share, mark, RANDOM.normal(100, 10, rows))
    return values, {"99999999": int((values == mark).sum())}


def _with_marks(values, marks, reference=None):
    found = profile_frame(pd.DataFrame({"income": values}), reference)
    return Profile(found.rows, (replace(found.columns[0], sentinels=marks),))


def test_marks_for_missing_are_named_and_left_out():
    before, after = _marked(0.01), _marked(0.01)
    reference = _with_marks(*before)
    (column,) = drift(reference, _with_marks(*after, reference)).columns
    assert column.status == "steady"
    assert column.sentinels == {"99999999": [before[1]["99999999"], after[1]["99999999"]]}
    assert column.means == pytest.approx((100, 100), abs=1) and column.statistics["wasserstein"] < 0.1
    assert "99999999 reads as a mark for missing" in column.findings[0]


def test_a_mark_that_is_new_is_a_fault_and_counts_as_missing():
    reference = _with_marks(RANDOM.normal(100, 10, 2000), {})
    after = _marked(0.05)
    (column,) = drift(reference, _with_marks(*after, reference)).columns
    assert column.status == "quality" and not column.drifted
    assert column.nulls[1] == pytest.approx(0.05, abs=0.02)
    assert any("99999999 appears in" in finding for finding in column.findings)
    # One that was too rare to be told as a mark on the other side is counted there as well.
    once = np.append(RANDOM.normal(100, 10, 1999), 99_999_999.0)
    (column,) = drift(_with_marks(once, {}), _with_marks(*after, _with_marks(once, {}))).columns
    assert column.sentinels["99999999"][0] == 1 and column.means[0] == pytest.approx(100, abs=2)


def test_blank_cells_are_told():
    before = pd.Series([" "] * 9 + [str(v) for v in RANDOM.normal(size=900)])
    column = _one(before, before)
    assert column.status == "steady" and column.findings == ("9 blank cells, now 9, count as missing",)


def test_nulls_of_what_is_not_compared_are_told_all_the_same():
    before = pd.DataFrame({"key": [f"k{i}" for i in range(900)], "y": 1.0})
    after = before.assign(key=before["key"].where(np.arange(900) % 4 > 0))
    column = next(c for c in nbops.drift(before, after).columns if c.name == "key")
    assert (column.status, column.reason, column.why_not) == ("quality", "nulls 0.0% → 25.0%", "identifier")


def test_nested_columns_are_said_to_be_not_compared():
    nested = Profile(100, (ColumnProfile(name="x", kind="nested", dtype="object", rows=100),))
    (column,) = drift(nested, nested).columns
    assert (column.status, column.reason) == ("not compared", "nested")


@pytest.mark.parametrize(
    "rest", [np.linspace(9900, 9998, 200), np.append(np.linspace(9900, 9998, 200), [-99999.0, 1e5])]
)
def test_a_mark_that_hides_among_others_is_counted_as_itself(rest):
    draw = np.random.default_rng(1)
    reference = pd.DataFrame({"x": np.append(draw.normal(size=1000), [9999.0] * 40)})
    current = pd.DataFrame({"x": np.concatenate([draw.normal(0, 6000, 1000), [9999.0] * 3, rest])})
    known = profile_frame(reference)
    before, after = known.columns[0], profile_frame(current, known).columns[0]
    assert list(before.sentinels) == ["9999"] and not after.sentinels
    pair = paired("x", before, after)
    assert pair.sentinels == {"9999": (40, 3)}
    left = current.x[current.x != 9999.0]
    assert pair.after.nulls == 3 and sum(pair.after.histogram.values()) == len(left)
    assert pair.after.total == pytest.approx(left.sum(), abs=1e-6)
