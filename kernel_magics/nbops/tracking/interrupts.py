"""Ctrl-C while nbops itself is at work: held back for the moment a row is written. Standard library only."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Held:
    """Interrupts that are held back; ``came`` says whether there was one."""

    def __init__(self) -> None:
        self.came = False
        self._theirs: Any = None

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let interrupts through again, for work that may take long and can be broken off."""
        if self._theirs is None:
            yield
            return
        signal.signal(signal.SIGINT, self._theirs)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, self._note)

    def _begin(self) -> None:
        # Only the main thread is interrupted; a handler that is not Python's could not be put back.
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not None:
            self._theirs = signal.signal(signal.SIGINT, self._note)

    def _end(self) -> None:
        if self._theirs is not None:
            signal.signal(signal.SIGINT, self._theirs)
            self._theirs = None

    def _note(self, _number: int, _frame: Any) -> None:
        self.came = True


@contextmanager
def held_back() -> Iterator[Held]:
    """Hold interrupts back for the length of a block; whoever asks decides what becomes of them."""
    held = Held()
    held._begin()
    try:
        yield held
    finally:
        held._end()
