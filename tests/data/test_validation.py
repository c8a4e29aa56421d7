"""Rules inferred from good data find the dirt of real data."""

import json

import numpy as np
import pandas as pd
import pytest

from nbops.data.validation import Rules, infer_rules, validate
from nbops.errors import DataError


def _found(report, rule):
    return {finding.column for finding in report.findings if finding.rule == rule}


def test_data_pass_their_own_rules():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"n": random.normal(size=300), "w": random.choice(["a", "b"], 300), "id": [f"c{i}" for i in range(300)]}
    )
    report = validate(frame, infer_rules(frame))
    assert report.passed
    assert report.findings == ()
    assert "nothing to object to" in str(report)


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda f: f.drop(columns="n"), "column"),
        (lambda f: f.assign(n=[None] * 200 + list(f["n"][200:])), "nulls"),
        (lambda f: f.assign(n=["word"] * len(f)), "type"),
        (lambda f: f.assign(n=f["n"] - 1000), "minimum"),
        (lambda f: f.assign(n=f["n"] + 1000), "maximum"),
        (lambda f: f.assign(w=["new"] + list(f["w"][1:])), "categories"),
        (lambda f: f.assign(id=["c1"] + list(f["id"][1:])), "unique"),
        (lambda f: f.iloc[:0], "rows"),
    ],
)
def test_each_rule_is_an_error_when_broken(edit, rule):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"n": random.normal(size=300), "w": random.choice(["a", "b"], 300), "id": [f"c{i}" for i in range(300)]}
    )
    report = validate(edit(frame), infer_rules(frame))
    assert not report.passed
    assert rule in {finding.rule for finding in report.findings if finding.severity == "error"}


def test_rules_survive_json_and_hand_edits():
    rules = infer_rules(pd.DataFrame({"n": [1.0, 2.0], "w": ["a", "b"]}))
    data = json.loads(json.dumps(rules.to_dict()))
    assert Rules.from_dict(data) == rules
    data["columns"][0]["maximum"] = 1.5
    assert _found(validate(pd.DataFrame({"n": [1.0, 2.0], "w": ["a", "b"]}), Rules.from_dict(data)), "maximum") == {"n"}
    with pytest.raises(DataError, match="no rules"):
        Rules.from_dict({"columns": [{"nome": "n"}]})


def test_blank_strings_in_a_column_of_numbers(shared_data):
    frame = pd.read_csv(shared_data("telco_churn.csv"))
    report = validate(frame, infer_rules(frame))
    assert _found(report, "blank") == {"TotalCharges"}
    assert _found(report, "text numbers") == {"TotalCharges"}


def test_a_number_that_means_missing(shared_data):
    frame = pd.read_csv(shared_data("credit_scoring.csv"))
    report = validate(frame, infer_rules(frame))
    assert _found(report, "sentinel") == {"Income", "Assets", "Debt"}
    rows = {finding.column: finding.rows for finding in report.findings if finding.rule == "sentinel"}
    assert rows == {"Income": 34, "Assets": 47, "Debt": 18}


def test_a_day_without_one_value(shared_data):
    frame = pd.read_csv(shared_data("beijing_pm25.csv"))
    report = validate(frame.iloc[:24], infer_rules(frame.iloc[24:]))
    assert not report.passed
    assert "pm2.5" in _found(report, "empty") & _found(report, "nulls")


def test_months_that_lost_values(shared_data):
    before, after = (pd.read_csv(shared_data(f"nyc_taxi/yellow_{month}.csv")) for month in ("2019-06", "2020-04"))
    report = validate(after, infer_rules(before))
    assert {"vendor_id", "passenger_count", "payment_type"} <= _found(report, "nulls")


def _numbers():
    return pd.DataFrame(
        {"n": range(300), "few": [1, 2, 3] * 100, "w": ["a", "b", "c"] * 100, "yes": [True, False] * 150}
    )


@pytest.mark.parametrize(
    ("column", "edit"),
    [
        ("n", lambda values: values.astype(str)),
        ("few", lambda values: values.astype(str)),
        ("n", lambda values: [f"free text {i}" for i in range(300)]),
        ("n", lambda values: ["unknown", *map(str, values[1:])]),
        ("w", lambda values: [f"free text {i}" for i in range(300)]),
    ],
)
def test_what_turned_into_text_is_an_error(column, edit):
    good = _numbers().assign(n=lambda f: f["n"] * 1.5)
    report = validate(good.assign(**{column: edit(good[column])}), infer_rules(good))
    assert _found(report, "type") | _found(report, "categories") == {column}
    assert not report.passed


@pytest.mark.parametrize("column", ["n", "few", "yes"])
@pytest.mark.parametrize("blank", ["", " "])
def test_one_blank_cell_of_a_csv_is_missing_and_no_other_type(tmp_path, column, blank):
    rules = infer_rules(_numbers())
    dirty = _numbers().astype({column: object})
    dirty.loc[7, column] = blank
    dirty.to_csv(tmp_path / "dirty.csv", index=False)
    report = validate(pd.read_csv(tmp_path / "dirty.csv"), rules)
    assert {finding.rule for finding in report.findings} <= {"nulls", "blank", "text numbers"}
    assert {finding.rule for finding in report.findings if finding.severity == "error"} == {"nulls"}


def test_numbers_that_were_text_before_may_stay_so():
    good = pd.DataFrame({"n": [*map(str, np.arange(200) / 4), *[" "] * 4]})
    rules = Rules.from_dict(json.loads(json.dumps(infer_rules(good).to_dict())))
    assert validate(good, rules).passed
    assert validate(good.assign(n=[str(v / 3) for v in range(204)]), rules).findings == ()
