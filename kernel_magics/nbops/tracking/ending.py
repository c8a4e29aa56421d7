"""Write down the end of a run, with less where all of it cannot be had: a run that has ended must not stay RUNNING."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nbops.records import ArtifactRef, Run
from nbops.tracking.outbox import Outbox


def write_end(box: Outbox, run: Run, blobs: Sequence[tuple[ArtifactRef, bytes]]) -> tuple[Run, str]:
    """Write down a finished run with its files, or without them.

    Parameters
    ----------
    box
        Where it goes.
    run
        The finished run.
    blobs
        Its files.

    Returns
    -------
    tuple
        The run as it was written, and what went wrong, in one line or nothing.

    Raises
    ------
    NbopsError
        Not even the run alone can be written.
    """
    try:
        box.finish(run, blobs)
        return run, ""
    except Exception as error:
        why = f"its files could not be kept: {error}"
    models = tuple(replace(model, digest="", problem=why[:300]) for model in run.models)
    slim = replace(run, artifacts=(), models=models, profiles={})
    try:
        box.finish(slim)
    except (TypeError, ValueError, RecursionError) as error:
        why = f"what was captured could not be written down: {error}"
        slim = replace(slim, params={}, metrics={}, metric_functions={}, data=(), models=(), stdout="", stderr="")
        box.finish(slim)
    return slim, why
