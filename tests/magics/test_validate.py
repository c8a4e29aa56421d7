"""``%validate`` and ``%rules``: check, save, edit in the next cell, save again."""

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbops.cli import main


@pytest.fixture(scope="module")
def shell():
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch, shell):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    shell.user_ns |= {
        "train": pd.DataFrame({"age": [18, 70], "w": ["a", "b"]}),
        "df": pd.DataFrame({"age": [31, -4], "w": ["a", "c"]}),
    }
    return tmp_path


def test_rules_are_reviewed_and_edited_in_the_notebook(shell, capsys):
    report = shell.run_cell("%validate df --against train --save churn --edit").result
    assert [(f.column, f.rule) for f in report.errors] == [("age", "minimum"), ("w", "categories")]
    bundle = report._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.nbops.validation.v1+json", "text/html", "text/plain"}
    cell = shell.rl_next_input
    assert cell.startswith("%%rules churn\n# Edit")
    shell.set_next_input("")
    edited = cell.replace("minimum = 0.0", "minimum = -10.0").replace('["a", "b"]', '["a", "b", "c"]')
    assert shell.run_cell(edited).success
    assert "churn@2" in capsys.readouterr().out
    assert shell.run_cell("%validate df --against churn").result.passed
    assert not shell.run_cell("%validate df --against churn@1").result.passed
    shell.run_cell("%rules")
    shell.run_cell("%rules churn --versions")
    shell.run_cell("%rules churn")
    shown = capsys.readouterr().out
    assert "churn@1" in shown
    assert "from -10 to 122" in shown


def test_rules_are_inferred_from_what_an_expression_gives(shell):
    assert shell.run_cell("%validate {train[train.age > 0]} --against {train[['age', 'w']]}").result.passed


def test_it_can_stop_the_notebook(shell, capsys):
    result = shell.run_cell("%validate df --against train --stop")
    assert not result.success
    assert "do not meet the rules" in str(result.error_in_exec)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%validate df", "--against"),
        ("%validate df --against nothing", "There are no rules nothing"),
        (
            "%validate trian --against train",
            "There is no frame trian in this notebook, and no file of that name. Did you mean train?",
        ),
        ("%validate df --against none.csv", "none.csv"),
        ("%%rules churn\n[columns.age]\nkind = 1", "has no kind"),
        ("%%rules\n[columns]", "takes the name"),
    ],
)
def test_wrong_calls_are_told_in_a_line(shell, cell, said):
    result = shell.run_cell(cell)
    assert said in str(result.error_in_exec) + str(getattr(result.error_in_exec, "hint", ""))


def test_the_command_line(place, shell, capsys):
    shell.user_ns["train"].to_csv("train.csv", index=False)
    shell.user_ns["df"].to_csv("new.csv", index=False)
    assert main(["validate", "new.csv", "--against", "train.csv", "--save", "churn", "--html", "out.html"]) == 1
    assert "age" in (place / "out.html").read_text()
    assert main(["rules", "churn"]) == 0
    text = capsys.readouterr().out.partition("#")[2]
    (place / "rules.toml").write_text("#" + text.replace("minimum = 0.0", "minimum = -4.0").replace('"b"', '"b", "c"'))
    assert main(["validate", "new.csv", "--against", "rules.toml"]) == 0
    assert main(["rules", "churn", "--save", "rules.toml", "--note", "wider"]) == 0
    assert main(["rules", "churn@1", "--diff", "churn"]) == 0
    assert "+minimum = -4.0" in capsys.readouterr().out
    assert main(["rules", "--json"]) == 0
    assert '"version": 2' in capsys.readouterr().out
    assert main(["rules", "--versions"]) == 1
    assert "Name the rules" in capsys.readouterr().err
