"""Gates on the command line, in a cell and on the page."""

import json
import shutil

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.cli import main
from nbops.errors import UsageError
from nbops.records import GateReport, GateResult
from nbops.registry import register
from nbops.registry.card import edit_card
from nbops.views.gates import gates_html, gates_text
from nbops.workspace import find_workspace

TOML = """
[gates]
data = "rows.csv"
target = "truth"
[[gates.check]]
name = "right"
kind = "metric"
metric = "accuracy"
min = {least}
[[gates.check]]
name = "told"
kind = "card"
fields = ["intended_use"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a registered model and rows."""
    folder = tmp_path_factory.mktemp("gates")
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "truth": [0, 0, 1, 1]})
    rows.to_csv(folder / "rows.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBOPS_WORKSPACE", str(folder))
        patch.setenv("NBOPS_COURIER", "false")
        with nbops.track("train") as run:
            run.model(LogisticRegression().fit(rows[["x"]], rows["truth"]), "model")
        register("steps", run_id=run.run_id)
    return folder


@pytest.fixture
def place(folder, tmp_path, monkeypatch):
    """A copy of that folder as workspace, with a card and gates."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    monkeypatch.delenv("NBOPS_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbops.toml").write_text(TOML.format(least=0.9))
    return find_workspace()


def test_the_command_line_says_what_stands_against_a_version(place, capsys):
    assert main(["gates", "steps", "1", "--last"]) != 0
    assert "have not been run" in capsys.readouterr().err
    assert main(["gates", "steps", "1"]) == 4
    out = capsys.readouterr().out
    assert "1 of 2 gates do not pass: told" in out and "missing: intended_use" in out
    edit_card("steps", 1, {"intended_use": "to count"})
    assert main(["gates", "steps", "1", "--last"]) == 4
    capsys.readouterr()
    assert main(["gates", "steps", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] and [gate["verdict"] for gate in told["gates"]] == ["passed", "passed"]
    assert main(["gates", "steps", "1", "--last", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == told["digest"]


def test_the_command_line_says_what_is_wrong_with_a_declaration(place, capsys):
    for table, said in (
        (TOML.format(least=0.9).replace("min =", "mni ="), "Did you mean 'min'?"),
        (TOML.format(least=0.9).replace('"metric"', '"metrik"'), "Did you mean 'metric'?"),
        ("", "No gate is declared"),
    ):
        (place.root / "nbops.toml").write_text(table)
        assert main(["gates", "steps", "1"]) not in (0, 4)
        assert said in capsys.readouterr().err
    assert main(["gates", "steps", "1", "--alias", "Archived"]) not in (0, 4)


@pytest.fixture
def shell(place):
    """A plain IPython shell with nbops loaded."""
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


def test_a_cell_declares_gates_and_judges(shell, capsys):
    shell.run_line_magic("gates", "steps 1")
    assert "1 of 2 gates do not pass" in capsys.readouterr().out
    cell = 'data = "rows.csv"\ntarget = "truth"\n[[check]]\nkind = "metric"\nmetric = "accuracy"\nmin = 0.5\n'
    shell.run_cell_magic("gates", "steps 1 --alias challenger", cell)
    assert "for challenger: all 1 gates pass" in capsys.readouterr().out
    with pytest.raises(UsageError, match="no TOML"):
        shell.run_cell_magic("gates", "steps 1", "this is no TOML")


def test_what_people_write_is_text_on_the_page():
    bad = "<script>alert(1)</script>"
    gate = GateResult(name=bad, kind="function", verdict="failed", message=bad, limit=bad)
    report = GateReport(
        digest="d" * 64, model=bad, version=1, artifact_digest="", target="Production", passed=False, gates=(gate,)
    )
    assert "<script" not in gates_html(report) and "&lt;script&gt;" in gates_html(report)
    assert bad in gates_text(report)
