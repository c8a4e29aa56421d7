"""The command line: what the documentation promises, in JSON and in one-line errors."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nbops.cli import _FAMILIES, main

_DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
_TRAIN = """
import nbops
from sklearn.linear_model import LogisticRegression

with nbops.track("first", params={"C": 2.0}) as run:
    model = LogisticRegression(C=2.0).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    run.metric("accuracy", 1.0)
    run.model(model, "model")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with one run that has a model."""
    root = tmp_path_factory.mktemp("cli")
    (root / "nbops.toml").write_text('experiment = "cli"\ncourier = false\n')
    (root / "train.py").write_text(_TRAIN)
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("NBOPS_", "MLFLOW_"))}
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=root, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("NBOPS_", "MLFLOW_"))]:
        monkeypatch.delenv(name)


def _json(capsys, *words):
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", _FAMILIES)
def test_every_command_is_documented_and_has_help(command, capsys):
    assert f"`nbops {command}" in _DOCUMENT.read_text(encoding="utf-8")
    assert main([command, "-h"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: nbops {command}")
    assert "--json" in shown or command in {"pipeline", "audit", "schedule", "monitor", "retrain"}


def test_every_documented_command_exists():
    named = set(re.findall(r"^\| `nbops (\w+)", _DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == set(_FAMILIES)


def test_runs_models_and_register(place, capsys):
    code, page = _json(capsys, "runs", "-C", str(place))
    assert (code, page["total"], page["runs"][0]["name"]) == (0, 1, "first")
    assert page["runs"][0]["metrics"] == {"accuracy": 1.0}
    assert _json(capsys, "models", "-C", str(place)) == (0, [])
    code, version = _json(capsys, "register", "digits", "-C", str(place), "--alias", "champion")
    assert (code, version["model"], version["version"], version["aliases"]) == (0, "digits", 1, ["champion"])
    code, models = _json(capsys, "models", "-C", str(place))
    assert [m["name"] for m in models] == ["digits"]
    assert models[0]["versions"][0]["run_id"] == page["runs"][0]["run_id"]
    code, status = _json(capsys, "status", "-C", str(place))
    assert (status["runs"], status["models"], status["workspace"]) == (1, 1, str(place))
    assert status["settings"]["experiment"] == {"value": "cli", "source": "nbops.toml"}


def test_text_for_people(place, capsys):
    for words in (["runs"], ["show"], ["models"], ["status"], ["compare", "first", "first"]):
        assert main([*words, "-C", str(place)]) == 0
    shown = capsys.readouterr().out
    assert "● first" in shown
    assert "accuracy 1" in shown
    assert "nothing differs" in shown


def test_queries(place, capsys):
    assert _json(capsys, "runs", "accuracy", ">", "0.5", "-C", str(place))[1]["total"] == 1
    assert _json(capsys, "runs", "accuracy > 1.5", "-C", str(place))[1]["total"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "nobody"], "nobody"),
        (["register", "a/b"], "cannot name a registered model"),
        (["register", "digits", "--run", "firts"], "firts"),
        (["register", "digits", "--model", "other"], "has no model 'other'"),
        (["register", "digits", "--alias", "latest"], "cannot be an alias"),
        (["models", "digitz"], "no registered model"),
        (["runs", "--sort", "nonsense"], "nonsense"),
    ],
)
def test_errors_are_one_line_and_exit_code_1(place, capsys, words, said):
    assert main([*words, "-C", str(place)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("nbops: ")
    assert len(shown.err.strip().splitlines()) == 1
    assert said in shown.err


def test_wrong_calls_have_exit_code_2(capsys):
    assert main([]) == 2
    assert main(["nonsense"]) == 2
    assert main(["register"]) == 2
    assert main(["status", "-C", "/nowhere/at/all"]) == 1
    capsys.readouterr()


def test_doctor_finds_nothing_wrong_with_ledger_and_outbox(place, capsys):
    _, checks = _json(capsys, "doctor", "-C", str(place))
    states = {check["part"]: check["state"] for check in checks}
    assert {
        "workspace", "outbox", "ledger", "courier", "mlflow", "registry", "webhooks", "mlruns", "extension", "server",
    } == set(states)  # fmt: skip
    assert (states["workspace"], states["outbox"], states["ledger"]) == ("good", "good", "good")


def test_doctor_finds_an_old_file_store_and_a_broken_ledger(tmp_path, capsys):
    (tmp_path / "nbops.toml").touch()
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    (tmp_path / ".nbops").mkdir()
    (tmp_path / ".nbops" / "ledger.db").write_bytes(b"this is no database" * 100)
    code, checks = _json(capsys, "doctor", "-C", str(tmp_path))
    found = {check["part"]: check for check in checks}
    assert code == 1
    assert found["mlruns"]["state"] == "note"
    assert "mlflow migrate-filestore" in found["mlruns"]["mend"]
    assert found["ledger"]["state"] == "bad"


def test_a_reader_that_goes_away_is_no_error(place):
    command = f"{sys.executable} -m nbops show -C {place} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_import_and_help_are_light():
    probe = "import sys, nbops, nbops.cli; nbops.cli.main(['--help']); print(sorted(set(sys.modules) & {'pandas', 'numpy', 'mlflow', 'sqlalchemy', 'IPython', 'jupyter_server'}))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
