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
        return {**_source(run.tags), **run.tags, "nbops.run_id": run.run_id}


def _source(tags: dict[str, str]) -> dict[str, str]:
    """Give MLflow's own tags of where code comes from; in a kernel it would name the kernel's launcher."""
    name, commit = tags.get("nbops.notebook", ""), tags.get("nbops.git_commit", "")
    found = {"mlflow.source.name": name, "mlflow.source.git.commit": commit}
    if name.endswith(".ipynb"):
        found["mlflow.source.type"] = "NOTEBOOK"
    return {key: value for key, value in found.items() if value}
