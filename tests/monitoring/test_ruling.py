"""Rules checked beside drift: the data quality of a report."""

import json

import numpy as np
import pandas as pd
import pytest

import nbops
from nbops.cli import main
from nbops.data.profile import profile_frame
from nbops.data.rules import ColumnRules, Rules, infer_rules
from nbops.data.rulesets import save_rules
from nbops.errors import NotFoundError, UsageError
from nbops.monitoring.drift import drift
from nbops.workspace import find_workspace


def _frame(seed=0, rows=400):
    drawn = np.random.default_rng(seed)
    return pd.DataFrame({"age": drawn.integers(18, 80, rows), "plan": drawn.choice(["basic", "pro"], rows)})


@pytest.fixture
def broken():
    frame = _frame(1)
    frame.loc[:4, "age"] = -7
    frame.loc[10:12, "plan"] = "<b>gold</b>"
    return frame


def test_the_rules_of_the_reference_are_a_part_of_the_report(broken, tmp_path):
    report = nbops.drift(_frame(), broken, rules=True)
    found = {finding["column"]: finding for finding in report.quality["findings"]}
    assert not report.quality["passed"] and report.quality["against"] == "the reference"
    assert (found["age"]["rule"], found["age"]["rows"], found["age"]["examples"]) == ("minimum", 5, ["-7"])
    assert found["plan"]["rows"] == 3
    assert "The data (400 rows) do not meet the rules of the reference: 2 errors" in report.sentence
    for page in (report._repr_html_(), report.to_html(tmp_path / "a.html").read_text()):
        assert "Data quality" in page and "&lt;b&gt;gold" in page and "<b>gold" not in page
        assert "✕ error" in page and ">5</td>" in page
    text = str(report)
    assert "Data quality: The data (400 rows) do not meet the rules of the reference" in text and "-7" in text
    assert json.loads(report.to_json(tmp_path / "a.json").read_text())["quality"]["findings"]


def test_rules_come_from_wherever_validate_takes_them(broken, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    save_rules(find_workspace(), "adults", infer_rules(_frame()))
    own = Rules((ColumnRules(name="age", kind="number", minimum=0.0),), extra="allow")
    assert nbops.drift(_frame(), broken, rules="adults").quality["against"] == "adults@1"
    assert [f["column"] for f in nbops.drift(_frame(), broken, rules=own).quality["findings"]] == ["age"]
    assert nbops.drift(profile_frame(_frame()), broken, rules="reference").quality["against"] == "the reference"
    assert nbops.drift(_frame(), _frame(2), rules=True).quality["passed"]
    assert nbops.drift(_frame(), broken).quality == {}
    with pytest.raises(NotFoundError, match="children"):
        nbops.drift(_frame(), broken, rules="children")
    for name, frame in (("a", _frame()), ("b", broken)):
        frame.to_parquet(f"{name}.parquet")
    assert main(["drift", "a.parquet", "b.parquet", "--rules", "--fail"]) == 1
    assert "Data quality" in capsys.readouterr().out
    assert main(["drift", "a.parquet", "b.parquet", "--fail"]) == 0


def test_columns_that_are_left_out_break_no_rule(broken):
    report = drift(_frame(), broken.assign(new=1), columns=["plan"], rules=True)
    assert [finding["column"] for finding in report.quality["findings"]] == ["plan"]


def test_a_profile_has_no_rows_to_check():
    profile = profile_frame(_frame())
    with pytest.raises(UsageError, match="no rows to check"):
        drift(profile, profile_frame(_frame(1), profile), rules=True)


def test_secrets_among_the_examples_are_replaced():
    key = "sk-" + "a1b2c3d4e5" * 3
    frame = _frame(1).assign(plan=[key] * 3 + ["basic"] * 397)
    report = nbops.drift(_frame(), frame, rules=True)
    assert report.quality["findings"] and key not in json.dumps(report.quality)
