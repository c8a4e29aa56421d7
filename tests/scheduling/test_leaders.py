"""Several schedulers on one ledger: each occasion runs once, whoever leads, and somebody leads again when a leader dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.records import Schedule
from nbops.scheduling import add_schedule
from nbops.scheduling.lease import TERM, Held, Lease
from nbops.tracking.process import process_identity

RACER = str(Path(__file__).with_name("racer.py"))
SECONDS = 4.0


@pytest.mark.slow
def test_of_two_that_race_and_are_killed_each_minute_runs_once(shared, world):
    here = world(time.time(), shared)
    begin = here.clock.time
    for number in range(3):
        here.add(
            f"s{number}",
            "* * * * *",
            missed="all",
            missed_cap=1000,
            overlap="allow",
            pipeline=here.pipeline(f"p{number}"),
        )
    racers = [racer(shared.root, begin, SECONDS) for _ in range(2)]
    for one in racers:
        assert one.stdout.readline() == "ready\n"
    for one in racers:
        one.stdin.write("go\n")
        one.stdin.flush()
    # The one that leads is killed in the middle, whichever it is.
    time.sleep(SECONDS / 2)
    leader = leading(shared)
    dead = next(one for one in racers if str(one.pid) == leader)
    os.kill(dead.pid, signal.SIGKILL)
    lines = [line for one in racers for line in one.communicate(timeout=60)[0].splitlines()]
    r = tables.schedule_runs
    with open_ledger(shared).connect() as connection:
        rows = connection.execute(select(r).order_by(r.c.due_at)).all()
    for number in range(3):
        mine = [row for row in rows if row.schedule == f"s{number}"]
        dues = [row.due_at for row in mine]
        # Every minute, none twice.
        assert dues == [dues[0] + 60 * minute for minute in range(len(dues))]
        assert len(dues) >= 60 * SECONDS / 60 / 2
    runs = Counter(row.run_id for row in rows if row.run_id)
    assert set(runs.values()) == {1}
    started = [line.split()[1] for line in lines]
    assert len(started) == len(set(started))


def racer(root: Path, begin: float, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, RACER, str(root), str(begin), str(seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def leading(workspace) -> str:
    for _ in range(200):
        with open_ledger(workspace).connect() as connection:
            owner = connection.scalar(select(tables.leases.c.owner))
        if owner:
            return str(owner).partition(":")[0]
        time.sleep(0.05)
    raise AssertionError("nobody leads")


def held(workspace) -> Held | None:
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(tables.leases)).first()
    return Held(row.owner, row.expires_at) if row else None


def test_a_lease_is_held_by_one_until_it_runs_out(shared):
    one, other = Lease(shared), Lease(shared)
    assert one.mine(None, 1000.0)
    # Who read before the first took it is too late.
    assert not other.mine(None, 1000.0)
    assert not other.mine(held(shared), 1000.0 + TERM - 1)
    assert one.mine(held(shared), 1000.0 + TERM - 1)
    stale = held(shared)
    assert other.mine(stale, 1000.0 + 2 * TERM)
    assert not one.mine(stale, 1000.0 + 2 * TERM)
    other.release()
    assert one.mine(held(shared), 1000.0 + 2 * TERM)


def test_a_leader_that_died_here_is_succeeded_at_once(shared):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = f"{process_identity(child.pid)}#1"
    child.communicate(b"\n")
    open_ledger(shared)
    with open_ledger(shared).begin() as connection:
        name = Lease(shared).name
        connection.execute(tables.leases.insert().values(name=name, owner=owner, expires_at=1000.0 + TERM))
    assert Lease(shared).mine(held(shared), 1000.0)


def test_a_lease_of_a_clock_that_was_wrong_runs_out(shared):
    one, other = Lease(shared), Lease(shared)
    assert one.mine(None, 1e10)
    assert other.mine(held(shared), 1000.0)


def test_two_in_one_process_take_turns(shared, world, at):
    here = world(at("2026-07-01T05:59:50"), shared)
    add_schedule(shared, Schedule(name="a", pipeline="churn.toml", trigger="cron", cron="0 6 * * *"), clock=here.clock)
    one, other = here.scheduler(), here.scheduler()
    assert [one.tick(), other.tick()] == [True, False]
    here.clock.time += 10
    assert [other.tick(), one.tick()] == [False, True]
    assert len(here.started) == 1
    one.close()
    assert other.tick()
