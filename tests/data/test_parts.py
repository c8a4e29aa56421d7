"""Profiles of rows in parts: the same bit by bit however they are parted, and those of the whole frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbops.data import parts
from nbops.data import words as counted_words
from nbops.data.profile import profile_frame
from nbops.data.scan import profile_source
from nbops.data.words import WordCounts
from nbops.errors import DataError
from nbops.pipelines.partitions import profile_files


def _frame(rows: int = 3000) -> pd.DataFrame:
    draw = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "year": draw.integers(2015, 2025, rows),
            "amount": np.where(draw.random(rows) < 0.1, np.nan, draw.lognormal(0, 3, rows) - 2),
            "tiny": draw.normal(size=rows) * 1e-300,
            "huge": np.where(draw.random(rows) < 0.01, np.inf, draw.normal(size=rows) * 1e200),
            "city": draw.choice(["Köln", "Lyon", " ", None], rows),
            "text": [f"{i % 97}.5" if i % 11 else "n/a" for i in range(rows)],
            "flag": draw.random(rows) < 0.3,
            "when": pd.date_range("2024", periods=rows, freq="7h"),
            "key": [f"k{i}" for i in range(rows)],
            "number": np.arange(rows),
            "empty": [None] * rows,
        }
    )


@settings(max_examples=5)
@given(data=st.data())
def test_parts_and_order_make_no_difference(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("parts")
    frame = _frame(400)
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(frame))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(frame) - 1), max_size=5)))
    paths = []
    for number, rows in enumerate(np.split(order, cuts)):
        paths.append(folder / f"{number}.parquet")
        frame.iloc[rows].to_parquet(paths[-1])
    frame.to_parquet(folder / "whole.parquet")
    assert profile_files(paths) == profile_files([folder / "whole.parquet"])


def test_it_is_the_profile_of_the_whole_frame(tmp_path):
    frame = _frame()
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.{'csv' if number == 2 else 'parquet'}")
        part = frame.iloc[number * 750 : (number + 1) * 750]
        part.to_csv(paths[-1], index=False) if number == 2 else part.to_parquet(paths[-1])
    found, usual = profile_files(paths), profile_frame(frame)
    assert {c.name: c.kind for c in found.columns} == {c.name: c.kind for c in usual.columns}
    with np.errstate(over="ignore"):
        same = profile_frame(frame, reference=found)
    for column in found.columns:
        other = same.column(column.name)
        for name in ("rows", "nulls", "histogram", "infinite", "minimum", "maximum", "categories", "distinct", "blank"):
            assert getattr(column, name) == getattr(other, name), (column.name, name)
        assert column.total == pytest.approx(other.total, rel=1e-12) or np.isnan(other.total)
    assert found.column("year").shift == pytest.approx(2019, abs=20)
    # A reference has its kinds and shifts kept, and one look is enough.
    again = profile_files(paths, reference=usual, columns=["amount", "city"])
    assert [c.name for c in again.columns] == ["amount", "city"]
    assert again.column("amount").histogram == usual.column("amount").histogram
    assert usual.column("city").categories == again.column("city").categories
    with pytest.raises(DataError, match="no parts"):
        profile_files([])


def test_more_words_than_are_kept_are_a_sample_that_does_not_depend_on_the_parts(monkeypatch):
    monkeypatch.setattr(counted_words, "MOST_WORDS", 2000)
    words = [f"w{i}" for i in range(3000)] + ["w7"] * 50

    def counted(part):
        return WordCounts.of_pairs(part, np.ones(len(part)))

    whole, halves = counted(words), counted(words[::2])
    halves.add(counted(words[1::2]))
    assert whole.cut and len(whole.counts) == 2000
    assert whole.counts == halves.counts and whole.total == halves.total == 3050
    assert whole.distinct == pytest.approx(3000, rel=0.1)
    assert not counted(words[:10]).cut


def test_a_column_that_a_part_lacks_is_missing_there(tmp_path):
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [3.5]}).to_parquet(tmp_path / "2.parquet")
    pd.DataFrame({"a": [], "b": []}).to_parquet(tmp_path / "3.parquet")
    found = profile_files([tmp_path / f"{n}.parquet" for n in (1, 2, 3)])
    assert found.rows == 3
    assert (found.column("b").nulls, found.column("a").nulls) == (1, 0)
    counted = parts.together(parts.count(tmp_path / f"{n}.parquet", found) for n in (2, 1))
    assert parts.profile_of(parts.together([parts.count(tmp_path / "2.parquet", found)]), found).rows == 1
    assert counted["b"].nulls == 1


@pytest.mark.parametrize(("many_times", "kind", "count"), [(25_000, "time", 25_400), (9000, "number", 20_300)])
def test_files_that_disagree_give_the_same_in_any_order(tmp_path, many_times, kind, count):
    draw = np.random.default_rng(3)
    columns = {
        "words": [f"word {i % 7}" for i in range(3000)],
        "numbers": draw.normal(size=300),
        "many numbers": draw.normal(size=20_000),
        "times": pd.date_range("2020", periods=400),
        "many times": pd.date_range("2020", periods=many_times, freq="s"),
        "flags": [True, False] * 50,
        "nested": [{"a": 1}] * 30,
        "nothing": [None] * 50,
    }
    paths = {name: tmp_path / f"{name}.parquet" for name in columns}
    for name, values in columns.items():
        pd.DataFrame({"x": values, "y": 1}).to_parquet(paths[name])
    for reference in ("words", "many numbers", "many times"):
        known = profile_files([paths[reference]])
        found = profile_files(list(paths.values()), reference=known)
        assert found == profile_files([*paths.values()][::-1], reference=known)
        most = found.column("x")
        assert (most.rows, most.kind) == (23_880 + many_times, kind)
        # Truth values are numbers to a reference of numbers.
        assert most.count - count == 100 * (kind == "number" and reference == "many numbers")


def test_a_column_without_a_name_is_one():
    found = profile_source(pa.table({"": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]}))
    assert (found.rows, found.column("").maximum, found.column("b").kind) == (3, 3.0, "category")


def test_whether_values_are_truth_values_is_seen_of_all_rows():
    known = profile_frame(pd.DataFrame({"x": [True, False] * 50}))
    for last, kind in (([5, 6, 7] * 3, "boolean"), ([5, 6, 7] * 20, "category")):
        for form in (int, str):
            values = [form(value) for value in [0, 1] * 100 + last]
            whole = pa.table({"x": values})
            found = [
                profile_source(pa.Table.from_batches(whole.to_batches(max_chunksize=rows)), known).columns[0]
                for rows in (1000, 100, 7)
            ]
            assert found[0] == found[1] == found[2] and found[0].kind == kind
            assert found[0].nulls == (len(last) if kind == "boolean" else 0)
