"""The duplicate rate of both sides of a comparison."""

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.data.duplicates import repeated_rows
from nbops.data.profile import profile_frame
from nbops.display.profile_report import profile
from nbops.monitoring import drift as engine
from nbops.monitoring.drift import drift


def _frame(rows, seed, twice=0):
    drawn = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": drawn.normal(size=rows), "kind": drawn.choice(["a", "b"], rows)})
    return pd.concat([frame.iloc[: rows - twice], frame.iloc[:twice]], ignore_index=True)


def test_it_is_a_figure_of_the_report_where_somebody_asks(tmp_path):
    before, after = _frame(2000, 1, 20), _frame(2000, 2, 300)
    report = drift(before, after, duplicates=True)
    assert report.duplicates["rows"] == [20, 300]
    assert (report.duplicates["reference"], report.duplicates["current"]) == (0.01, 0.15)
    assert report.duplicates["changed"] and report.duplicates["p"] < 1e-6
    assert report.findings == ("repeated rows 1.0% → 15.0%",) and "repeated rows 1.0% → 15.0%" in report.sentence
    for name, frame in (("a", before), ("b", after)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    assert drift(tmp_path / "a.csv", str(tmp_path / "b.csv"), duplicates=True).duplicates["rows"] == [20, 300]
    calm = nbops.drift(before, _frame(2000, 3, 21), duplicates=True)
    assert not calm.findings and "repeated rows 1.0% → 1.1%" in str(calm) and "repeated rows" in calm._repr_html_()


def test_nobody_pays_for_it_who_does_not_ask(monkeypatch):
    monkeypatch.setattr(engine, "counted_rows", lambda *_: pytest.fail("counted"))
    assert drift(_frame(100, 1), _frame(100, 2)).duplicates == {}


def test_profiles_that_know_it_tell_it_unasked():
    before, after = profile(_frame(500, 1, 5)), profile(_frame(500, 2, 5))
    report = drift(before, profile(_frame(500, 2, 5), before))
    assert report.duplicates["rows"] == [before.duplicates, after.duplicates] == [5, 5]
    asked = drift(before, _frame(500, 2, 5), duplicates=True)
    assert asked.duplicates["rows"] == [5, 5]
    bare = drift(profile_frame(_frame(500, 1)), _frame(500, 2), duplicates=True)
    assert bare.duplicates == {} and "repeated rows are not known of both sides" in bare.note


def test_a_column_that_one_side_has_hides_no_repetition():
    before = _frame(500, 1, 50)
    after = before.assign(number=range(500))
    assert drift(before, after, duplicates=True).duplicates["rows"] == [50, 50]
    assert drift(before, after, columns=["kind"], duplicates=True).duplicates["rows"] == [498, 498]


def test_windows_to_learn_from_and_files_to_cut_by_stay_what_they_are(tmp_path):
    windows = [_frame(300, seed) for seed in range(10)]
    report = drift(windows, _frame(300, 11, 3), thresholds="learned", duplicates=True)
    assert report.duplicates["rows"] == [0, 3]
    for name in "ab":
        _frame(300, ord(name)).to_parquet(tmp_path / f"{name}.parquet")
    report = drift(_frame(300, 1), str(tmp_path / "*.parquet"), by="file", duplicates=True)
    assert len(report.windows["labels"]) == 2 and report.duplicates["rows"] == [0, 0]


def test_cells_that_cannot_be_hashed_are_not_counted():
    assert repeated_rows(pd.DataFrame({"a": [[1], [1]]})) is None
    assert repeated_rows(pd.DataFrame({"a": []})) is None and repeated_rows(pd.DataFrame(index=[1, 2])) is None
    assert repeated_rows(pd.DataFrame({1: [1, 1, 2], "b": [1, 1, 1]}, index=[1, 2, 3]), ["1"]) == 1
