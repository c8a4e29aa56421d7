"""One courier per workspace, started when wanted, however many ask."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbops.tracking import launch
from nbops.tracking.outbox import outbox_of
from nbops.tracking.process import is_alive
from nbops.tracking.search import get_run
from nbops.workspace import find_workspace
from nbops.workspace.locks import try_lock

_ASK = """
import sys
from nbops.tracking.launch import ensure_running
from nbops.workspace import find_workspace
workspace = find_workspace(sys.argv[1])
sys.stdin.readline()
for _ in range(20):
    assert ensure_running(workspace)
"""


@pytest.fixture
def wanted(tmp_path):
    """A workspace that wants a courier; whichever runs at the end is ended."""
    (tmp_path / "nbops.toml").write_text('experiment = "e"\n')
    workspace = find_workspace(tmp_path)
    yield workspace
    for pid in _couriers(workspace):
        os.kill(pid, 9)


def _couriers(workspace):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if b"nbops.tracking.courier" in words and str(workspace.root).encode() in words and state != "Z":
                found.append(int(entry.name))
    return found


def _wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_many_who_ask_at_once_start_one(wanted):
    askers = [
        subprocess.Popen([sys.executable, "-c", _ASK, str(wanted.root)], stdin=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for asker in askers:
        asker.stdin.write("go\n")
        asker.stdin.flush()
    for asker in askers:
        asker.communicate(timeout=60)
    assert [asker.returncode for asker in askers] == [0, 0, 0]
    assert len(_couriers(wanted)) == 1
    assert launch.is_running(wanted)
    identity = (wanted.locks / launch.LOCK).read_text()
    assert identity.split(":")[0] == str(_couriers(wanted)[0])
    assert is_alive(identity)


def test_a_killed_courier_is_noticed_and_replaced(wanted, make_run):
    assert launch.ensure_running(wanted)
    (first,) = _couriers(wanted)
    os.kill(first, 9)
    assert _wait(lambda: not launch.is_running(wanted))
    outbox_of(wanted).finish(make_run("later"))
    assert launch.ensure_running(wanted)
    assert _wait(lambda: outbox_of(wanted).pending() == 0), wanted.courier_log.read_text()
    assert first not in _couriers(wanted)
    assert get_run(wanted, "later").status == "FINISHED"


def test_it_ends_when_the_workspace_is_gone(wanted, tmp_path):
    assert launch.ensure_running(wanted)
    (pid,) = _couriers(wanted)
    assert _wait((wanted.data / "ledger.db").exists)
    wanted.data.rename(tmp_path / "elsewhere")
    assert _wait(lambda: pid not in _couriers(wanted))


@pytest.mark.parametrize("idle", ["0.2", "6"])
def test_it_ends_when_there_is_nothing_to_do(wanted, idle):
    """Its own look at the ledger, every five seconds, is nothing to do."""
    done = subprocess.run(
        [sys.executable, "-m", "nbops.tracking.courier", "--workspace", str(wanted.root), "--idle", idle],
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert not launch.is_running(wanted)


def test_a_second_one_ends_at_once(wanted):
    wanted.ensure()
    held = try_lock(wanted.locks / launch.LOCK)
    command = [sys.executable, "-m", "nbops.tracking.courier", "--workspace", str(wanted.root)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
    held.release()


def test_none_is_started_where_none_is_wanted(workspace):
    assert not launch.ensure_running(workspace)
    assert not launch.is_running(workspace)
    assert _couriers(workspace) == []


def test_where_nothing_can_be_written_it_says_no(tmp_path):
    (tmp_path / ".nbops").write_text("a file where the folder should be")
    assert not launch.ensure_running(find_workspace(tmp_path))


def test_what_a_person_set_for_python_does_not_bend_it(wanted, monkeypatch, make_run):
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    (wanted.root / "sqlalchemy.py").write_text("raise SystemExit('not the one')")
    monkeypatch.chdir(wanted.root)
    outbox_of(wanted).finish(make_run("alone"))
    assert launch.ensure_running(wanted)
    assert _wait(lambda: outbox_of(wanted).pending() == 0), wanted.courier_log.read_text()
