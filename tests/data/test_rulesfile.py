"""Rules as files and as versions in the ledger."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.data.rules import ColumnRules, Relation, Rules, infer_rules
from nbops.data.rulesets import load_rules, rule_sets, save_rules
from nbops.data.rulesfile import read_rules, rules_of_toml, rules_toml
from nbops.errors import DataError, NotFoundError, UsageError
from nbops.workspace import find_workspace

_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_COLUMNS = st.builds(
    ColumnRules,
    name=_TEXTS,
    kind=st.sampled_from(["number", "category", "any"]),
    nulls=st.floats(0, 1),
    minimum=st.none() | _NUMBERS,
    whole=st.booleans(),
    categories=st.none() | st.lists(_TEXTS, max_size=3).map(tuple),
    longest=st.none() | st.integers(0, 99),
    warn=st.lists(st.sampled_from(["type", "nulls"]), unique=True).map(tuple),
)


@given(st.lists(_COLUMNS, max_size=3, unique_by=lambda column: column.name), st.integers(0, 5))
def test_rules_are_the_same_after_a_file(columns, rows):
    rules = Rules(tuple(columns), (Relation("a b", "<=", "<c>"), Relation("a", ">", 0.5)), rows, "error", 0.25)
    assert rules_of_toml(rules_toml(rules, "Two\nlines")) == rules
    assert Rules.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules


def test_a_file_that_is_wrong_says_where(tmp_path):
    (tmp_path / "bad.toml").write_text("[columns.age]\nkind = 'number'\nminium = 0\n")
    with pytest.raises(DataError, match=r"bad.toml: .*'age' has an unknown key 'minium'"):
        read_rules(tmp_path / "bad.toml")
    (tmp_path / "worse.toml").write_text("[columns")
    with pytest.raises(DataError, match="worse.toml cannot be read as TOML"):
        read_rules(tmp_path / "worse.toml")
    (tmp_path / "rules.json").write_bytes(b"\xff{")
    with pytest.raises(DataError, match="rules.json cannot be read"):
        read_rules(tmp_path / "rules.json")


def test_versions_are_kept_and_told(tmp_path):
    from nbops.ledger.audit import read_events

    place = find_workspace(tmp_path)
    first = infer_rules(pd.DataFrame({"n": [1.0, 2.0]}))
    second = infer_rules(pd.DataFrame({"n": [1.0, 9.0]}))
    assert save_rules(place, "churn", first).label == "churn@1"
    assert save_rules(place, "churn", first).label == "churn@1"
    assert save_rules(place, "churn", second, note="wider").label == "churn@2"
    assert load_rules(place, "churn").rules == second
    assert load_rules(place, "churn@1").rules == first
    assert [one.label for one in rule_sets(place, "churn")] == ["churn@2", "churn@1"]
    save_rules(place, "other", first)
    assert [one.label for one in rule_sets(place)] == ["churn@2", "other@1"]
    told = [event for event in read_events(place) if event.action == "rules-save"]
    assert [(event.detail["name"], event.detail["rules_version"], event.reason) for event in told] == [
        ("churn", 1, ""), ("churn", 2, "wider"), ("other", 1, "")
    ]  # fmt: skip


def test_names_that_cannot_be(tmp_path):
    place, rules = find_workspace(tmp_path), Rules(())
    with pytest.raises(UsageError):
        save_rules(place, "../x", rules)
    save_rules(place, "churn", rules)
    with pytest.raises(NotFoundError, match="Did you mean churn"):
        load_rules(place, "chrun")
    with pytest.raises(NotFoundError, match="churn@7"):
        load_rules(place, "churn@7")


@pytest.mark.parametrize("right", [1234567.0, 0.1 + 0.2, 1e22, -5.0, "inf", "NaN"])
def test_a_relation_is_read_as_it_was_written(right):
    relation = Relation("a", "<=", right)
    assert Relation.parse(str(relation)) == relation


def test_a_version_that_no_database_counts_to_is_none(tmp_path):
    with pytest.raises(UsageError, match="names no rules"):
        load_rules(find_workspace(tmp_path), "name@99999999999999999999")
