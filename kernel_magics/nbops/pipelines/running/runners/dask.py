"""Stages as tasks of a Dask cluster: a scheduler that is named, or a cluster of this machine."""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError, PipelineError, StageLost
from nbops.pipelines.cluster import connected
from nbops.pipelines.running.runners.base import Told
from nbops.pipelines.running.runners.parcel import Parcel, Reply, open_parcel, pack, unpack
from nbops.pipelines.running.work import Work
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from nbops.pipelines.executing.execution import CellProgress

_SHIP = "?ship=true"
# How often a worker asks whether the run was stopped, in seconds.
_ASK = 1.0


class DaskRunner:
    """Sends stages to Dask workers.

    A worker that dies takes its kernels along; Dask gives what it had to another one, and each works in a folder of its own,
    so nothing of the dead one is mixed in. A stage that has killed four workers fails.

    Parameters
    ----------
    address
        ``HOST:PORT`` of a scheduler, with ``?ship=true`` where workers do not see this folder; empty for a cluster of
        this machine.
    jobs
        How many stages at most; by default as many as the workers have threads.
    workspace
        Whose stages they are.

    Raises
    ------
    MissingExtraError
        ``distributed`` is not installed.
    PipelineError
        The scheduler does not answer.
    """

    def __init__(self, address: str, jobs: int | None, workspace: Workspace) -> None:
        self._workspace, self._jobs = workspace, jobs
        self._ship = address.endswith(_SHIP)
        self._topic = f"nbops-{uuid.uuid4().hex}"
        self._works: dict[str, Work] = {}
        self._told: queue.SimpleQueue[Told] | None = None
        self._open = contextlib.ExitStack()
        where = address.removesuffix(_SHIP)
        self._client = self._open.enter_context(connected(f"dask://{where}" if where else "dask", jobs))
        import distributed

        self._stopped = distributed.Event(f"{self._topic}-stopped", client=self._client)
        self._client.subscribe_topic(self._topic, self._progress)
        self._futures: set[Any] = set()

    def room(self, memory: int, running: int) -> bool:
        """As many as the workers have threads; their memory is Dask's own business."""
        threads = sum(self._client.nthreads().values())
        return running < (self._jobs or max(threads, 1))

    def begin(self, work: Work, told: queue.SimpleQueue[Told]) -> None:
        """Send an attempt; what comes back is put in place by the thread that hears of it."""
        self._works[work.stage], self._told = work, told
        try:
            parcel = pack(self._workspace, work, ship=self._ship)
            future = self._client.submit(
                _carry_out, parcel, self._topic, key=f"nbops-{work.stage}-{uuid.uuid4().hex}", pure=False, retries=0
            )
        except NbopsError as error:
            told.put(Told(work.stage, error))
            return
        except Exception as error:
            # What cannot be sent is the stage's own trouble and not that of the others.
            told.put(Told(work.stage, _said(work, error)))
            return
        self._futures.add(future)
        future.add_done_callback(lambda done: self._ended(work, done, told))

    def close(self, now: bool = False) -> None:
        """Let the cluster go; one of this machine ends."""
        if now:
            with contextlib.suppress(Exception):
                self._stopped.set()
                self._client.cancel(list(self._futures), force=True)
        with contextlib.suppress(Exception):
            self._open.close()

    def _ended(self, work: Work, future: Any, told: queue.SimpleQueue[Told]) -> None:
        self._futures.discard(future)
        try:
            reply: Reply = future.result()
            told.put(Told(work.stage, unpack(self._workspace, work, reply)))
        except NbopsError as error:
            told.put(Told(work.stage, error))
        except BaseException as error:
            told.put(Told(work.stage, _said(work, error)))

    def _progress(self, event: tuple[float, dict[str, Any]]) -> None:
        from nbops.pipelines.executing.execution import CellProgress as Progress

        _, message = event
        if self._told is not None and message.get("stage") in self._works:
            at = Progress(message["cell"], message["cells"], message["line"], message["elapsed"])
            self._told.put(Told(message["stage"], at))


def _carry_out(parcel: Parcel, topic: str) -> Reply:
    """Run in a worker."""
    import distributed

    worker = distributed.get_worker()
    stop, over = threading.Event(), threading.Event()
    stopped = distributed.Event(f"{topic}-stopped", client=distributed.get_client())

    def watch() -> None:
        while not over.wait(_ASK):
            # A scheduler that does not answer ends its workers itself, and they their kernels.
            with contextlib.suppress(Exception):
                if stopped.is_set():
                    stop.set()
                    return

    def tell(at: CellProgress) -> None:
        worker.log_event(
            topic,
            {"stage": parcel.work.stage, "cell": at.cell, "cells": at.cells, "line": at.line, "elapsed": at.elapsed},
        )

    threading.Thread(target=watch, daemon=True).start()
    try:
        return open_parcel(parcel, tell, stop)
    except KeyboardInterrupt:
        # In a worker an interrupt would end the process and whatever else it has.
        raise PipelineError(f"stage {parcel.work.stage!r} was stopped.") from None
    finally:
        over.set()


def _said(work: Work, error: BaseException) -> StageLost:
    kind = type(error).__name__
    if kind == "KilledWorker":
        return StageLost(
            f"stage {work.stage!r} was lost with each of the Dask workers that had it; they died.",
            hint="It may need more memory than a worker has.",
        )
    return StageLost(f"stage {work.stage!r} was lost on Dask: {kind}: {' '.join(str(error).split())[:200]}.")
