"""Reading and writing tables."""

import pandas as pd
import pytest

from nbops.data.reading import read_table, write_table
from nbops.errors import DataError, NotFoundError


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.jsonl", "t.json", "t.feather", "t.csv.gz"])
def test_every_kind_of_file(tmp_path, name):
    frame = pd.DataFrame({"a": [1, 2], "ü": ["x", "y"]})
    path = tmp_path / name
    write = {
        "csv": lambda: frame.to_csv(path, index=False, sep="\t" if ".tsv" in name else ","),
        "tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        "parquet": lambda: frame.to_parquet(path),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
        "json": lambda: frame.to_json(path, orient="records"),
        "feather": lambda: frame.to_feather(path),
    }
    write[name.split(".")[1]]()
    pd.testing.assert_frame_equal(read_table(path), frame, check_dtype=False)
    assert read_table(frame) is frame


def test_bundled_data_are_in_real_units():
    frame = read_table("sklearn:diabetes")
    assert frame.shape == (442, 11)
    assert frame["age"].between(18, 80).all()


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ("sklearn:diabets", NotFoundError, "Did you mean sklearn:diabetes"),
        ("nowhere/x.csv", NotFoundError, "does not exist either"),
        (3, DataError, "int is no table"),
    ],
)
def test_what_cannot_be_read(source, error, said):
    with pytest.raises(error, match=said):
        read_table(source)


def test_wrong_files(tmp_path):
    (tmp_path / "data.csv").write_text("")
    (tmp_path / "data.parquet").write_text("no parquet")
    (tmp_path / "data.xyz").write_text("x")
    for name, said in (
        ("data.csv", "is empty"),
        ("data.parquet", "cannot be read as parquet"),
        ("data.xyz", "no known kind"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            read_table(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(NotFoundError, match=r"Did you mean .*data\.csv"):
        read_table(tmp_path / "dta.csv")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = write_table(pd.DataFrame({"a": [1]}), tmp_path / "new" / "t.parquet")
    with pytest.raises(DataError, match="cannot be written"):
        write_table(pd.DataFrame({"a": [object()]}), path)
    assert read_table(path)["a"].tolist() == [1]
    assert [p.name for p in path.parent.iterdir()] == ["t.parquet"]
    with pytest.raises(DataError, match=r"neither \.parquet nor \.csv"):
        write_table(pd.DataFrame(), tmp_path / "t.xlsx")


def test_an_interrupt_leaves_nothing_half_written(tmp_path):
    class Interrupted(pd.DataFrame):
        def to_csv(self, *_, **__):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_table(Interrupted({"a": [1]}), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
