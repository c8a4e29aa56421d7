"""What MLflow asks when it makes a run: whether a tracked run is open, and which tags it gives.

An entry point of the group ``mlflow.run_context_provider``, so it is loaded in every process of this environment
that uses MLflow: it imports next to nothing and never raises.
"""

from __future__ import annotations

from nbops.tracking import active


class NbopsRunContext:
    """MLflow's ``RunContextProvider``, by duck typing: importing MLflow's base class would import MLflow."""

    def in_context(self) -> bool:
        """Whether a tracked run is open in this process."""
        return active.current() is not None

    def tags(self) -> dict[str, str]:
        """Give the tags for a new MLflow run; the courier finds it by ``nbops.run_id`` and logs the rest into it."""
        run = active.current()
        if run is None:
            return {}
        active.note_mlflow()
        return {**run.tags, "nbops.run_id": run.run_id}
