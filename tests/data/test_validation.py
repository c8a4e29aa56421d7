"""Rules inferred from good data find the dirt of real data."""

import json

import numpy as np
import pandas as pd
import pytest

from nbops.data.validation import ColumnRules, Rules, infer_rules, validate
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
    ("seen", "limits"),
    [
        ([-0.3, 0.3], (-0.9, 0.9)),
        ([-41.9, 300.8, 0.1], (-384.6, 643.5)),
        ([12345678901234567.0] * 2, (12345678901234567.0,) * 2),
    ],
)
def test_limits_are_numbers_that_a_person_would_write(seen, limits):
    (rule,) = infer_rules(pd.DataFrame({"n": seen})).columns
    assert (rule.minimum, rule.maximum) == limits


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


def _one(report, rule):
    (finding,) = (finding for finding in report.findings if finding.rule == rule)
    return finding


def test_a_finding_says_column_rule_rows_and_examples():
    good = pd.DataFrame({"n": np.arange(100) / 3, "end": np.arange(100) / 3 + 1, "code": [f"c{i}" for i in range(100)]})
    edited = infer_rules(good).to_dict() | {"relations": ["n <= end"], "duplicates": 0.0, "rows": 50}
    edited["columns"][0] |= {"whole": True, "warn": ["whole"]}
    edited["columns"][2] |= {"pattern": r"c\d+", "longest": 2}
    rules = Rules.from_dict(json.loads(json.dumps(edited)))
    bad = pd.concat([good, good.head(3)]).assign(n=lambda f: f["n"].mask(f["code"] == "c5", 1e9))
    report = validate(bad, rules, against="train.csv")
    assert (_one(report, "maximum").rows, _one(report, "maximum").examples) == (1, ("1e+09",))
    assert (_one(report, "unique").rows, _one(report, "unique").examples) == (3, ("'c0'", "'c1'", "'c2'"))
    assert (_one(report, "n <= end").rows, _one(report, "n <= end").examples) == (1, ("row 5",))
    assert _one(report, "duplicates").rows == 3
    assert _one(report, "length").rows == 90
    assert (_one(report, "whole").rows, _one(report, "whole").severity) == (67, "warning")
    assert report.sentence == "The data (103 rows) do not meet the rules of train.csv: 5 errors, 1 warning."
    assert {finding.rule for finding in validate(good.head(20), rules).findings} >= {"rows"}


def test_relations_leave_rows_out_that_have_no_value():
    rules = Rules.from_dict(
        {"columns": [{"name": n, "kind": "number"} for n in "ab"], "relations": ["a < b", "a >= 0"]}
    )
    report = validate(pd.DataFrame({"a": [1.0, None, 5.0], "b": [2.0, 1.0, 4.0]}), rules)
    assert {finding.rule: finding.rows for finding in report.findings} == {"a < b": 1}
    gone = validate(pd.DataFrame({"a": [1.0]}), rules)
    assert {finding.message for finding in gone.errors} == {"is missing", "is missing, and a < b needs it"}


@pytest.mark.parametrize(
    "again",
    [
        lambda f: f.assign(few=f["few"].astype(float)),
        lambda f: f.assign(few=f["few"].astype("Int64")),
        lambda f: f.assign(yes=f["yes"].astype(object)),
        lambda f: f.assign(w=f["w"].astype("category")),
        lambda f: f.convert_dtypes(),
    ],
)
def test_the_same_values_of_another_type_meet_the_rules(again):
    good = _numbers()
    assert validate(again(good), infer_rules(good)).errors == ()


