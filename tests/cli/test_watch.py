"""``nbops watch``: every event once, in order, as it happens, for scripts."""

import json
import subprocess
import sys

import pytest

from nbops.cli import main
from nbops.ledger.audit import audited, head, read_events
from nbops.records import Identity
from nbops.workspace import find_workspace

_ADA = Identity(name="ada")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path, monkeypatch):
    lines = ["courier = false"]
    if request.param == "postgresql":
        lines.append(f'ledger_uri = "{request.getfixturevalue("postgres_url")}"')
    (tmp_path / "nbops.toml").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    return find_workspace(tmp_path)


def _happen(place, action, model="churn", version=None, reason=""):
    with audited(place, _ADA, action, model=model, version=version, reason=reason) as change:
        pass
    return change.head[0]


def _lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_there_is_printed_once_in_order(place, capsys):
    for action, model in (("register", "churn"), ("promote", "churn"), ("register", "fraud"), ("promote", "fraud")):
        _happen(place, action, model, 1)
    assert main(["watch", "--once", "--json"]) == 0
    seen = _lines(capsys)
    assert [(e["seq"], e["action"], e["model"]) for e in seen] == [
        (1, "register", "churn"), (2, "promote", "churn"), (3, "register", "fraud"), (4, "promote", "fraud"),
    ]  # fmt: skip
    assert seen[1]["actor"] == "ada" and seen[1]["mac"] == read_events(place)[1].mac
    assert main(["watch", "--once", "--json", "--since", "2"]) == 0
    assert [e["seq"] for e in _lines(capsys)] == [3, 4]
    assert main(["watch", "--once", "--json", "--model", "churn", "--action", "promote", "--action", "archive"]) == 0
    assert [e["seq"] for e in _lines(capsys)] == [2]


def test_more_events_than_are_read_at_once(place, capsys, monkeypatch):
    from nbops.ledger import audit

    for _ in range(7):
        _happen(place, "register")
    real = audit.read_events
    monkeypatch.setattr(audit, "read_events", lambda *a, **options: real(*a, **{**options, "limit": 3}))
    assert main(["watch", "--once", "--json"]) == 0
    assert [e["seq"] for e in _lines(capsys)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_line_for_people_stays_one_line(place, capsys):
    _happen(place, "promote", version=3, reason="better\nby far")
    assert main(["watch", "--once"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert shown.startswith("#1 ") and "ada  promote  churn v3  better by far" in shown


def test_events_are_printed_as_they_happen(place):
    _happen(place, "register")
    watching = subprocess.Popen(
        [sys.executable, "-m", "nbops.cli", "watch", "--json", "--count", "3", "--since", str(head(place)[0] - 1)],
        cwd=place.root, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        # Reading a line waits for it: it must come before the next event is made, through a pipe.
        assert json.loads(watching.stdout.readline())["action"] == "register"
        for action in ("promote", "rollback"):
            seq = _happen(place, action)
            found = json.loads(watching.stdout.readline())
            assert (found["seq"], found["action"]) == (seq, action)
        assert watching.wait(30) == 0
    finally:
        watching.kill()


def test_only_new_ones_by_default_and_an_end_when_none_comes(place, capsys):
    _happen(place, "register")
    assert main(["watch", "--timeout", "0", "--json"]) == 3
    assert _lines(capsys) == []


@pytest.mark.parametrize("words", [["--since", "-1"], ["--count", "0"]])
def test_calls_that_make_no_sense(place, capsys, words):
    assert main(["watch", *words]) == 1
    assert "--" in capsys.readouterr().err
