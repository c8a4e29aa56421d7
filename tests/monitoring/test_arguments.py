"""What makes no sense is told in one line, before any other."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.errors import DataError, NbopsError, NotFoundError, UsageError

RANDOM = np.random.default_rng(0)
A = pd.DataFrame({"x": RANDOM.normal(size=200), "c": RANDOM.choice(["a", "b"], 200)})
TWICE = pd.DataFrame(np.c_[A.x, A.x], columns=["x", "x"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"alpha": "5"}, "alpha must be a number between 0 and 1, not '5'"),
        ({"alpha": None}, "alpha must be a number"),
        ({"alpha": True}, "alpha must be a number"),
        ({"alpha": float("nan")}, "alpha must be a number between 0 and 1, not nan"),
        ({"alpha": [0.05]}, "not a list"),
        ({"min_effect": "x"}, "min_effect must be a number from 0"),
        ({"min_effect": 1}, "min_effect must be a number from 0"),
        ({"columns": 1.5}, "columns takes the name of a column or a list of them, not 1.5"),
        ({"columns": []}, "columns names no column"),
        ({"columns": ["z"]}, "Neither data set has a column 'z'. They have x, c."),
        ({"columns": {"x": 1}}, "not a dict"),
        ({"prediction": 1.5}, "prediction takes the name of a column"),
        ({"target": "z"}, "Neither data set has a column 'z'. They have x, c."),
        ({"segments": 1.5}, "segments takes the name of a column"),
        ({"errors": 1.5}, "errors takes the name of a column"),
        ({"errors": "x"}, "errors takes two columns"),
        ({"by": "week", "time": 1.5}, "time takes the name of a column"),
        ({"by": "week", "time": 5}, "The data have no column '5' to take the time from"),
        ({"by": "50 rows", "against": 5}, "against takes a text, not 5. against='previous 4'"),
        ({"concept": 1.5}, "concept takes a text"),
        ({"importance": "x"}, "importance maps columns to weights; this is a str"),
        ({"importance": {"x": "heavy"}}, "The weight of x must be a number, not 'heavy'"),
        ({"importance": {"x": float("nan")}}, "The weight of x must be a number, not nan"),
        ({"importance": {"x": 1, "z": 1}}, "Neither data set has a column 'z'. They have x, c."),
        ({"importance": {"xx": 1}}, "Neither data set has a column 'xx'. Did you mean 'x'?"),
        ({"reference_windows": 12}, "Windows of the reference are for limits learned from them"),
        ({"thresholds": "learned", "reference_windows": -3}, "reference_windows takes a number of windows"),
        ({"thresholds": "learned", "reference_windows": 0}, "reference_windows takes a number of windows"),
        ({"thresholds": "learned", "reference_windows": "x"}, "reference_windows takes a number of windows"),
        ({"thresholds": {}}, "There are no thresholds among these"),
        ({"thresholds": {"pssi": 0.2}}, "There is no statistic 'pssi' to set a threshold for. Did you mean psi?"),
        ({"thresholds": {"x": {"kss": 0.2}}}, "There is no statistic 'kss' to set a threshold for. Did you mean ks?"),
        ({"thresholds": {"x": 0.2}}, "There is no statistic 'x' to set a threshold for"),
        ({"thresholds": {"z": {"ks": 0.2}}}, "Neither data set has a column 'z'"),
        ({"thresholds": {"psi": -1}}, "The threshold of psi must be a number from 0 on, not -1"),
        ({"thresholds": {"psi": True}}, "The threshold of psi must be a number from 0 on, not True"),
        ({"thresholds": {"psi": None}}, "The threshold of psi must be a number from 0 on, not None"),
        ({"thresholds": [0.2]}, "thresholds are 'calibrated', 'learned' or a dictionary"),
    ],
)
def test_what_makes_no_sense(given, said):
    with pytest.raises(UsageError) as told:
        nbops.drift(A, A, **given)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ("", DataError, "The path of the data is empty."),
        (" ", DataError, "The path of the data is empty."),
        ([""], DataError, "The path of the data is empty."),
        ("x" * 5000 + ".csv", DataError, "is no path that can be looked up: File name too long."),
        (Path("x" * 5000), DataError, "is no path that can be looked up: File name too long."),
        ("~nobody-of-that-name/x.csv", DataError, "is no path that can be looked up"),
        ("none.csv", NotFoundError, "none.csv is a path of no file"),
        (None, DataError, "A NoneType is no table."),
        (A.x, DataError, "A Series is no table."),
        (TWICE, DataError, "The frame has two columns 'x'. Rename one of them."),
        (pd.DataFrame({0: A.x, "0": A.x}), DataError, "The frame has two columns '0'. Rename one of them."),
    ],
)
def test_data_that_are_none(data, kind, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # What lies about in the working directory is nobody's data.
    A.to_csv("stray.csv", index=False)
    for call in (
        lambda: nbops.drift(A, data),
        lambda: nbops.drift(data, A),
        lambda: nbops.drift(A, data, by="50 rows"),
        lambda: nbops.validate(A, data[0] if isinstance(data, list) else data),
    ):
        with pytest.raises(NbopsError) as told:
            call()
        assert isinstance(told.value, kind)
        assert said in str(told.value)
        assert len(str(told.value)) < 300


def test_names_that_are_no_texts_are_names_all_the_same():
    frame = A.rename(columns={"x": 0, "c": ("a", 1)}).assign(when=pd.date_range("2024-01-01", periods=200))
    report = nbops.drift(frame, frame, columns=[0], prediction=0, importance={0: 1.0}, thresholds={0: {"ks": 0.2}})
    assert [(column.name, column.role, column.weight) for column in report.columns] == [("0", "prediction", 1.0)]
    further = nbops.drift(frame, frame, by="month", segments=[("a", 1)], concept=0, multivariate=True)
    assert further.windows["labels"][0] == "2024-01"
    assert nbops.validate(frame, frame).passed
    with pytest.raises(DataError, match="The data have no column 'z'"):
        nbops.profile(frame, columns=["z"])
    assert [column.name for column in nbops.profile(frame, columns=[0]).columns] == ["0"]
