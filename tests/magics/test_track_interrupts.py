"""Ctrl-C while nbops is at work: before a tracked cell, and after it."""

from __future__ import annotations

import signal

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbops.tracking import outbox
from nbops.tracking.search import search_runs
from nbops.workspace import find_workspace

_PREPARE = """
import signal
import pandas as pd

class Interrupting:
    def __init__(self, times=1):
        self.times = times
    def __reduce__(self):
        self.times -= 1
        if self.times >= 0:
            signal.raise_signal(signal.SIGINT)
        return (dict, ())

class Model:
    def fit(self, X, y=None):
        self.coef_ = Interrupting()
        return self
    def predict(self, X):
        return X
"""


@pytest.fixture(scope="module")
def shell():
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "nbops")
    made.run_cell(_PREPARE)
    yield made
    made.run_line_magic("unload_ext", "nbops")
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    handler = signal.getsignal(signal.SIGINT)
    yield find_workspace()
    assert signal.getsignal(signal.SIGINT) is handler


def _only(workspace):
    (row,) = search_runs(workspace).runs
    return row


def _interrupted(function):
    def interrupted(*given):
        signal.raise_signal(signal.SIGINT)
        return function(*given)

    return interrupted


def test_before_the_cell_it_stops_the_cell(shell, place, capsys):
    shell.run_cell("frame = pd.DataFrame({'a': [Interrupting()]})")
    result = shell.run_cell("%%track\nprint('r' + 'an', len(frame))")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "ran 1" not in capsys.readouterr().out
    assert _only(place).status == "KILLED"
    # What stopped this cell does not stop the next.
    shell.run_cell("frame = 1")
    assert shell.run_cell("%%track\nnext_one = 1.0").success


def test_while_the_run_is_begun_it_stops_the_cell(shell, place, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(outbox.Outbox, "start", _interrupted(outbox.Outbox.start))
        result = shell.run_cell("%%track\nx = 1.0")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert _only(place).status == "KILLED"
    assert len(shell.ast_transformers) == 0


def test_while_the_end_is_written_nothing_is_lost(shell, place, monkeypatch):
    monkeypatch.setattr(outbox, "put_bytes", _interrupted(outbox.put_bytes))
    assert shell.run_cell("%%track\nmodel = Model().fit([])\nmodel.coef_.times = 0\nauc = 0.5 + 0.3").success
    row = _only(place)
    assert (row.status, dict(row.metrics), row.has_model) == ("FINISHED", {"auc": 0.8}, True)


def test_while_the_model_is_read_the_rest_is_kept(shell, place):
    assert shell.run_cell("%%track\nmodel = Model().fit([])\nauc = 0.5 + 0.3").success
    assert (_only(place).status, dict(_only(place).metrics)) == ("FINISHED", {"auc": 0.8})


def test_a_run_whose_files_cannot_be_kept_has_an_end(shell, place, monkeypatch, capsys):
    def full(workspace, data):
        raise MemoryError("no room")

    monkeypatch.setattr(outbox, "put_bytes", full)
    assert shell.run_cell("%%track\nmodel = Model().fit([])\nmodel.coef_.times = 0\nauc = 0.5 + 0.3").success
    assert (_only(place).status, dict(_only(place).metrics), _only(place).has_model) == (
        "FINISHED",
        {"auc": 0.8},
        False,
    )
    assert "no room" in capsys.readouterr().err


def test_in_a_script_it_goes_on_when_the_run_is_written(shell, place, monkeypatch):
    import nbops

    monkeypatch.setattr(outbox.Outbox, "finish", _interrupted(outbox.Outbox.finish))
    with pytest.raises(KeyboardInterrupt), nbops.track("end") as run:
        run.metric("auc", 0.8)
    assert (_only(place).status, dict(_only(place).metrics)) == ("FINISHED", {"auc": 0.8})


def test_in_a_script_it_comes_out_of_the_beginning(shell, place, monkeypatch):
    import nbops

    monkeypatch.setattr(outbox.Outbox, "start", _interrupted(outbox.Outbox.start))
    reached = False
    with pytest.raises(KeyboardInterrupt), nbops.track("begin"):
        reached = True
    assert not reached
    assert _only(place).status == "KILLED"
