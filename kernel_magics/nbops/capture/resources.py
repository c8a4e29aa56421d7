"""Time, processor time and memory of a block."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """What a block took: seconds, seconds of processor time with finished children, bytes of memory."""

    duration: float
    cpu: float
    peak_memory: int | None


class Meter:
    """Runs from its creation to :meth:`read`."""

    def __init__(self) -> None:
        self._memory = _memory()
        self._cpu = _cpu()
        self._clock = time.perf_counter()

    def read(self) -> Spent:
        """Give what was spent so far.

        Memory is how far the peak rose above what the process held at the start, None if the peak did not rise
        above an earlier one or the system does not tell.
        """
        duration = time.perf_counter() - self._clock
        cpu = _cpu() - self._cpu
        resident, peak = self._memory
        now = _memory()[1]
        return Spent(duration, max(cpu, 0.0), now - resident if now > peak > 0 else None)


def _cpu() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _memory() -> tuple[int, int]:
    try:
        with open("/proc/self/status", "rb") as file:
            text = file.read()
    except OSError:
        return 0, 0
    return _field(text, b"VmRSS:"), _field(text, b"VmHWM:")


def _field(text: bytes, name: bytes) -> int:
    at = text.find(name)
    if at < 0:
        return 0
    words = text[at + len(name) : at + len(name) + 40].split()
    return int(words[0]) * 1024 if words else 0
