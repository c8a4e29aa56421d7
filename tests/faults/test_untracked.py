"""Where nothing can be written down, one line says so and the user's code runs as it would without us."""

from __future__ import annotations

import sqlite3

import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbops
from nbops.tracking.outbox import Outbox
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder in which work is done."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "nbops.toml").write_text("courier = false\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shell():
    """A plain shell with nbops."""
    made = InteractiveShell()
    made.run_line_magic("load_ext", "nbops")
    yield made
    made.run_line_magic("unload_ext", "nbops")


def _data_is_a_file(place):
    (place / ".nbops").write_text("in the way")


def _outbox_is_a_folder(place):
    (place / ".nbops" / "outbox.db").mkdir(parents=True)


def _outbox_is_no_database(place):
    (place / ".nbops").mkdir()
    (place / ".nbops" / "outbox.db").write_bytes(b"anything else " * 300)


def _outbox_is_newer(place):
    (place / ".nbops").mkdir()
    with sqlite3.connect(place / ".nbops" / "outbox.db") as connection:
        connection.execute("PRAGMA user_version = 99")


BROKEN = [_data_is_a_file, _outbox_is_a_folder, _outbox_is_no_database, _outbox_is_newer]


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_block_runs(place, capsys, break_it):
    """Its methods do nothing, its exceptions are its own."""
    break_it(place)
    with nbops.track("nightly") as run:
        run.metric("loss", 0.5)
        run.param("a", 1)
        done = True
    assert done
    assert run.run_id == ""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("nbops: this block is not tracked: ")
    with pytest.raises(ZeroDivisionError), nbops.track():
        _ = 1 / 0


@pytest.mark.parametrize("break_it", BROKEN)
def test_a_cell_runs(place, shell, capsys, break_it):
    """With its value and what it prints."""
    break_it(place)
    result = shell.run_cell("%%track\nx = 6\nprint('here')\nx * 7")
    assert result.success
    assert result.result == 42
    captured = capsys.readouterr()
    assert "here" in captured.out
    lines = [line for line in captured.err.splitlines() if line]
    assert len(lines) == 1
    assert lines[0].startswith("nbops: ")


def test_the_outbox_goes_away_while_a_block_runs(place, capsys, monkeypatch):
    """What cannot be written down any more is one line; the block has run and its run is closed later."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(path, **{**options, "timeout": 0.1}))
    with nbops.track("nightly") as run:
        run.metric("loss", 0.5)
        other = connect(place / ".nbops" / "outbox.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("nbops: this run could not be written down: ")
    assert [entry.kind for entry in Outbox(find_workspace(place)).entries()] == ["start", "metric"]
