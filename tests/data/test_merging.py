"""Profiles of parts add up to the profile of the whole, bit by bit, whatever the parts and whatever they hold."""

import dataclasses
import datetime
import decimal
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.data.counting import count
from nbops.data.profile import profile_frame
from nbops.data.scan import profile_source
from nbops.data.sums import Moments
from nbops.data.values import of_array

ROWS = 700


def _frame(rows=ROWS):
    draw = np.random.default_rng(11)
    words = ["red", "green", "blue", " ", None]
    said = ["the quick fox", "Ein Wort mehr", "это не так просто", "", "日本語 の テキスト", "one two three four"]
    return pd.DataFrame(
        {
            "normal": draw.normal(size=rows),
            "heavy": draw.standard_cauchy(rows) * 10.0 ** draw.integers(-200, 200, rows),
            "nulls": np.where(draw.random(rows) < 0.3, np.nan, draw.lognormal(0, 2, rows)),
            "infinite": np.where(draw.random(rows) < 0.1, -np.inf, draw.normal(size=rows)),
            "marked": np.where(draw.random(rows) < 0.05, -999.0, draw.random(rows)),
            "small": draw.normal(size=rows).astype(np.float32),
            "whole": draw.integers(-5, 5, rows),
            "large": draw.integers(2**53, 2**62, rows),
            "nullable": pd.array(draw.integers(0, 9, rows), "Int64"),
            "flag": draw.random(rows) < 0.2,
            "word": draw.choice(words, rows),
            "grade": pd.Categorical(draw.integers(1, 6, rows)),
            "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 10**7, rows), unit="s"),
            "zoned": pd.date_range("2026-03-28", periods=rows, freq="17min", tz="Europe/Berlin"),
            "text": [f"{said[i % len(said)]} {i} {i * i}" for i in range(rows)],
            "key": [f"customer-{i}" for i in range(rows)],
            "number": np.arange(rows),
            "vector": [*draw.normal(size=(rows, 5))],
            "nested": [{"a": i} for i in range(rows)],
            "empty": [None] * rows,
            "money": [decimal.Decimal(int(v)) / 100 for v in draw.integers(0, 10**6, rows)],
            "day": [datetime.date(2026, 1, 1 + i % 28) for i in range(rows)],
            "complex": draw.normal(size=rows) * 1j,
        }
    )


FRAME = _frame()
KNOWN = profile_frame(FRAME)
KINDS = {
    "flag": "boolean", "word": "category", "grade": "category", "when": "time", "zoned": "time", "text": "text",
    "key": "identifier", "number": "identifier", "vector": "vector", "nested": "nested", "empty": "empty", "day": "time",
    "complex": "nested",
}  # fmt: skip


def test_kinds_of_everything():
    assert {c.name: c.kind for c in KNOWN.columns} == {name: KINDS.get(name, "number") for name in FRAME.columns}


@given(order=st.permutations(range(7)), cuts=st.sets(st.integers(0, ROWS), max_size=6))
@settings(max_examples=15)
def test_any_partition_in_any_order_gives_the_same(order, cuts):
    ends = [0, *sorted(cuts), ROWS]
    parts = [FRAME[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    profiles = [profile_frame(parts[i], KNOWN) for i in order if i < len(parts)]
    merged = profiles[0]
    for profile in profiles[1:]:
        merged = merged.merge(profile)
    for one, other in zip(merged.columns, KNOWN.columns, strict=True):
        assert one == other, one.name


@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40),
    near=st.lists(st.floats(-1050, 1050) | st.integers(-5, 5), max_size=40),
    cut=st.integers(0, 80),
    unit=st.integers(-950, 900) | st.integers(-3, 3),
    shift=st.just(0.0) | st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-3000, 3000),
)
def test_a_sum_does_not_depend_on_the_order(values, near, cut, unit, shift):
    def of(part):
        found = Moments(unit)
        if part:
            found.take(np.array(part, float), shift, min(part), max(part), np.empty(len(part)))
        return found

    shift = float(shift)
    values = values + [shift + math.ldexp(units, unit) for units in near]
    whole, parts = of(values), of(values[cut:][::-1])
    parts.add(of(values[:cut]))
    assert whole == parts
    largest = max((abs(Fraction(value) - Fraction(shift)) for value in values), default=Fraction(0))
    # No number is rounded by more than a step of its own level.
    step = max(largest / 2**33, Fraction(2) ** (unit - 34))
    assert abs(whole.total(shift, len(values)) - sum(map(Fraction, values))) <= len(values) * step


