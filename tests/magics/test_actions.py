"""Line magics by action: which there are, how many words each takes, and numbers."""

from __future__ import annotations

import pytest

from nbops.errors import NotFoundError, UsageError
from nbops.magics.monitor import monitor
from nbops.magics.retrain import retrain
from nbops.magics.schedule import schedule


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    (tmp_path / "nbops.toml").write_text("courier = false\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("magic", "line", "said"),
    [
        (monitor, "mutt x", r"%monitor has no action 'mutt'. Did you mean 'mute'\?"),
        (monitor, "pause", "%monitor pause takes one name. Put a name with blanks in quotes."),
        (monitor, "history a b", "%monitor history takes one name at most."),
        (monitor, "list a", "%monitor list takes nothing more."),
        (monitor, "report x", "must be a whole number from 1 on, not 'x'"),
        (schedule, "fly", "%schedule has no action 'fly'. See %schedule -h."),
        (schedule, "add a", "%schedule add takes a name and a file."),
        (retrain, "now", "%retrain now takes one name."),
        (retrain, "apply churn", "%retrain apply takes nothing more."),
        (retrain, "show " + "9" * 5000, "must be a whole number from 1 on"),
        (retrain, "set churn --pipeline p.toml --volume many", "--volume must be a whole number from 1 on, not 'many'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(magic, line, said):
    with pytest.raises(UsageError, match=said.replace("9" * 5000, "")):
        magic(line)


@pytest.mark.parametrize(
    ("magic", "line"),
    [(monitor, "report 9007199254740992"), (monitor, "acknowledge 9007199254740992 --reason x"), (retrain, "show 99")],
)
def test_a_number_that_nothing_has_is_not_found(magic, line):
    with pytest.raises(NotFoundError):
        magic(line)


def test_without_an_action_it_lists(capsys):
    for magic in (monitor, schedule, retrain):
        magic("")
    said = capsys.readouterr().out
    assert "Nothing has been decided about retraining." in said
    retrain("policies")
    assert "No model has a policy of retraining." in capsys.readouterr().out
    retrain("apply")
    assert "nbops.toml declares no retraining." in capsys.readouterr().out
