"""Files, folders, patterns, databases: where tables come from."""

from __future__ import annotations

import sqlite3

import pandas as pd
import pytest

from nbops.data.sources import parts_of, read_source
from nbops.errors import DataError, NotFoundError, UsageError


@pytest.fixture
def parts(tmp_path):
    """Two countries in folders that tell so, of two kinds of files, with what does not count beside them."""
    for country, suffix in (("de", "csv"), ("fr", "parquet")):
        folder = tmp_path / "sales" / f"country={country}"
        folder.mkdir(parents=True)
        frame = pd.DataFrame({"x": [1, 2], "word": ["a", country]})
        frame.to_csv(folder / "a.csv", index=False) if suffix == "csv" else frame.to_parquet(folder / "a.parquet")
    for name in ("_SUCCESS.csv", ".hidden.csv", "notes.txt"):
        (tmp_path / "sales" / name).write_text("x\n")
    return tmp_path / "sales"


def test_a_folder_a_pattern_and_a_file(parts, monkeypatch):
    found = read_source(str(parts))
    assert found["word"].tolist() == ["a", "de", "a", "fr"]
    assert found["country"].tolist() == ["de", "de", "fr", "fr"]
    assert len(parts_of(parts)) == 2
    assert read_source(str(parts / "*" / "*.csv"))["word"].tolist() == ["a", "de"]
    assert read_source(str(parts / "country=de" / "a.csv"), options={"nrows": 1}).shape == (1, 2)
    monkeypatch.setenv("SALES", str(parts))
    assert len(read_source("env:SALES")) == 4
    (parts / "nothing").mkdir()
    with pytest.raises(NotFoundError, match="folder without tables"):
        read_source(str(parts / "nothing"))
    with pytest.raises(NotFoundError, match="path of no file"):
        read_source(str(parts / "*.feather"))
    with pytest.raises(NotFoundError, match="no variable 'SALE'"):
        read_source("env:SALE")
    with pytest.raises(DataError, match="cannot be read as csv"):
        read_source(str(parts / "country=de" / "a.csv"), options={"wrong": 1})


def test_a_query(tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table orders (id int, amount real)")
    connection.executemany("insert into orders values (?, ?)", [(1, 2.5), (2, None)])
    connection.commit()
    connection.close()
    address = f"sqlite:///{path}"
    assert read_source(address, query="select amount from orders where id = 1")["amount"].tolist() == [2.5]
    with pytest.raises(DataError, match="no such table: order"):
        read_source(address, query="select * from order_")
    with pytest.raises(NotFoundError, match="no database"):
        read_source(address + "x", query="select 1")
    with pytest.raises(UsageError, match="is a database"):
        read_source(address)
    with pytest.raises(UsageError, match="takes no query"):
        read_source(str(path), query="select 1")
    assert not (tmp_path / "shop.dbx").exists()
    with pytest.raises(DataError) as told:
        read_source("postgresql://me:hidden@127.0.0.1:1/x", query="select 1")
    assert "hidden" not in str(told.value)
