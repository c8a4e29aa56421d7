"""The identity of a frame: any edit changes it, no layout does."""

import datetime
import decimal
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbops
from nbops.data.fingerprint import fingerprint
from nbops.errors import DataError


def _frame():
    return pd.DataFrame(
        {
            "number": [1.5, np.nan, -2.0, 4.0],
            "whole": [1, 2, 3, 4],
            "small": np.array([1, 2, 3, 4], dtype="int8"),
            "flag": [True, False, True, False],
            "word": ["red", None, "", "grün"],
            "kind": pd.Categorical(["a", "b", "a", None], categories=["a", "b", "c"]),
            "when": pd.to_datetime(["2026-01-01", None, "2026-01-03", "2026-01-04"]),
            "zone": pd.date_range("2026-01-01", periods=4, tz="Europe/Berlin"),
            "took": pd.to_timedelta([1, 2, 3, None], unit="s"),
            "month": pd.period_range("2026-01", periods=4, freq="M"),
            "range": pd.interval_range(0, 4),
            "maybe": pd.array([1, None, 3, 4], dtype="Int64"),
            "truth": pd.array([True, None, False, True], dtype="boolean"),
            "sparse": pd.arrays.SparseArray([0, 0, 1, 2]),
            "mixed": [1, "1", None, 1.0],
            "nested": [[1], [1, 2], {"a": 1}, (1,)],
            "exact": [decimal.Decimal("1.0"), decimal.Decimal("1.00"), None, decimal.Decimal(2)],
            "day": [datetime.date(2026, 1, 1)] * 4,
            "arrow": pd.array([1, 2, None, 4], dtype=pd.ArrowDtype(pa.int32())),
        }
    )


_OTHER = {
    "number": 9.5,
    "whole": 9,
    "small": 9,
    "flag": False,
    "word": "blue",
    "kind": "c",
    "when": pd.Timestamp("2020-01-01"),
    "zone": pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
    "took": pd.Timedelta("9s"),
    "month": pd.Period("2020-01", "M"),
    "range": pd.Interval(7, 8),
    "maybe": 9,
    "truth": False,
    "mixed": 2,
    "exact": decimal.Decimal("1.1"),
    "day": datetime.date(2020, 1, 1),
    "arrow": 9,
}


@pytest.mark.parametrize("column", _OTHER)
@pytest.mark.parametrize("row", [0, 2])
def test_any_edited_cell_changes_it(column, row):
    frame = _frame()
    before = fingerprint(frame)
    if row == 2 and column in {"flag", "truth"}:
        row = 0 if column == "flag" else 3
    frame.loc[row, column] = _OTHER[column]
    assert fingerprint(frame) != before


@pytest.mark.parametrize(
    "edit",
    [
        lambda f: f.rename(columns={"whole": "Whole"}),
        lambda f: f.astype({"whole": "int32"}),
        lambda f: f.astype({"whole": "float64"}),
        lambda f: f.astype({"word": object}),
        lambda f: f.iloc[::-1],
        lambda f: f[f.columns[::-1]],
        lambda f: f.set_index(f.index + 1),
        lambda f: f.set_index(f.index.astype(str)),
        lambda f: f.rename_axis("row"),
        lambda f: f.rename_axis("columns", axis=1),
        lambda f: f.drop(columns="whole"),
        lambda f: f.iloc[:3],
        lambda f: f.assign(more=1),
        lambda f: f.assign(kind=f["kind"].cat.reorder_categories(["b", "a", "c"])),
        lambda f: f.assign(kind=f["kind"].cat.as_ordered()),
        lambda f: f.assign(kind=f["kind"].cat.remove_unused_categories()),
        lambda f: f.assign(zone=f["zone"].dt.tz_convert("UTC")),
        lambda f: f.assign(when=f["when"].astype("datetime64[ms]")),
        lambda f: f.assign(mixed=[1, "1", None, 1]),
        lambda f: f.assign(mixed=[True, "1", None, 1.0]),
        lambda f: f.assign(nested=[[1], [2, 1], {"a": 1}, (1,)]),
        lambda f: f.assign(nested=[[1], [1, 2], {"a": 1}, [1]]),
        lambda f: f.assign(word=["red", "", None, "grün"]),
        lambda f: f.assign(exact=[decimal.Decimal("1.00"), decimal.Decimal("1.0"), None, decimal.Decimal(2)]),
    ],
)
def test_any_other_edit_changes_it(edit):
    frame = _frame()
    assert fingerprint(edit(frame)) != fingerprint(frame)


@pytest.mark.parametrize(
    "move",
    [
        lambda f: f.copy(),
        lambda f: pd.concat([f.iloc[:1], f.iloc[1:]]),
        lambda f: pd.concat([f, f]).iloc[4:],
        lambda f: f.iloc[[3, 2, 1, 0]].iloc[::-1],
        lambda f: pd.concat([f[[c]] for c in f.columns], axis=1),
        lambda f: f.reset_index(drop=True),
    ],
)
def test_no_layout_changes_it(move):
    frame = _frame().drop(columns=["sparse"])
    assert fingerprint(move(frame)) == fingerprint(frame)


