"""Data that cannot be read end in one clear verdict."""

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.cli import main
from nbops.data.reading import write_table
from nbops.errors import NotFoundError

GOOD = pd.DataFrame({"n": np.arange(5000) / 7, "w": ["a", "b"] * 2500})


def _truncated(path):
    GOOD.to_parquet(path / "bad.parquet")
    whole = (path / "bad.parquet").read_bytes()
    (path / "bad.parquet").write_bytes(whole[: len(whole) // 2])
    return "bad.parquet"


def _corrupt_page(path):
    write_table(GOOD, path / "bad.parquet")
    whole = bytearray((path / "bad.parquet").read_bytes())
    # One byte of a value.
    whole[9000] ^= 1
    (path / "bad.parquet").write_bytes(bytes(whole))
    return "bad.parquet"


def _ragged(path):
    lines = GOOD.head(50).to_csv(index=False).splitlines()
    lines[20] += ",more,and more"
    (path / "bad.csv").write_text("\n".join(lines))
    return "bad.csv"


def _encoding(path):
    (path / "bad.csv").write_bytes("n,w\n1,Zürich\n2,Köln\n".encode("latin-1"))
    return "bad.csv"


def _empty(path):
    (path / "bad.csv").touch()
    return "bad.csv"


def _not_arrow(path):
    (path / "bad.feather").write_bytes(b"ARROW1" + bytes(100))
    return "bad.feather"


@pytest.mark.parametrize("make", [_truncated, _corrupt_page, _ragged, _encoding, _empty, _not_arrow])
def test_one_verdict(make, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = make(tmp_path)
    report = nbops.validate(tmp_path / name, GOOD)
    (finding,) = report.findings
    assert (finding.rule, finding.severity, report.passed) == ("unreadable", "error", False)
    assert name in finding.message
    assert "\n" not in finding.message
    GOOD.to_csv(tmp_path / "good.csv", index=False)
    assert main(["validate", name, "--against", "good.csv"]) == 1
    out, err = capsys.readouterr()
    assert "unreadable" in out
    assert "Traceback" not in out + err


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(NotFoundError):
        nbops.validate(tmp_path / "none.csv", GOOD)


def test_a_header_without_rows(tmp_path):
    (tmp_path / "head.csv").write_text("n,w\n")
    report = nbops.validate(tmp_path / "head.csv", GOOD)
    assert not report.passed
    assert "rows" in {finding.rule for finding in report.findings}
