"""Line magics as IPython calls them: what stands in braces and quotes arrives as it was meant."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import nbops


@pytest.fixture(scope="module")
def shell():
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")


def test_drift_takes_expressions_and_evaluates_them_once(shell):
    asked = []

    def half(frame, first):
        asked.append(first)
        return frame.head(100) if first else frame.tail(100)

    shell.user_ns |= {
        "half": half,
        "frame": pd.DataFrame({"a": [i % 37 + (i >= 100) * 50.5 for i in range(200)]}),
        "wanted": "a",
    }
    result = shell.run_cell("%drift {half(frame, True)} {half(frame, False)} --columns {wanted}")
    assert result.success
    assert result.result.drifted
    assert asked == [True, False]


def test_quotes_of_a_query_are_its_own(shell, capsys):
    for experiment in ("my exp", "my other exp"):
        with nbops.track(experiment.replace(" ", "-"), experiment=experiment):
            pass
    shell.user_ns["chosen"] = "my exp"
    for line in (
        '%runs experiment = "my exp"',
        "%runs experiment='my exp'",
        "%runs experiment = '{chosen}'",
        '%runs --experiment "my exp"',
        "%runs --experiment {chosen}",
        '%runs "my-exp"',
    ):
        assert shell.run_cell(line).success
        shown = capsys.readouterr().out
        assert "my-exp" in shown, line
        assert "my-other-exp" not in shown, line


def test_names_after_a_dollar_are_variables_where_there_are_any(shell, capsys):
    with nbops.track("costs $5", tags={"of": "team"}):
        pass
    shell.user_ns["which"] = "costs $5"
    for line in ("%runs $which", "%runs costs $5", "%runs {which}"):
        assert shell.run_cell(line).success
        assert "costs $5" in capsys.readouterr().out, line
