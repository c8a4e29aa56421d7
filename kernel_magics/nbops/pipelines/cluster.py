"""A connection to a Dask cluster: one that is named, or one of this machine for as long as it is needed."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from nbops.errors import MissingExtraError, PipelineError, UsageError

DASK = "dask"


def is_dask(on: str) -> bool:
    """Whether ``on`` names Dask: ``dask`` or ``dask://HOST:PORT``; empty and ``local`` name this process.

    Raises
    ------
    UsageError
        It names something else.
    """
    if on in {"", "local"}:
        return False
    if on == DASK or on.startswith(f"{DASK}://"):
        return True
    raise UsageError(f"Partitions cannot be worked on {on!r}.", hint="Use local, dask or dask://HOST:PORT.")


@contextlib.contextmanager
def connected(on: str, workers: int | None = None) -> Iterator[Any]:
    """Give a client; a cluster that was started for it ends with it.

    Parameters
    ----------
    on
        ``dask`` for a cluster of this machine, or ``dask://HOST:PORT`` of a scheduler.
    workers
        How many processes, of a cluster of this machine; by default as many as it has processors.

    Raises
    ------
    MissingExtraError
        ``distributed`` is not installed.
    PipelineError
        The scheduler does not answer.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise MissingExtraError("Working on Dask", DASK) from error
    address = on.removeprefix(DASK).removeprefix("://")
    log = logging.getLogger("distributed")
    with contextlib.ExitStack() as stack:
        # What is put back last, after client and cluster have ended.
        stack.callback(log.setLevel, log.level)
        try:
            where = f"tcp://{address}" if address else stack.enter_context(_own(distributed, workers))
            client = stack.enter_context(distributed.Client(where, timeout=20 if address else 60, set_as_default=False))
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:160]
            raise PipelineError(
                f"The Dask scheduler {address or 'of this machine'} does not answer: {said}.",
                hint="Start one with: dask scheduler; and workers with: dask worker HOST:PORT",
            ) from error
        # Dask says at WARNING that streams are closed, which is what is asked for at the end.
        stack.callback(log.setLevel, logging.ERROR)
        yield client


def _own(distributed: Any, workers: int | None) -> Any:
    return distributed.LocalCluster(
        n_workers=workers or os.cpu_count() or 1,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=logging.ERROR,
    )
