"""``nbops schedule``, ``nbops scheduler --once`` and ``%schedule``."""

from __future__ import annotations

import json

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbops.cli import main
from nbops.scheduling import schedules
from nbops.scheduling.building import read_parameters


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.chdir(place.root)


@pytest.fixture
def command(capsys):
    """Run ``nbops schedule``; give its exit code, what it printed, and what it complained of."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["schedule", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def as_json(command, *words: str):
    code, out, err = command(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_the_life_of_a_schedule(command, place):
    nightly = ("nightly", "churn.toml", "--cron", "0 6 * * 1-5", "--timezone", "Europe/Berlin")
    added = as_json(command, "add", *nightly, "--missed", "all", "--cap", "3", "--alert", "lab")
    assert added["words"] == "At 06:00 on Monday through Friday, Europe/Berlin"
    assert (added["missed"], added["missed_cap"], added["alerts"]) == ("all", 3, ["lab"])
    assert len(as_json(command, "next", "nightly", "-n", "3")) == 3
    assert as_json(command, "pause", "nightly")["paused"]
    assert command("next", "nightly")[1] == "paused\n"
    assert not as_json(command, "resume", "nightly")["paused"]
    assert [one["name"] for one in as_json(command, "list")] == ["nightly"]
    assert as_json(command, "history", "nightly") == []
    assert "At 06:00 on Monday through Friday" in command("show", "nightly")[1]
    assert as_json(command, "remove", "nightly") == {"removed": "nightly"}
    assert command("list")[1].startswith("No schedules here.")


def test_paths_are_those_of_the_shell(command, place, monkeypatch):
    (place.root / "sub").mkdir()
    monkeypatch.chdir(place.root / "sub")
    added = as_json(command, "add", "fresh", "../churn.toml", "--on-data", "*.csv", "--rows", "10")
    assert (added["pipeline"], added["subject"], added["threshold"]) == ("churn.toml", "sub/*.csv", 10)
    assert as_json(command, "add", "any", "../churn.toml", "--on-data", "../data")["measure"] == "files"


def test_parameters_are_those_of_the_pipeline(command, place):
    book = nbformat.read(place.root / "stage.ipynb", as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell("day: str = ''\ndepth: int = 1", metadata={"tags": ["parameters"]}))
    nbformat.write(book, place.root / "stage.ipynb")
    given = ("--set", "day=2026-07-01", "--set", "only.depth=4")
    assert as_json(command, "add", "x", "churn.toml", "--manual", *given)["parameters"]["day"] == "2026-07-01"
    # What TOML takes for a date is text for a pipeline.
    assert read_parameters({"day": "2026-07-01", "only.depth": "4"}) == {"day": "2026-07-01", "only.depth": 4}
    assert "Did you mean 'depth'" in command("add", "y", "churn.toml", "--manual", "--set", "depht=4")[2]


def test_declared_ones_are_applied(command, place):
    with (place.root / "churn.toml").open("a") as file:
        file.write("[schedules.weekly]\ncron = '@weekly'\n")
    assert command("apply")[1] == "added: weekly\n"
    assert as_json(command, "apply")["unchanged"] == ["weekly"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "x", "churn.toml", "--cron", "0 25 * * *"), "its hour is '25'"),
        (("add", "x", "churn.toml", "--cron", "@daily", "--timezone", "Mars"), "There is no time zone 'Mars'"),
        (("add", "x", "chrun.toml", "--manual"), "Did you mean 'churn.toml'?"),
        (("add", "x", "churn.toml", "--manual", "--rows", "3"), "rows belongs to on_data"),
        (("add", "x", "churn.toml", "--manual", "--set", "depth"), "that is no NAME=VALUE"),
        (("add", "x/y", "churn.toml", "--manual"), "cannot name a schedule"),
        (("add", "x", "churn.toml", "--after", " "), "needs a subject"),
        (("pause", "nobody"), "There is no schedule 'nobody'"),
        (("next", "nobody"), "There is no schedule 'nobody'"),
        (("history", "-n", "0"), "-n must be at least 1"),
        (("apply", "none.toml"), "There is no file"),
    ],
)
def test_what_is_wrong_is_one_line(command, place, words, said):
    code, out, err = command(*words)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1
    assert schedules(place) == ()


def test_one_look_of_the_scheduler(command, capsys):
    assert main(["scheduler", "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"leads": False}
    as_json(command, "add", "nightly", "churn.toml", "--cron", "0 6 * * *")
    assert main(["scheduler", "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"leads": True}
    assert main(["scheduler", "--listen", "nowhere"]) == 1
    assert "HOST:PORT" in capsys.readouterr().err


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


def test_the_magic(shell, place, capsys):
    shell.user_ns["file"] = "churn.toml"
    cell = '%schedule add nightly {file} --cron "0 6 * * 1-5" --timezone Europe/Berlin --cap 2'
    assert shell.run_cell(cell).success
    (one,) = schedules(place)
    assert (one.cron, one.timezone, one.missed_cap) == ("0 6 * * 1-5", "Europe/Berlin", 2)
    for line, said in [
        ("%schedule", "nightly"),
        ("%schedule next nightly --n 2", "06:00"),
        ("%schedule history", "Nothing has come due yet."),
        ("%schedule pause nightly", "paused"),
        ("%schedule show nightly", "At 06:00"),
        ("%schedule resume nightly", "nightly"),
        ("%schedule apply", "No schedules are declared."),
        ("%schedule remove nightly", "nightly is removed."),
    ]:
        capsys.readouterr()
        assert shell.run_cell(line).success, line
        assert said in capsys.readouterr().out, line
    for line, said in [
        ("%schedule pose x", "Did you mean 'pause'"),
        ("%schedule pause", "takes one name"),
        ("%schedule add x churn.toml --rows many --on-data d", "whole number"),
    ]:
        result = shell.run_cell(line)
        assert said in str(result.error_in_exec)
