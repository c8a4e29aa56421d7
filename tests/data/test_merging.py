"""Profiles of parts add up to the profile of the whole, bit by bit, whatever the parts and whatever they hold."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.data.profile import profile_frame
from nbops.data.scan import profile_source
from nbops.data.sums import Sum, as_float

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


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40), cut=st.integers(0, 40))
def test_a_sum_does_not_depend_on_the_order(values, cut):
    def of(part):
        return Sum.of(np.array(part, float), np.empty(len(part)))

    whole, parts = of(values), of(values[cut:][::-1])
    parts.add(of(values[:cut]))
    assert (whole.exact(), whole.far) == (parts.exact(), parts.far)
    largest = max(map(abs, values), default=0.0)
    exact = sum(map(decimal.Decimal, values))
    if largest < 1e300:
        assert as_float(whole.exact()) == pytest.approx(float(exact), rel=1e-9, abs=largest * 1e-9 + 1e-300)


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
