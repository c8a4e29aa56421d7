"""The outbox when the machine does not play along."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest

from nbops.errors import NbopsError, TrackingError
from nbops.records import MetricPoint, Run
from nbops.tracking.outbox import Outbox
from nbops.tracking.parts import file_part
from nbops.workspace import blobs


def run_of(run_id="a" * 32, **values):
    """Make a run."""
    return Run(**{"run_id": run_id, "name": "n", "experiment": "e", "started_at": 1.0, **values})


def test_forked_in_the_middle_of_a_write(workspace):
    """Four children go on though a thread of the parent held the outbox when they were made."""
    box = Outbox(workspace)
    box.start(run_of())
    children = []
    with box._open():
        for number in range(4):
            pid = os.fork()
            if pid == 0:
                try:
                    for step in range(25):
                        box.metric(f"{number}" * 32, MetricPoint(name="m", value=1.0, step=step))
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(pid)
    for step in range(25):
        box.metric("p" * 32, MetricPoint(name="m", value=1.0, step=step))
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0, 0]
    assert box.pending() == 1 + 5 * 25
    with sqlite3.connect(workspace.outbox) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_locked_by_another_is_one_line(workspace, monkeypatch):
    """After patience; and it goes on when the other lets go."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(path, **{**options, "timeout": 0.1}))
    box = Outbox(workspace)
    box.start(run_of())
    other = connect(workspace.outbox, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TrackingError, match="locked") as caught:
        box.start(run_of("b" * 32))
    assert "\n" not in str(caught.value)
    other.execute("ROLLBACK")
    other.close()
    box.start(run_of("c" * 32))
    assert [entry.run_id[0] for entry in box.entries()] == ["a", "c"]


@pytest.mark.parametrize("failing", ["fsync", "replace", "link"])
def test_a_run_is_never_whole_without_its_files(workspace, monkeypatch, failing):
    """No space for a file: no finish is written, no half file is left, and the next try succeeds."""
    box, part = Outbox(workspace), file_part(b"new", "a.txt")
    run = run_of(artifacts=(part[0],))
    box.start(run)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        try:
            box.finish(run, [part])
        except NbopsError as error:
            assert "\n" not in str(error)
    for entry in box.entries():
        if entry.kind == "finish":
            assert blobs.read(workspace, part[0].digest) == b"new"
    left = [path for path in workspace.blobs.rglob("*") if path.is_file()]
    assert left in ([], [blobs.path_of(workspace, part[0].digest)])
    box.finish(run, [part])
    assert box.entries()[-1].kind == "finish"
    assert blobs.read(workspace, part[0].digest) == b"new"
