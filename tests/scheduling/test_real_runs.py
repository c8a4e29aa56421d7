"""Schedules with nothing in the place of the real thing: processes of the scheduler and of pipelines, killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.records import Schedule
from nbops.scheduling import add_schedule, run_now, schedule_runs

SLOW = "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go on'):\n    time.sleep(0.1)"


@pytest.mark.slow
def test_after_everything_was_killed_nothing_is_running_and_what_waited_runs(place, tmp_path):
    root = place.root
    _write(root, SLOW)
    add_schedule(place, Schedule(name="slow", pipeline="churn.toml", trigger="manual", overlap="queue"))
    scheduler = _scheduler(root)
    try:
        first, second = run_now(place, "slow"), run_now(place, "slow")
        assert (first.status, second.status) == ("running", "queued")
        _until(lambda: (root / "begun").exists())
        _kill(scheduler.pid)
        scheduler.wait()
        _kill(_carrier(place, first.run_id))
        _until(lambda: _statuses(place) == ["queued", "lost"])
        (root / "go on").touch()
        scheduler = _scheduler(root)
        _until(lambda: _statuses(place) == ["succeeded", "lost"])
    finally:
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(60) == 0
    with open_ledger(place).connect() as connection:
        # It let go of the lease, and every run of a pipeline is over.
        assert connection.execute(select(tables.leases)).all() == []
        runs = connection.execute(select(tables.pipeline_runs.c.status, tables.pipeline_runs.c.schedule)).all()
    assert sorted(map(tuple, runs)) == [("lost", "slow"), ("succeeded", "slow")]


def test_a_workspace_that_is_removed_is_not_brought_back(place):
    add_schedule(place, Schedule(name="x", pipeline="churn.toml", trigger="manual"))
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "nbops", "scheduler"],
        cwd=place.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert scheduler.stdout.readline().startswith("scheduler of ")
    place.root.rename(place.root.with_name("elsewhere"))
    _, said = scheduler.communicate(timeout=60)
    assert scheduler.returncode == 1
    assert "is no longer the workspace that this began in" in said
    assert not place.root.exists()


def _write(root, source: str) -> None:
    import nbformat

    book = nbformat.read(root / "stage.ipynb", as_version=4)
    book.cells[0].source = source
    nbformat.write(book, root / "stage.ipynb")


def _scheduler(root) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "nbops", "scheduler"], cwd=root, stdout=subprocess.DEVNULL)


def _statuses(place) -> list[str]:
    return [run.status for run in schedule_runs(place, "slow")]


def _carrier(place, run_id: str) -> int:
    p = tables.pipeline_runs
    with open_ledger(place).connect() as connection:
        return int(connection.scalar(select(p.c.owner).where(p.c.run_id == run_id)).partition(":")[0])


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _until(holds) -> None:
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")
