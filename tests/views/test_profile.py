"""The profile that a person sees, in a notebook and in a terminal."""

import json

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.cli import main
from nbops.data.scan import profile_source
from nbops.errors import DataError, UsageError


def _frame():
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "amount": np.append(draw.lognormal(3, 1, 296).round(2), [99999999.0] * 4),
            "same": 1,
            "<script>alert(1)</script>": draw.choice(["<b>x</b>", "y"], 300),
            "when": pd.date_range("2026-01-01", periods=300, freq="h"),
            "gone": [None] * 300,
            "mostly": [1.5] + [None] * 299,
            "mixed": [1, "a", "b"] * 100,
            "numbers": [str(i * 1.5) for i in range(300)],
            "rare": ["no"] * 297 + ["yes"] * 3,
            "y": draw.integers(0, 2, 300),
        }
    )
    return pd.concat([frame.assign(copy=frame.y * 2), frame[:5].assign(copy=frame.y[:5] * 2)], ignore_index=True)


def test_remarks_say_what_to_look_at():
    found = nbops.profile(_frame(), target="y")
    said = {(remark.column, remark.kind) for remark in found.remarks}
    assert said >= {
        ("", "duplicate rows"), ("amount", "mark for missing"), ("same", "constant"), ("gone", "empty"), ("mostly", "missing"),
        ("mixed", "mixed types"), ("numbers", "numbers as text"), ("rare", "unbalanced"), ("copy", "leak"),
    }  # fmt: skip
    assert found.duplicates == 5
    with pytest.raises(UsageError, match="no column 'z'"):
        nbops.profile(_frame(), target="z")


def test_it_shows_itself_without_scripts_and_escaped():
    found = nbops.profile(_frame())
    bundle = found._repr_mimebundle_()
    page = bundle["text/html"]
    assert "<script" not in page and "<b>x" not in page and page.count("<svg") >= 6
    assert "99999999" in bundle["text/plain"]
    assert json.loads(json.dumps(bundle["application/vnd.nbops.profile+json"]))["rows"] == 305
    assert nbops.drift(found, _frame()).drifted == ()


def test_the_command(tmp_path, capsys):
    _frame().drop(columns="mixed").to_parquet(tmp_path / "a.parquet")
    assert main(["profile", str(tmp_path / "a.parquet"), "--target", "y", "--html", str(tmp_path / "p.html")]) == 0
    assert "alone tells y" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "p.html").read_text()
    assert main(["profile", str(tmp_path / "a.parquet"), "--json", "--columns", "same"]) == 0
    assert nbops.data.profile.Profile.from_dict(json.loads(capsys.readouterr().out)).columns[0].name == "same"


def test_every_kind_of_source_gives_the_same(tmp_path):
    import pyarrow as pa

    duckdb = pytest.importorskip("duckdb", reason="duckdb is an extra")
    frame = _frame()[["amount", "when", "rare", "y"]]
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_feather(tmp_path / "a.feather")
    frame.to_json(tmp_path / "a.jsonl", lines=True, orient="records", date_format="iso")
    reference = profile_source(frame)
    files = [tmp_path / f"a.{kind}" for kind in ("parquet", "csv", "feather", "jsonl")]
    tables = [pa.Table.from_pandas(frame), duckdb.from_arrow(pa.Table.from_pandas(frame)), f"duckdb:from '{files[0]}'"]
    for source in [*files, *tables]:
        found = profile_source(source, reference)
        for name in ("rows", "nulls", "histogram", "categories", "aspects", "sums", "distinct", "minimum"):
            for column in reference.columns:
                assert getattr(found.column(column.name), name) == getattr(column, name), (source, column.name, name)
    assert profile_source(f"duckdb:from '{files[0]}'", columns=["y"]).columns[0].kind == "number"
    with pytest.raises(DataError, match="cannot answer the query"):
        profile_source("duckdb:select nonsense")
