"""`nbops monitor` and `%monitor` say the same, for people and for machines."""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbops.cli import main
from nbops.errors import NbopsError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.magics.monitor import monitor as magic
from nbops.monitoring.monitors import incidents, monitor, monitor_runs, run_monitor, summaries


@pytest.fixture
def typed(shop, capsys, monkeypatch):
    """Type a command in the shop's folder; give its exit code and what it printed."""
    monkeypatch.chdir(shop.workspace.root)

    def run(*words: str) -> tuple[int, str]:
        code = main(["monitor", *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_a_monitor_from_its_declaration_to_its_removal(shop, typed):
    shop.fill(0, 1)
    facts = ["--source", "data.csv", "--time", "at", "--reference", "reference.csv", "--window", "1d"]
    code, said = typed("add", "shop", *facts, "--check", "drift", "--check", "volume rows>=100", "--cron", "0 6 * * *")
    assert code == 0
    assert "shop watches data.csv: drift, volume rows; next at" in said
    assert "nobody looks after monitors here now" in said
    code, said = typed("run", "shop", "--fail")
    assert code == 1
    assert "income" in said
    code, said = typed("list", "--json")
    (one,) = json.loads(said[: said.rindex("]") + 1])
    assert (one["state"], one["monitor"]["name"], len(one["series"])) == ("alert", "shop", 2)
    look, incident = one["last"]["id"], one["incidents"][0]["id"]
    assert "income" in typed("report", str(look))[1]
    code, said = typed("acknowledge", str(incident), "--reason", "we know")
    assert code == 0
    assert "we know" in said
    assert typed("acknowledge", str(incident))[0] == 1
    assert "we know" in typed("show", "shop")[1]
    assert typed("change", "shop", "--check", "drift columns=region")[0] == 0
    assert monitor(shop.workspace, "shop").cron == "0 6 * * *"
    assert typed("run", "shop", "--fail")[0] == 0
    assert "paused" in typed("pause", "shop")[1]
    assert "next at" in typed("resume", "shop")[1]
    assert typed("mute", "shop", "--for", "8h", "--reason", "migration")[0] == 0
    assert typed("mute", "shop", "--for", "8h")[0] == 1
    assert "migration" in typed("show", "shop")[1]
    assert typed("unmute", "shop")[0] == 0
    assert "alert" in typed("history")[1]
    assert "recovered" in typed("incidents")[1]
    assert typed("remove", "shop")[1] == "shop is removed.\n"
    assert summaries(shop.workspace) == ()
    assert "alert" in typed("history", "shop")[1]


def test_slips_are_named_with_what_was_meant(shop, typed):
    shop.fill(0)
    given = ["add", "shop", "--source", "data.csv", "--reference", "reference.csv"]
    for words, said in (
        (["--check", "dift"], "Did you mean 'drift'?"),
        (["--check", "drift alfa=0.1"], "Did you mean 'alpha'?"),
        (["--check", "volume row>=3"], "Did you mean 'rows'?"),
        (["--check", "volume rows<=3"], "the wrong way round"),
        (["--check", "volume rows>=3 warning=1"], "would alert before it warns"),
        (["--check", "drift", "--check", "drift alpha=0.1"], "Two checks are called 'drift'"),
        (["--check", "performance accuracy>=0.8"], "needs a model"),
        (["--check", "drift alpha=5"], "The check 'drift': alpha must be a number between 0 and 1, not 5"),
        (["--check", "drift alpha=often"], "alpha must be a number"),
        (["--check", "drift min_effect=1"], "min_effect must be a number from 0 to below 1, not 1"),
        (["--check", "drift thresholds=fixed"], "thresholds are 'calibrated', 'learned' or a table"),
        (["--check", "quality rules=none.toml"], "The check 'quality': 'none.toml' names no rules"),
        (["--check", "quality rules=churn@3"], "There are no rules churn@3"),
        (["--check", "quality rules=data.csv"], "The check 'quality': "),
        (["--window", "1 wek"], "Did you mean 'week'?"),
        (["--cron", "0 6 * *"], "has 4 fields instead of five"),
        (["--timezone", "Berlin"], "Did you mean Europe/Berlin?"),
        (["--route", "webhook:ops"], "Declare [webhooks.ops]"),
        (["--route", "pager"], "An alert cannot go to 'pager'"),
        (["--model", "churn"], "There is no registered model 'churn'"),
        (["--remind", "-1"], "remind_hours must be from 0"),
    ):
        code, out = typed(*given, *words)
        assert code != 0, words
        assert said in out, (words, out)
    assert typed("add", "shop", "--source", "data.csv")[0] == 1
    assert summaries(shop.workspace) == ()


@pytest.fixture
def shell():
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    yield made
    InteractiveShell.clear_instance()


def test_the_magic_shows_html_and_its_own_type(shop, shell, monkeypatch):
    shown = []
    monkeypatch.chdir(shop.workspace.root)
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    shop.fill(0, 1)
    shop.watch("my shop")
    magic('run "my shop"')
    magic("list")
    magic('show "my shop"')
    assert len(shown) == 3
    for data in shown:
        (summary,) = data["application/vnd.nbops.monitor.v1+json"]["summaries"]
        assert (summary["state"], summary["monitor"]["name"]) == ("alert", "my shop")
        assert "<svg" in data["text/html"]
        assert "my shop" in data["text/html"]
        assert "<script" not in data["text/html"]
        assert "my shop" in data["text/plain"]
    with pytest.raises(UsageError, match="Did you mean 'pause'"):
        magic("pausee x")


def test_the_template_lets_a_declared_monitor_look(shop, shell, monkeypatch):
    notebook = json.loads((Path(__file__).parents[3] / "templates/monitor.ipynb").read_text())
    monkeypatch.chdir(shop.workspace.root)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(shop.workspace.root))
    shop.fill(0, 1)
    shop.watch("my shop")
    told = []
    monkeypatch.setattr("nbops.summary", lambda *given: told.append(given))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"])).raise_error()
            if "parameters" in cell["metadata"].get("tags", ()):
                shell.user_ns["monitor"] = "my shop"
    shell.run_line_magic("unload_ext", "nbops")
    (look,) = monitor_runs(shop.workspace)
    assert look.state == "alert"
    assert shell.user_ns["drifted"] == ["income"]
    assert shell.user_ns["alarms"] == ["drift"]
    assert told[0][1] == look.sentence
    # The signal is the incident's: one.
    with open_ledger(shop.workspace).connect() as connection:
        assert len(connection.execute(tables.signals.select()).all()) == 1


def test_paths_start_in_the_folder_of_the_workspace_that_is_named(shop, typed, tmp_path_factory, monkeypatch):
    shop.fill(0)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    given = ["--source", "data.csv", "--reference", "./reference.csv", "-C", str(shop.workspace.root)]
    assert typed("add", "shop", *given)[0] == 0
    watched = monitor(shop.workspace, "shop")
    assert (watched.source, watched.reference) == ("data.csv", "reference.csv")
    (shop.workspace.root / "inner").mkdir()
    shutil.copy(shop.workspace.root / "data.csv", shop.workspace.root / "inner")
    changed = ["--source", "data.csv", "-C", str(shop.workspace.root / "inner")]
    assert typed("change", "shop", *changed)[0] == 0
    assert monitor(shop.workspace, "shop").source == "inner/data.csv"


_TO_COME = (
    ("2999-07-01", "UTC, which is still to come"),
    ("1e10", "cannot look as at 2286-11-20 17:46 UTC, which is still to come"),
    ("nan", "'nan' is no time"),
    ("inf", "'inf' is no time"),
    ("1e300", "'1e300' is no time"),
    ("soon", "'soon' is no time"),
)


def test_a_look_is_as_at_a_time_that_was(shop, typed, evening):
    shop.fill(1)
    shop.watch()
    for at, said in _TO_COME:
        code, told = typed("run", "shop", "--at", at)
        assert code == 1
        assert said in told
    for moment in (float("nan"), float("inf"), 1e300, 1e10):
        with pytest.raises(UsageError, match="which is still to come"):
            run_monitor(shop.workspace, "shop", moment)
    assert monitor_runs(shop.workspace) == ()
    # Incidents follow the next look all the same.
    assert typed("run", "shop", "--at", str(evening(1)))[0] == 0
    assert len(summaries(shop.workspace)[0].incidents) == 1


@pytest.fixture(params=["command", "magic"])
def door(request, shop, typed, capsys):
    """Type words at the command line or in a notebook; give the exit code, or 1 for an error, and what was said."""

    def run(*words: str) -> tuple[int, str]:
        if request.param == "command":
            return typed(*words)
        try:
            magic(shlex.join(words))
        except NbopsError as error:
            return 1, str(error)
        return 0, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {"window": "all", "time": "", "cron": "", "paused": False, "routes": ("lab",), "remind_hours": 24.0}),
        (["--time", "at"], {"time": "at", "window": "1d"}),
        (["--time", "at", "--window", "7d"], {"window": "7d"}),
        (["--cron", "0 6 * * *"], {"cron": "0 6 * * *", "timezone": "UTC"}),
        (["--cron", "0 6 * * *", "--timezone", "Asia/Tokyo"], {"timezone": "Asia/Tokyo"}),
        (["--cron", "0 6 * * *", "--paused"], {"paused": True, "next_at": None}),
        (["--route", "lab", "--route", "webhook:ops"], {"routes": ("lab", "webhook:ops")}),
        (["--remind", "0"], {"remind_hours": 0.0}),
        (["--remind", "1.5"], {"remind_hours": 1.5}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_an_option_of_add_does(door, shop, words, found):
    shop.fill(0)
    shop.settings('[webhooks.ops]\nurl = "https://example.org/hook"\nsecret_env = "OPS_KEY"\n')
    code, said = door("add", "shop", "--source", "data.csv", "--reference", "reference.csv", *words)
    assert code == 0, said
    watched = monitor(shop.workspace, "shop")
    assert {name: getattr(watched, name) for name in found} == found


def test_checks_one_after_the_other(door, shop):
    shop.fill(0)
    given = ["--source", "data.csv", "--reference", "reference.csv"]
    assert door("add", "shop", *given, "--check", "drift", "--check", "volume rows>=100 name=some")[0] == 0
    assert [check.name for check in monitor(shop.workspace, "shop").checks] == ["drift", "some"]
    for option, value in (("--remind", "often"), ("--remind", "nan"), ("--cron", "daily"), ("--timezone", "Mars")):
        assert door("change", "shop", option, value)[0] != 0, option


def test_what_other_actions_take(door, shop, evening):
    shop.fill(0, 1)
    shop.watch()
    assert door("run", "shop", "--at", str(evening(2)))[0] == 0
    assert door("mute", "shop", "--until", "2000-01-01", "--reason", "past")[0] == 1
    assert door("mute", "shop", "--for", "8h", "--until", "2999-01-01", "--reason", "both")[0] == 1
    until = datetime.now(UTC) + timedelta(days=3)
    assert door("mute", "shop", "--until", until.isoformat(), "--reason", "migration")[0] == 0
    assert monitor(shop.workspace, "shop").muted_until == pytest.approx(until.timestamp())
    assert door("remove", "shop")[0] == 0
    assert len(monitor_runs(shop.workspace)) == 1 and len(incidents(shop.workspace)) == 1
    shop.watch()
    assert door("remove", "shop", "--purge")[0] == 0
    assert monitor_runs(shop.workspace) == () and incidents(shop.workspace) == ()


def test_what_a_file_no_longer_declares_goes_only_if_that_is_wanted(door, shop):
    shop.fill(0)
    shop.settings('[monitors.shop]\nsource = "data.csv"\nreference = "reference.csv"\n')
    assert door("apply")[0] == 0
    shop.settings("")
    assert door("apply")[0] == 0
    assert len(summaries(shop.workspace)) == 1
    assert door("apply", "--prune")[0] == 0
    assert summaries(shop.workspace) == ()


def test_incidents_that_are_not_over(shop, typed, evening, shell, capsys, monkeypatch):
    shop.fill(1, 0, 1)
    shop.watch(remind_hours=0.0)
    for day in (1, 2, 3):
        run_monitor(shop.workspace, "shop", evening(day))
    everything, opened = (json.loads(typed("incidents", *words, "--json")[1]) for words in ([], ["--open"]))
    assert [one["state"] for one in everything] == ["open", "recovered"]
    assert [one["state"] for one in opened] == ["open"]
    monkeypatch.chdir(shop.workspace.root)
    magic("incidents")
    magic("incidents shop --open")
    assert capsys.readouterr().out.count("recovered") == 1