def test_a_schema_of_pandera_is_taken_as_it_is(capsys):
    import pandera.pandas as pa

    frame = pd.DataFrame({"n": [1.0, 20.0, 30.0], "end": [2.0, 10.0, 40.0]})
    wanted = {"n": pa.Column(float, pa.Check.lt(15)), "gone": pa.Column(int), "end": pa.Column(int)}
    schema = pa.DataFrameSchema(wanted, checks=pa.Check(lambda f: f["n"] < f["end"], name="n before end"))
    report = validate(frame, schema)
    assert {(f.column, f.rule, f.rows) for f in report.errors} >= {
        ("n", "less_than(15)", 2),
        ("", "n before end", 1),
        ("gone", "column", 0),
    }
    assert any(f.column == "end" and "int64" in f.message for f in report.errors)

    class Model(pa.DataFrameModel):
        n: float = pa.Field(gt=5)

    assert _one(validate(frame, Model), "greater_than(5)").rows == 1
    assert capsys.readouterr() == ("", "")


def test_names_and_values_that_mean_harm_stay_text():
    from nbops.views.validation import validation_html

    name = "<script>alert(1)</script>\u202e\x1b[31m"
    frame = pd.DataFrame({name: ["<b>x</b>"] * 60 + ["y"] * 60, 7: range(120)})
    rules = Rules.from_dict(
        {"columns": [{"name": name, "kind": "category", "categories": ["y"]}, {"name": "7", "kind": "any"}]}
    )
    report = validate(frame, rules)
    assert _one(report, "categories").rows == 60
    shown = validation_html(report.to_dict())
    assert "<script>alert" not in shown
    assert "<b>x</b>" not in shown


@pytest.mark.parametrize("index", [[5] * 4, list("abca"), pd.MultiIndex.from_tuples([(0, 1)] * 4)])
def test_an_index_that_is_not_unique_does_not_matter(index):
    frame = pd.DataFrame({"n": [1.0, 2.0, 300.0, 4.0], "w": ["a", "a", "z", "a"]}, index=index)
    rules = infer_rules(pd.DataFrame({"n": [1.0, 9.0], "w": ["a", "a"]}))
    assert {finding.rule: finding.rows for finding in validate(frame, rules).errors} == {"maximum": 1, "categories": 1}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"columns": [{"name": "a", "kind": "nmber"}]}, "cannot be of kind 'nmber'"),
        ({"columns": [{"name": "a", "kind": "number", "nulls": 2}]}, "nulls of column 'a'"),
        ({"columns": [{"name": "a", "kind": "number", "minimum": "x"}]}, "minimum of column 'a'"),
        ({"columns": [{"name": "a", "kind": "text", "pattern": "("}]}, "pattern of column 'a'"),
        ({"columns": [{"name": "a", "kind": "any"}] * 2}, "comes twice"),
        ({"columns": [{"name": "a", "kind": "any", "warn": ["x"]}]}, "cannot warn of 'x'"),
        ({"columns": [{"name": "a", "kind": "category", "categories": "abc"}]}, "must be a list"),
        ({"columns": [], "relations": ["a"]}, "compares nothing"),
        ({"columns": [], "extra": "no"}, "extra must be"),
        ({"columns": [], "rules": 1}, "unknown key 'rules'"),
        ({"columns": {}}, "no list of columns"),
    ],
)
def test_what_is_wrong_in_edited_rules_is_named(edit, said):
    with pytest.raises(DataError, match="no rules|compares nothing") as raised:
        Rules.from_dict(edit)
    assert said in str(raised.value)


def test_numbers_of_a_list_are_numbers():
    rules = Rules((ColumnRules(name="n", kind="number", categories=("1", "2")),))
    assert validate(pd.DataFrame({"n": [1.0, 2.0]}), rules).passed
    assert _found(validate(pd.DataFrame({"n": [1.0, 3.0]}), rules), "categories") == {"n"}


@pytest.mark.parametrize(
    "rule", [ColumnRules(name="c", kind="category", minimum=1.0), ColumnRules(name="n", kind="number", pattern="x")]
)
def test_a_rule_that_does_not_fit_a_column_says_so_without_a_traceback(rule):
    (finding,) = validate(pd.DataFrame({"c": ["x", "y"], "n": [1.0, 2.5]}), Rules((rule,), extra="allow")).findings
    assert "cannot be checked of a column of kind" in finding.message
    assert "Traceback" not in finding.message and "site-packages" not in finding.message
