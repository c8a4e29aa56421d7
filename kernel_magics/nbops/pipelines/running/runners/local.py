"""Stages on this machine: a thread each, and a kernel process each, as many as processor and memory bear."""

from __future__ import annotations

import os
import queue
import threading

from nbops.pipelines.running.runners.base import Told
from nbops.pipelines.running.work import Work, perform

# What a stage that says nothing is taken to need, and what is left to everything else on the machine.
_USUAL, _RESERVE = 400 << 20, 300 << 20


class LocalRunner:
    """Runs stages beside each other.

    Parameters
    ----------
    jobs
        How many at most; by default as many as there are processors.
    """

    def __init__(self, jobs: int | None) -> None:
        self._jobs = jobs or processors()
        self._asked: dict[str, int] = {}
        self._threads: list[threading.Thread] = []

    def room(self, memory: int, running: int) -> bool:
        """One stage may always run; a further one if processors and memory are left for it."""
        if running == 0:
            return True
        return running < self._jobs and (memory or _USUAL) + _RESERVE < available_memory()

    def begin(self, work: Work, told: queue.SimpleQueue[Told]) -> None:
        """Begin an attempt in a thread."""

        def carry_out() -> None:
            try:
                told.put(Told(work.stage, perform(work, lambda progress: told.put(Told(work.stage, progress)))))
            except BaseException as error:
                told.put(Told(work.stage, error))

        thread = threading.Thread(target=carry_out, name=f"nbops-stage-{work.stage}", daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def close(self, now: bool = False) -> None:
        """Wait for the threads; they end when their kernels do."""
        for thread in self._threads:
            thread.join(timeout=10 if now else None)


def processors() -> int:
    """Give how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Give the bytes of memory that are free for use, in this process's control group too."""
    import psutil

    return min(int(psutil.virtual_memory().available), _left_in_group())


def _left_in_group() -> int:
    # A container sees the whole machine's memory, but is killed at its own limit.
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            most = limit.read().strip()
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as used:
            return int(most) - int(used.read()) if most != "max" else 1 << 62
    except (OSError, ValueError):
        return 1 << 62
