"""Group commit: whatever waits is written and flushed together by one thread, and only then is anybody told."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError, WorkspaceError
from nbops.monitoring.predictions.compaction import compact, tidy
from nbops.monitoring.predictions.journal import Journal
from nbops.monitoring.predictions.segment import Segment, unwritten

if TYPE_CHECKING:
    import pyarrow as pa

_SEGMENT_BYTES = 8_000_000
_SEGMENT_SECONDS = 600.0
# Rows that are written at once even though nobody waits.
_MANY = 10_000


@dataclass(slots=True)
class Ticket:
    """What is to be written: rows, and what is only profiled. ``done`` is set when it is on disk, or when ``problem`` says why not."""

    table: pa.Table
    profiled: Sequence[Any] = ()
    done: threading.Event = field(default_factory=threading.Event)
    problem: NbopsError | None = None

    @property
    def size(self) -> int:
        """How many bytes wait in memory."""
        return int(self.table.nbytes + sum(item.size for item in self.profiled))


@dataclass(slots=True)
class Health:
    """What became of what was to be written: rows on disk, rows lost, rows and bytes that wait, and the last problem."""

    written: int = 0
    lost: int = 0
    pending: int = 0
    pending_bytes: int = 0
    commits: int = 0
    problem: str = ""
    problem_at: float = 0.0


class Committer:
    """Writes tables into a journal; safe to use from several threads.

    Parameters
    ----------
    journal
        Where they go.
    flush
        Seconds that what nobody waits for may stay in memory.
    pending_bytes
        As much may wait; who comes then is held back.
    most_bytes, days
        What is kept, as :func:`nbops.monitoring.predictions.compaction.tidy` takes them.
    profiler
        Makes the profiles of what is only profiled.
    afterwards
        Called when the journal has been tidied.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        flush: float = 0.05,
        pending_bytes: int = 64_000_000,
        most_bytes: int | None = None,
        days: float | None = None,
        profiler: Callable[[list[Any]], list[bytes]] | None = None,
        afterwards: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal, self._flush, self._most_pending = journal, flush, pending_bytes
        self._most_bytes, self._days, self._profiler = most_bytes, days, profiler
        self._afterwards = afterwards
        self._limit = min(_SEGMENT_BYTES, (most_bytes or 8 * _SEGMENT_BYTES) // 8)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._waiting: list[Ticket] = []
        self._segment: Segment | None = None
        self._opened = 0.0
        self._tidying: threading.Thread | None = None
        self._urgent = self._closing = self._writing = False
        self.health = Health()

    def put(self, ticket: Ticket, *, urgent: bool, patience: float = 30.0) -> None:
        """Let something be written; ``urgent`` when somebody waits for it.

        Raises
        ------
        WorkspaceError
            So much waits already that there is no room for it, for longer than ``patience`` seconds.
        """
        if self._process != os.getpid():
            # A process that was forked has no thread; what waited is its parent's to write.
            self._begin()
        with self._change:
            self._start()
            roomy = self._change.wait_for(lambda: self.health.pending_bytes < self._most_pending, patience)
            if not roomy:
                self._note_loss(ticket, "The disk does not keep up with the predictions")
                raise WorkspaceError(
                    "Predictions come faster than they can be written.", hint="See whether the disk is slow or full."
                )
            self._waiting.append(ticket)
            self.health.pending += ticket.table.num_rows
            self.health.pending_bytes += ticket.size
            self._urgent |= urgent
            self._change.notify_all()

    def flush(self) -> None:
        """Come back when everything that was put before is on disk or lost."""
        with self._change:
            if self._process != os.getpid() or self._thread is None:
                return
            self._urgent = True
            self._change.notify_all()
            self._change.wait_for(lambda: not self._waiting and not self._writing)

    def close(self) -> None:
        """Write what waits and make Parquet of it; twice is harmless, and who logs again goes on."""
        with self._change:
            thread, self._closing = self._thread, True
            self._change.notify_all()
        if thread is not None and self._process == os.getpid():
            thread.join()
            atexit.unregister(self.close)
            if self._tidying is not None:
                self._tidying.join()
            self._retire()
            self._tidy()
        with self._change:
            self._thread, self._closing = None, False
            if self._waiting and self._process == os.getpid():
                # It came after the thread had ended.
                self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="nbops-predictions", daemon=True)
            self._thread.start()
            atexit.register(self.close)
            self._tidy_aside()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closing, self._left())
                if self._waiting and not self._urgent:
                    # Others may come; who waits for nothing loses nothing by it.
                    self._change.wait_for(
                        lambda: self._urgent or self._closing or self.health.pending > _MANY, self._flush
                    )
                taken, self._waiting, self._urgent = self._waiting, [], False
                self._writing = bool(taken)
                ending = self._closing and not taken
            if ending:
                return
            for group in _grouped(taken):
                self._commit(group)
            with self._change:
                self._writing = False
                self._change.notify_all()
            if self._segment is not None and (self._segment.size > self._limit or self._left() == 0):
                self._retire(aside=True)

    def _left(self) -> float | None:
        return None if self._segment is None else max(0.0, self._opened + _SEGMENT_SECONDS - time.monotonic())

    def _commit(self, group: list[Ticket]) -> None:
        import pyarrow as pa

        problem: NbopsError | None = None
        try:
            table = pa.concat_tables([ticket.table for ticket in group]).combine_chunks()
            profiled = [item for ticket in group for item in ticket.profiled]
            profiles = self._profiler(profiled) if self._profiler and profiled else []
            if self._segment is not None and self._segment.broken:
                self._retire(aside=True)
            if self._segment is None:
                with self._journal.lock():
                    self._segment, self._opened = Segment(self._journal.open), time.monotonic()
            self._segment.append(table, profiles)
        except NbopsError as error:
            problem = error
        except Exception as error:  # the thread must outlive whatever a table may hold
            problem = WorkspaceError(f"Predictions could not be written: {type(error).__name__}: {error}.")
        with self._change:
            for ticket in group:
                self.health.pending -= ticket.table.num_rows
                self.health.pending_bytes -= ticket.size
                if problem is None:
                    self.health.written += ticket.table.num_rows
                else:
                    ticket.problem = problem
                    self._note_loss(ticket, problem.message)
            self.health.commits += problem is None
            self._change.notify_all()
        for ticket in group:
            ticket.done.set()

    def _note_loss(self, ticket: Ticket, problem: str) -> None:
        self.health.lost += ticket.table.num_rows
        self.health.problem, self.health.problem_at = problem, time.time()

    def _retire(self, *, aside: bool = False) -> None:
        """Leave the segment, which becomes Parquet."""
        segment, self._segment = self._segment, None
        if segment is None:
            return

        def work() -> None:
            try:
                compact(self._journal, segment.path, segment.close)
            except OSError as error:
                # It stays as it is, and whoever tidies next makes it up.
                self.health.problem, self.health.problem_at = unwritten(segment.path, error).message, time.time()
            finally:
                segment.close()

        if aside:
            earlier = self._tidying

            def then() -> None:
                if earlier is not None:
                    earlier.join()
                work()
                self._tidy()

            self._tidying = threading.Thread(target=then, name="nbops-predictions-tidy", daemon=True)
            self._tidying.start()
        else:
            work()

    def _tidy_aside(self) -> None:
        self._tidying = threading.Thread(target=self._tidy, name="nbops-predictions-tidy", daemon=True)
        self._tidying.start()

    def _tidy(self) -> None:
        try:
            tidy(self._journal, most_bytes=self._most_bytes, days=self._days)
            self._afterwards()
        except Exception as error:  # a damaged file stays as it is; what is logged now does not suffer from it
            self.health.problem, self.health.problem_at = str(error), time.time()


def _grouped(tickets: list[Ticket]) -> list[list[Ticket]]:
    """Part tickets where the columns change."""
    found: list[list[Ticket]] = []
    for ticket in tickets:
        if found and found[-1][0].table.schema.equals(ticket.table.schema):
            found[-1].append(ticket)
        else:
            found.append([ticket])
    return found
