"""What every runner does."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nbops.pipelines.executing.execution import CellProgress
    from nbops.pipelines.running.work import Done, Work


@dataclass(frozen=True, slots=True)
class Told:
    """What a runner puts into the queue: progress of a stage, or how an attempt ended."""

    stage: str
    what: CellProgress | Done | BaseException


class Runner(Protocol):
    """Carries out attempts and tells of them through a queue."""

    def room(self, memory: int, running: int) -> bool:
        """Whether one more stage may begin that needs so many bytes (0: unknown), beside those that run."""

    def begin(self, work: Work, told: queue.SimpleQueue[Told]) -> None:
        """Begin an attempt; its end is told in any case."""

    def close(self, now: bool = False) -> None:
        """Give back what it holds; with ``now`` without waiting for what runs."""
