"""The courier comes when it is wanted, alone, and goes when there is nothing left."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest

from nbops.records import Run
from nbops.tracking import launch
from nbops.tracking.outbox import Outbox
from nbops.tracking.process import is_alive, process_identity
from nbops.workspace import find_workspace


@pytest.fixture
def place(tmp_path):
    """A workspace whose courier may be started; whatever holds its lock at the end is ended."""
    (tmp_path / "nbops.toml").write_text("")
    workspace = find_workspace(tmp_path)
    yield workspace
    pid = _holder(workspace)
    if pid:
        os.kill(pid, signal.SIGKILL)


def _holder(workspace):
    """The pid of the living courier of this workspace, else 0."""
    try:
        identity = (workspace.locks / launch.LOCK).read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(identity.partition(":")[0]) if identity and is_alive(identity) else 0


def _wait(for_what, seconds=60):
    end = time.monotonic() + seconds
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.02)


def _run(workspace, letter):
    run = Run(run_id=letter * 32, name="n", experiment="e", started_at=1.0, process=process_identity())
    Outbox(workspace).start(run)


def _in_ledger(workspace, letter):
    return not any(entry.run_id == letter * 32 for entry in Outbox(workspace).entries())


def test_it_ends_when_it_is_idle_and_loses_nothing(place):
    """And lets the next one in."""
    _run(place, "a")
    assert launch.start(place, "--idle", "0.2")
    _wait(lambda: not launch.is_running(place))
    assert Outbox(place).pending() == 0
    _run(place, "b")
    assert launch.start(place, "--idle", "0.2")
    _wait(lambda: _in_ledger(place, "b") and not launch.is_running(place))


def test_it_leaves_a_workspace_that_was_deleted_and_made_anew(place):
    """To the next courier, whose name it does not wipe out."""
    _run(place, "a")
    assert launch.ensure_running(place)
    _wait(lambda: _in_ledger(place, "a"))
    first = (place.locks / launch.LOCK).read_text(encoding="utf-8")
    # Renamed first: nothing is written into a folder while it is being removed.
    place.data.rename(place.root / "gone")
    shutil.rmtree(place.root / "gone")
    _run(place, "b")
    assert launch.ensure_running(place)
    second = (place.locks / launch.LOCK).read_text(encoding="utf-8")
    assert second != first
    _wait(lambda: not is_alive(first))
    assert (place.locks / launch.LOCK).read_text(encoding="utf-8") == second
    _wait(lambda: _in_ledger(place, "b"))
    assert is_alive(second)


def test_a_lock_file_with_anything_in_it_stops_nobody(place):
    """Stale identities and rubbish alike."""
    for text in ("", "rubbish", "1:1:deadbeef:" + os.uname().nodename, "\0\xff"):
        place.ensure()
        place.locks.mkdir(exist_ok=True)
        (place.locks / launch.LOCK).write_bytes(text.encode("latin-1"))
        assert not launch.is_running(place)
        assert launch.ensure_running(place)
        pid = _holder(place)
        assert pid
        os.kill(pid, signal.SIGKILL)
        _wait(lambda: _holder(place) == 0)
