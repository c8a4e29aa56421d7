"""The same function over many files: one after the other in this process, or beside each other on Dask.

What a function gives of a file must not depend on who else works; then the result is the same on every engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from nbops.data import parts
from nbops.data.profile import Profile
from nbops.errors import NbopsError, PipelineError
from nbops.pipelines.cluster import connected, is_dask

Result = TypeVar("Result")
# Tasks that wait for a worker, as multiples of the workers: enough to keep them busy, few enough to hold no memory.
_AHEAD = 2


def map_partitions(
    function: Callable[[Path, Any], Result],
    paths: Sequence[Path],
    *,
    shared: Any = None,
    on: str = "",
    workers: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Result]:
    """Call a function with each path.

    A worker that dies is replaced, and what it had is done again: the function must leave either all of its work or none.

    Parameters
    ----------
    function
        Takes a path and what is shared; what it gives should be small.
    paths
        Absolute, where other machines are to find them.
    shared
        Given to every call; to each worker it is sent once.
    on
        Empty or ``local`` for this process, ``dask`` or ``dask://HOST:PORT``.
    workers
        How many processes, of a Dask cluster of this machine.
    told
        Called with how many are done, and how many there are.

    Returns
    -------
    list
        In the order of the paths.

    Raises
    ------
    PipelineError
        The function raised, which names the path, or killed several workers. Errors of nbops go through as they are.
    MissingExtraError
        Dask is asked for and not installed.
    """
    if is_dask(on) and paths:
        found = _on_dask(function, paths, shared, on, workers)
    else:
        found = ((place, _called(function, path, shared)) for place, path in enumerate(paths))
    results: dict[int, Result] = {}
    for done, (place, result) in enumerate(found, 1):
        results[place] = result
        if told is not None:
            told(done, len(paths))
    return [results[place] for place in range(len(paths))]


def profile_files(
    paths: Sequence[Path],
    *,
    reference: Profile | None = None,
    columns: Sequence[str] = (),
    on: str = "",
    workers: int | None = None,
) -> Profile:
    """Profile rows that lie in many files, however they are parted: the same rows give the same profile, bit by bit.

    Parameters
    ----------
    paths
        Files that :func:`nbops.data.chunks.read_chunks` reads; each is read piece by piece. Without a reference the first rows
        are read twice.
    reference
        Take kinds and shifts from this profile, so that both can be compared.
    columns
        Only these; all by default, or those of the reference.
    on, workers
        As for :func:`map_partitions`.

    Raises
    ------
    DataError
        There are no files, or one cannot be read.
    """
    if reference is None:
        reference = parts.plan(parts.pieces_of(paths, columns))
    elif columns:
        reference = parts.only(reference, columns)
    counted = map_partitions(_count, paths, shared=reference, on=on, workers=workers)
    return parts.profile_of(parts.together(counted), reference)


def _count(path: Path, reference: Profile) -> parts.Part:
    return parts.count(path, reference)


def _called(function: Callable[[Path, Any], Result], path: Path, shared: Any) -> Result:
    try:
        return function(path, shared)
    except NbopsError:
        raise
    except Exception as error:
        raise PipelineError(f"{path}: {type(error).__name__}: {' '.join(str(error).split())[:300]}") from error


def _on_dask(
    function: Callable[[Path, Any], Result], paths: Sequence[Path], shared: Any, on: str, workers: int | None
) -> Iterator[tuple[int, Result]]:
    with connected(on, workers) as client:
        import distributed

        (everywhere,) = client.scatter([shared], broadcast=True, hash=False)
        call = partial(_called, function)
        waiting = iter(enumerate(paths))
        ahead = _AHEAD * max(sum(client.nthreads().values()), 1)
        places: dict[str, int] = {}

        def submit(many: int) -> list[Any]:
            begun = []
            for place, path in itertools.islice(waiting, many):
                future = client.submit(call, path, everywhere, pure=False)
                places[future.key] = place
                begun.append(future)
            return begun

        running = distributed.as_completed(submit(ahead), loop=client.loop)
        for future in running:
            place = places.pop(future.key)
            yield place, _result(distributed, future, paths[place])
            running.update(submit(1))


def _result(distributed: Any, future: Any, path: Path) -> Any:
    try:
        return future.result()
    except distributed.KilledWorker as error:
        raise PipelineError(
            f"{path} was lost with each of the Dask workers that had it; they died.",
            hint="It may need more memory than a worker has.",
        ) from error
