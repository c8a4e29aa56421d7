"""Models that go from stage to stage: the reference ``run/model`` and back."""

from __future__ import annotations

import pickle
from typing import Any

from nbops.errors import NotFoundError, PipelineError
from nbops.records import ModelRef, Run
from nbops.tracking.search import get_run, search_runs
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import read


def run_model(reference: str, *, workspace: Workspace | None = None) -> tuple[Any, Run, ModelRef]:
    """Load the model of a run. Unpickling runs code, so this is for the kernel of the person who owns the store.

    Parameters
    ----------
    reference
        ``run/model``, or a run alone (id, beginning of an id, name) that has one model; ``last`` is the last run with one.
    workspace
        The workspace of the working directory by default.

    Returns
    -------
    tuple
        The fitted estimator, its run and its description there.

    Raises
    ------
    NotFoundError
        There is no such run, model or file.
    PipelineError
        The run has several models and none was named.
    """
    workspace = workspace or find_workspace()
    wanted, _, name = reference.partition("/")
    run = get_run(workspace, _last(workspace) if wanted == "last" else wanted)
    stored = [ref for ref in run.models if ref.digest and name in ("", ref.name)]
    if not stored:
        raise NotFoundError(f"Run {run.name} has no stored model{f' {name!r}' if name else ''}.")
    if len(stored) > 1:
        raise PipelineError(
            f"Run {run.name} has several models.", hint=f"Name one of them: {run.run_id[:8]}/{stored[0].name}"
        )
    return pickle.loads(read(workspace, stored[0].digest)), run, stored[0]


def _last(workspace: Workspace) -> str:
    for row in search_runs(workspace, limit=1000).runs:
        if row.has_model and row.status == "FINISHED":
            return row.run_id
    raise NotFoundError("No run has a stored model.", hint="Fit one in a cell that starts with %%track.")
