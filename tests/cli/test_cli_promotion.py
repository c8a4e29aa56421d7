"""`nbops promote` and its family: what is printed, as text and as JSON, and the exit codes."""

import json

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.ledger import open_ledger, tables
from nbops.registry import register
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A workspace with three versions of ``churn``."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    for number in (1, 2, 3):
        with nbops.track(f"run-{number}") as run:
            run.metric("auc", 0.9 + number / 100)
            run.model(LogisticRegression(C=number).fit([[0.0], [1.0]], [0, 1]), "model")
        register("churn", run_id=run.run_id)
    return find_workspace()


@pytest.fixture
def call(place, capsys):
    """Call the command line; give exit code, what it printed (JSON read) and what went to stderr."""

    def run(*words):
        code = main([*words])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words and out else out, err

    return run


def test_promote_exits_0_for_the_winner_and_3_with_the_holder_for_the_others(call):
    code, told, _ = call("promote", "churn", "1", "--alias", "champion", "--expect", "none", "--json")
    assert (code, told["promoted"], told["holder"], told["target"]) == (0, True, 1, "champion")
    code, told, err = call("promote", "churn", "2", "--alias", "champion", "--expect", "none", "--json")
    assert (code, told["promoted"], told["holder"], told["expected"]) == (3, False, 1, None)
    assert err.startswith("nbops: champion of churn is not held by nobody")
    code, told, _ = call("promote", "churn", "2", "--alias", "champion", "--expect", "v1", "--json")
    assert (code, told["holder"], told["previous"]) == (0, 2, 1)
    assert call("promote", "churn", "3", "--alias", "champion", "--expect", "1")[0] == 3


def test_promote_says_what_it_did(call):
    code, out, _ = call("promote", "churn", "1", "--reason", "first")
    assert code == 0 and "churn version 1 now holds Production (held by nobody before" in out
    assert "nothing was changed" in call("promote", "churn", "1")[1]
    code, out, _ = call("promote", "churn", "2", "--dry-run")
    assert code == 0 and "would go to Production" in out
    assert call("history", "churn", "--json")[1][-1]["version"] == 1


def test_what_stands_against_it_exits_4(call, place):
    (place.root / "nbops.toml").write_text("[policy.stages.Production]\napprovals = 1\n")
    code, told, err = call("promote", "churn", "1", "--json")
    assert (code, told["promoted"], told["kinds"]) == (4, False, ["approvals"])
    assert "0 of 1 approvals" in err and "nbops request churn 1" in err
    code, out, _ = call("promote", "churn", "1", "--dry-run")
    assert code == 4 and "would not go to Production" in out


def test_request_approve_reject(call, place):
    (place.root / "nbops.toml").write_text("[policy.stages.Production]\napprovals = 1\n")
    code, asked, _ = call("request", "churn", "2", "--comment", "AUC up", "--json")
    assert code == 0 and asked["status"] == "open"
    assert asked["id"] in call("requests")[1]
    assert call("requests", "--json")[1][0]["comment"] == "AUC up"
    code, out, _ = call("approve", "churn", "2", "--comment", "checked")
    assert code == 0 and "self-approved" in out
    assert call("promote", "churn", "2")[0] == 0
    assert "Nothing waits" in call("requests")[1]
    code, told, _ = call("reject", "churn", "3", "--reason", "slow", "--json")
    assert (code, told["verdict"]) == (0, "reject")
    assert call("approve", "churn", "2", "--digest", "0" * 64)[0] == 1


def test_rollback_archive_vacate(call):
    call("promote", "churn", "1")
    call("promote", "churn", "2")
    code, told, _ = call("rollback", "churn", "--reason", "complaints", "--json")
    assert (code, told["version"], told["previous"], told["kind"]) == (0, 1, 2, "rollback")
    assert call("rollback", "churn")[0] == 2
    assert call("archive", "churn", "1")[0] == 1
    assert call("archive", "churn", "3", "--reason", "unused", "--json")[1]["lifecycle_stage"] == "Archived"
    assert call("vacate", "churn", "--alias", "champion", "--reason", "pause", "--json")[1] == {"previous": 1}


def test_versions_and_history(call):
    call("promote", "churn", "2", "--reason", "best")
    code, told, _ = call("versions", "churn", "--json")
    assert code == 0 and [(v["version"], v["lifecycle_stage"]) for v in told] == [
        (3, "None"),
        (2, "Production"),
        (1, "None"),
    ]
    assert "Production" in call("versions", "churn")[1]
    assert "best" in call("history", "churn", "--target", "Production")[1]
    assert call("history", "churn", "--at", "2001-01-01", "--json")[1] == []
    code, _, err = call("history", "churn", "--at", "yesterday")
    assert code == 1 and "write a date" in err


def test_audit(call, place):
    call("promote", "churn", "1")
    code, verdict, _ = call("audit", "verify", "--json")
    assert code == 0 and verdict["ok"] and verdict["events"] == 4
    head = call("audit", "head")[1].strip()
    assert call("audit", "verify", "--head", head)[0] == 0
    assert call("audit", "verify", "--head", "nonsense")[0] == 1
    assert [e["action"] for e in call("audit", "log", "--json")[1]] == ["register"] * 3 + ["promote"]
    assert "promote" in call("audit", "log", "--limit", "1")[1]
    ledger = open_ledger(place)
    with ledger.begin() as connection:
        connection.execute(tables.model_aliases.update().values(version=3))
    code, verdict, _ = call("audit", "verify", "--json")
    assert code == 1 and not verdict["ok"]
    code, out, _ = call("audit", "verify")
    assert code == 1 and "does NOT hold" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["promote", "chrun", "1"], 1, "Did you mean 'churn'"),
        (["promote", "churn", "9"], 1, "has no version 9"),
        (["promote", "churn", "1", "--expect", "x"], 1, "give a version's number, or none"),
        (["promote", "churn", "1", "--alias", "a b"], 1, "cannot be an alias"),
        (["promote", "churn", "1", "--target", "Archived"], 1, "nbops archive"),
        (["promote", "churn"], 2, "required"),
        (["promote", "churn", "1", "--stage", "Prod"], 2, "invalid choice"),
        (["rollback", "churn", "--reason", "x"], 1, "Nobody held Production"),
        (["approve", "churn", "1", "--pickle"], 1, "reason"),
        (["audit"], 2, "required"),
        (["audit", "log", "--limit", "0"], 1, "--limit"),
    ],
)
def test_errors_are_one_line_with_what_to_do(call, words, code, said):
    found, out, err = call(*words)
    assert found == code and said in err and "Traceback" not in err and out == ""