@given(
    near=st.lists(st.floats(-30, 30) | st.integers(-5, 5), min_size=1, max_size=40),
    repeats=st.sampled_from([1, 3, 700]),
    unit=st.integers(-300, 300),
    shift=st.floats(-2000, 2000, width=32),
)
def test_squares_are_the_same_beside_a_number_that_is_far(near, repeats, unit, shift):
    """Numbers near each other are squared in another way than those that are not."""

    def of(part):
        found = Moments(unit)
        found.take(part, shift, part.min(), part.max(), np.empty(len(part)))
        return found

    shift = math.ldexp(shift, unit)
    values, far = shift + np.ldexp(np.tile(np.array(near, float), repeats), unit), shift + math.ldexp(1000.0, unit)
    together, apart = of(np.append(values, far)), of(values)
    apart.add(of(np.array([far])))
    assert together == apart
    mean = sum(map(Fraction, values)) / len(values)
    spread = sum((Fraction(value) - mean) ** 2 for value in values) if repeats == 1 else None
    if spread is not None:
        step = Fraction(2) ** (unit - 15)
        assert abs(of(values).spread(len(values)) - spread) <= len(values) * step * 70 * Fraction(2) ** unit


@pytest.mark.parametrize("base", [0.0, 0.3, -1e9, 1e12])
@pytest.mark.parametrize("spread", [1e-6, 1.0, 1e5])
@pytest.mark.parametrize("rows", [100, 20_000])
def test_mean_and_deviation_far_from_the_reference(base, spread, rows):
    draw = np.random.default_rng(2)
    known = profile_frame(pd.DataFrame({"x": draw.normal(0, 1, rows)}))
    values = base + spread * draw.normal(size=rows)
    found = profile_frame(pd.DataFrame({"x": values}), known).columns[0]
    assert found.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
    # A step of the squares is 2**-16 of the unit, or of the distance from the reference where that is far.
    assert found.deviation == pytest.approx(values.std(), rel=1e-6, abs=2e-5 * max(1.0, abs(base) / 500))
    same = profile_frame(pd.DataFrame({"x": np.full(rows, base)}), known).columns[0]
    assert (same.deviation, same.mean) == (0.0, base)