def test_row_and_column_order_in_memory_do_not_count():
    values = np.arange(12.0).reshape(4, 3)
    assert fingerprint(pd.DataFrame(np.asfortranarray(values))) == fingerprint(pd.DataFrame(values.copy(order="C")))


def test_values_under_a_null_do_not_count():
    shown = pa.array(["a", "b"])
    hidden = [pa.array(["a", text]) for text in ("x", "yy")]
    masks = [pa.StringArray.from_buffers(2, h.buffers()[1], h.buffers()[2], pa.py_buffer(b"\x01"), 1) for h in hidden]
    frames = [pd.DataFrame({"w": pd.array(m, dtype=pd.ArrowDtype(pa.string()))}) for m in masks]
    assert fingerprint(frames[0]) == fingerprint(frames[1])
    assert fingerprint(frames[0]) != fingerprint(pd.DataFrame({"w": pd.array(shown, dtype=pd.ArrowDtype(pa.string()))}))


cells = st.lists(
    st.floats(allow_nan=False) | st.integers(-(2**60), 2**60) | st.text() | st.none(), min_size=1, max_size=6
)


@given(values=cells, data=st.data())
@settings(max_examples=150)
def test_objects_are_told_apart_cell_by_cell(values, data):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    place = data.draw(st.integers(0, len(values) - 1))
    other = data.draw(st.floats(allow_nan=False) | st.integers() | st.text())
    edited = [*values[:place], other, *values[place + 1 :]]
    same = type(other) is type(values[place]) and repr(other) == repr(values[place])
    again = pd.DataFrame({"x": pd.Series(edited, dtype=object)})
    assert (fingerprint(again) == fingerprint(frame)) == same


@given(
    values=st.lists(st.floats(width=64), max_size=20),
    cut=st.integers(0, 20),
)
def test_chunks_of_arrow_do_not_count(values, cut):
    whole = pa.table({"x": pa.chunked_array([values], type=pa.float64())})
    parts = pa.table({"x": pa.chunked_array([values[:cut], values[cut:]], type=pa.float64())})
    assert fingerprint(whole) == fingerprint(parts)


@given(values=st.lists(st.text(max_size=5) | st.none(), max_size=12), cut=st.integers(0, 12))
def test_slices_of_text_do_not_count(values, cut):
    whole = pa.table({"x": pa.array(["padding", *values], type=pa.string()).slice(1)})
    parts = pa.table({"x": pa.chunked_array([values[:cut], values[cut:]], type=pa.string())})
    assert fingerprint(whole) == fingerprint(parts)


def test_every_process_gives_the_same():
    probe = "import pandas as pd, nbops; print(nbops.fingerprint(pd.DataFrame({'a': [1, 2], 'b': ['x', None], 'c': [{1, 2, 'z'}, ()]})))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 64


def test_other_things_that_have_one():
    assert (
        len({fingerprint(x) for x in (np.arange(3), np.arange(3.0), np.arange(3).reshape(3, 1), pd.Series([0, 1, 2]))})
        == 4
    )
    assert fingerprint(pd.Series([1], name="a")) != fingerprint(pd.Series([1], name="b"))
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    assert fingerprint(pd.DataFrame({"x": [1, 2]}, index=index)) != fingerprint(
        pd.DataFrame({"x": [1, 2]}, index=index.set_names(["k", "m"]))
    )
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert fingerprint(twice) != fingerprint(twice.iloc[:, ::-1])
    assert fingerprint(pd.DataFrame()) == fingerprint(pd.DataFrame())


def test_what_has_none_says_so():
    with pytest.raises(DataError, match="dict has no fingerprint"):
        nbops.fingerprint({"a": 1})
    with pytest.raises(DataError, match="no stable form"):
        nbops.fingerprint(pd.DataFrame({"x": [lambda: 1]}))


def test_it_does_not_touch_the_frame():
    frame = _frame()
    before = frame.copy()
    fingerprint(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_levels_of_an_index_are_told_apart_by_position_not_by_name():
    frame = pd.DataFrame({1: [0, 0], 2: [5, 6], "x": [1.0, 2.0]}).set_index([1, 2])
    other = pd.DataFrame({1: [0, 0], 2: [5, 7], "x": [1.0, 2.0]}).set_index([1, 2])
    assert fingerprint(frame) != fingerprint(other)


def test_a_mask_counts_and_what_is_under_it_does_not():
    values, mask = np.array([1.0, 2.0, 3.0]), [False, True, False]
    masked = fingerprint(np.ma.array(values, mask=mask))
    assert masked != fingerprint(np.ma.array(values, mask=[True, False, False]))
    assert masked != fingerprint(values)
    assert masked == fingerprint(np.ma.array([1.0, 99.0, 3.0], mask=mask))
    words = np.array(["a", None], dtype=object)
    assert fingerprint(np.ma.array(words, mask=[False, True])) != fingerprint(np.ma.array(words, mask=[True, False]))
