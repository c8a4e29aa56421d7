"""CSV files whose rows have more values than their header has names."""

import pandas as pd
import pytest

import nbops
from nbops.data.chunks import read_chunks
from nbops.data.reading import read_table
from nbops.data.scan import profile_source
from nbops.data.sources import read_source
from nbops.errors import DataError

IN_PLACE = {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    "text", ["a,b\n1,x,\n2,y,\n", "a,b\n1,x,\n2,y\n", "a,b\n1,x,,\n2,y,,", "a,b\r\n1,x,\r\n2,y,\r\n"]
)
def test_a_separator_at_the_end_of_rows_moves_no_column(tmp_path, text):
    file = tmp_path / "x.csv"
    file.write_text(text, newline="")
    assert read_table(file).to_dict("list") == IN_PLACE
    assert read_source(str(tmp_path)).to_dict("list") == IN_PLACE
    assert read_table(file, {"engine": "python"}).to_dict("list") == IN_PLACE
    pieces = [piece.to_pydict() for piece in read_chunks(file, rows=1)]
    assert pieces == [{"a": [1], "b": ["x"]}, {"a": [2], "b": ["y"]}]
    assert [column.name for column in profile_source(file).columns] == ["a", "b"]
    assert nbops.profile(file).column("b").categories == {"x": 1, "y": 1}
    assert nbops.validate(file, pd.DataFrame(IN_PLACE)).passed


@pytest.mark.parametrize("text", ["a,b\nr1,1,x\nr2,2,y\n", "a,b\n1,x,\n2,y,z\n"])
def test_values_that_no_column_is_for_are_refused(tmp_path, text):
    file = tmp_path / "x.csv"
    file.write_text(text)
    for read in (read_table, profile_source, lambda file: list(read_chunks(file, rows=1))):
        with pytest.raises(DataError) as told:
            read(file)
        assert str(told.value).endswith(
            "has 3 values in a row where its header names 2 columns. Give every column a name in the header."
        )
    (finding,) = nbops.validate(file, pd.DataFrame(IN_PLACE)).findings
    assert finding.rule == "unreadable"


def test_who_says_where_the_columns_are_is_heard(tmp_path):
    (tmp_path / "r.csv").write_text("a,b\nr1,1,x\nr2,2,y\n")
    named = read_table(tmp_path / "r.csv", {"index_col": 0})
    assert named.to_dict("list") == IN_PLACE
    (tmp_path / "t.csv").write_text("made by hand\na;b\n1;x;\n2;y;\n")
    assert read_table(tmp_path / "t.csv", {"sep": ";", "skiprows": 1}).to_dict("list") == IN_PLACE
    (tmp_path / "h.csv").write_text("1,x,\n2,y,\n")
    assert read_table(tmp_path / "h.csv", {"header": None}).shape == (2, 3)
    (tmp_path / "i.csv").write_text(",a\n0,1\n")
    assert list(read_table(tmp_path / "i.csv").columns) == ["Unnamed: 0", "a"]