@given(
    values=st.lists(
        st.sampled_from([0.0, -0.0, 1.0, 2.5, 7.0, -3.0, 1e-300, 0.1, 300.0, 1e9, np.inf, np.nan]), min_size=1
    ),
    shift=st.sampled_from([0.0, 2.0, 0.1]),
)
def test_values_are_told_apart_whether_or_not_each_has_a_bin(values, shift):
    known = dataclasses.replace(profile_frame(pd.DataFrame({"x": [1.5, 2.5]})).columns[0], shift=shift)
    few = np.array(values)
    many = np.tile(few, 1 + 200_000 // len(few))
    one, other = (count(of_array(v), known).numbers for v in (few, many))
    other.settle()
    different = len(np.unique(few[np.isfinite(few)]))
    assert one.distinct.count(len(few)) == other.distinct.count(len(many)) == different
    assert other.distinct.has_all_twice and list(one.bins) == list(other.bins)
    halves = count(of_array(many[:70_000]), known).numbers
    halves.add(count(of_array(many[70_000:]), known).numbers)
    assert halves.distinct.packed() == other.distinct.packed() and halves.moments == other.moments


def test_files_are_the_frame_however_they_are_cut(tmp_path):
    frame = FRAME.drop(columns=["nested", "complex", "vector"]).assign(vector=FRAME.vector)
    whole = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(whole, tmp_path / "a.parquet", row_group_size=97)
    folder = tmp_path / "parts"
    folder.mkdir()
    for i in range(3):
        pq.write_table(whole.slice(i * 250, 250), folder / f"{i}.parquet")
    one, parts = profile_source(tmp_path / "a.parquet"), profile_source(folder)
    assert one == parts
    reference = profile_frame(frame)
    for column in profile_source(folder, reference).columns:
        known = reference.column(column.name)
        assert {**vars_of(column), "dtype": ""} == {**vars_of(known), "dtype": ""}, column.name


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_periods_of_a_file_are_times_as_those_of_a_frame(tmp_path, kind):
    frame = pd.DataFrame({"month": pd.period_range("2020", periods=60, freq="M")})
    path = tmp_path / f"a.{kind}"
    getattr(frame, f"to_{kind}")(path)
    known, found = profile_frame(frame).columns[0], profile_source(path).columns[0]
    assert known.kind == "time"
    assert {**vars_of(found), "dtype": ""} == {**vars_of(known), "dtype": ""}
    # To a process that has seen no period yet the file holds numbers.
    code = "import sys; from nbops.data.scan import profile_source; print(profile_source(sys.argv[1]).columns[0].kind)"
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert said.stdout == "time\n"


def vars_of(column):
    return {name: getattr(column, name) for name in column.__dataclass_fields__}


@pytest.mark.parametrize(
    "same",
    [
        pd.Series([1.0, 2.0, 3.0, 3.0, None] * 20),
        pd.Series([1, 2, 3, 3, None] * 20, dtype="Int64"),
        pd.Series([1, 2, 3, 3, None] * 20, dtype="int8[pyarrow]"),
        pd.Series(["1", "2", "3", "3.0", None] * 20),
        pd.Series([1, 2, 3, 3, None] * 20, dtype=object),
        pd.Series([1, 2, 3, 3, None] * 20, dtype="float16"),
        pd.Series([decimal.Decimal(v) if v else None for v in [1, 2, 3, 3, None]] * 20),
        pd.Series(pd.Categorical([1, 2, 3, 3, None] * 20)),
        pd.Series(pd.Categorical(["1", "2", "3", "3", None] * 20)),
    ],
)
def test_values_are_compared_as_values(same):
    for reference in (
        pd.Series([1, 2, 3, 3, None] * 20, dtype="Int64"),
        pd.Series(pd.Categorical([1, 2, 3, 3, None] * 20)),
    ):
        before = profile_frame(pd.DataFrame({"x": reference}))
        after = profile_frame(pd.DataFrame({"x": same}), before)
        a, b = before.columns[0], after.columns[0]
        for name in ("kind", "nulls", "histogram", "categories", "total", "minimum", "distinct"):
            assert getattr(a, name) == getattr(b, name), name


def test_flags_are_flags_however_they_are_written():
    before = profile_frame(pd.DataFrame({"x": [True, False, True, None] * 20}))
    for same in (["True", "false", "TRUE", None], [1, 0, 1, None], ["1", "0", "1.0", None], [1.0, 0.0, 1.0, np.nan]):
        after = profile_frame(pd.DataFrame({"x": same * 20}), before).columns[0]
        assert (after.kind, after.categories, after.nulls) == ("boolean", {"True": 40, "False": 20}, 20)


def test_marks_for_missing_are_told_where_they_stand_apart():
    draw = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "a": np.append(draw.normal(size=500), [99999999.0] * 7),
            "b": np.arange(507.0),
            "c": draw.integers(900, 1100, 507),
        }
    )
    found = profile_frame(frame)
    assert [c.sentinels for c in found.columns] == [{"99999999": 7}, {}, {}]
    assert found.merge(profile_frame(frame, found)).column("a").sentinels == {"99999999": 14}


def test_how_many_different_values():
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "few": draw.integers(0, 300, 100_000),
            "many": draw.integers(0, 20_000, 100_000),
            "all": draw.permutation(100_000) * 1.5,
            "ids": draw.permutation(2**60 + np.arange(100_000)),
        }
    )
    found = {c.name: c.distinct for c in profile_frame(frame).columns}
    assert found["few"] == 300 and found["all"] == found["ids"] == 100_000
    assert found["many"] == pytest.approx(frame.many.nunique(), rel=0.15)


def test_strange_frames():
    assert profile_frame(pd.DataFrame()).rows == 0
    empty = profile_frame(pd.DataFrame({"a": pd.Series([], dtype=float), "b": pd.Series([], dtype=str)}))
    assert [c.kind for c in empty.columns] == ["empty", "empty"]
    odd = pd.DataFrame([[1, "<script>", "\ud800x"]] * 3, columns=[0, ("a", 1), "<img src=x>"], dtype=object)
    found = profile_frame(odd)
    assert [c.name for c in found.columns] == ["0", "('a', 1)", "<img src=x>"]
    wide = profile_frame(pd.DataFrame(np.ones((3, 2000))))
    assert len(wide.columns) == 2000 and wide.columns[0].deviation == 0.0
    mixed = profile_frame(pd.DataFrame({"m": [1, "a", 2.5, None, b"x", pd.Timestamp("2026-01-01")]})).columns[0]
    assert (mixed.kind, mixed.texts, mixed.count) == ("category", 1, 5)
    hostile = profile_frame(pd.DataFrame({"h": [10**400, -(10**400), 1]})).columns[0]
    assert (hostile.kind, hostile.infinite) == ("number", 2)
