"""What time it is, and waiting: given to the scheduler, so that a year can pass in a test within a second."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A clock that the scheduler lives by."""

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        ...

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, or until ``stop`` is set."""
        ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return time.time()

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Wait so long, or until ``stop`` is set."""
        stop.wait(seconds)


SYSTEM = SystemClock()
