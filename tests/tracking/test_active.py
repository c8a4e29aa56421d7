"""Which run the code at hand belongs to."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from nbops.tracking import active
from nbops.tracking.active import ActiveRun


@pytest.fixture
def cell():
    """An open tracked cell."""
    run = ActiveRun("cell", tags={"nbops.kind": "cell"})
    active.enter(run)
    yield run
    active.leave(run)


def test_runs_nest_and_leaving_twice_is_harmless():
    assert active.current() is None
    outer, inner = ActiveRun("outer"), ActiveRun("inner")
    active.enter(outer)
    active.enter(inner)
    assert active.current() is inner
    active.leave(inner)
    active.leave(inner)
    assert active.current() is outer
    active.leave(outer)
    assert active.current() is None


def test_runs_may_end_out_of_order():
    first, second = ActiveRun("first"), ActiveRun("second")
    active.enter(first)
    active.enter(second)
    active.leave(first)
    assert active.current() is second
    active.leave(second)
    assert active.current() is None


def test_threads_of_a_pool_belong_to_what_the_main_thread_has_open(cell):
    def trial(number):
        before, run = active.current(), ActiveRun(str(number))
        active.enter(run)
        inside = active.current()
        active.leave(run)
        return before, inside is run

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trial, range(20))) == [(cell, True)] * 20


def test_tasks_of_one_loop_do_not_belong_to_each_other():
    async def trial(number):
        seen, run = active.current(), ActiveRun(str(number))
        active.enter(run)
        await asyncio.sleep(0.001)
        inside = active.current()
        active.leave(run)
        return seen, inside is run

    async def main():
        return await asyncio.gather(*(trial(number) for number in range(5)))

    assert asyncio.run(main()) == [(None, True)] * 5


def test_tasks_belong_to_the_cell_they_run_in(cell):
    async def trial():
        return active.current()

    async def main():
        return await asyncio.gather(trial(), trial())

    assert asyncio.run(main()) == [cell, cell]
