"""Where stages run: beside each other on this machine, or on a Dask cluster."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.pipelines.running.runners.base import Runner, Told
from nbops.workspace import Workspace

__all__ = ["Runner", "Told", "runner_for"]


def runner_for(on: str, jobs: int | None, workspace: Workspace) -> Runner:
    """Give the runner that ``on`` names: ``local``, ``dask`` (a cluster of this machine) or ``dask://HOST:PORT``.

    Raises
    ------
    UsageError
        There is no such runner.
    MissingExtraError
        Dask is asked for and not installed.
    PipelineError
        The cluster does not answer.
    """
    if on in {"", "local"}:
        from nbops.pipelines.running.runners.local import LocalRunner

        return LocalRunner(jobs)
    if on == "dask" or on.startswith("dask://"):
        from nbops.pipelines.running.runners.dask import DaskRunner

        return DaskRunner(on.removeprefix("dask").removeprefix("://"), jobs, workspace)
    raise UsageError(f"Stages cannot run on {on!r}.", hint="Use local, dask or dask://HOST:PORT.")
