"""To which run a model belongs that a stage gives away: the tracked cell that stored it, else the stage."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace

from nbops.pipelines.outputs import Output
from nbops.workspace import Workspace


def with_owners(workspace: Workspace, stage_run: str, found: Mapping[str, Output]) -> dict[str, Output]:
    """Give the outputs of a stage with the values of its models, ``run/model``."""
    given = dict(found)
    if not any(item.kind == "model" for item in given.values()):
        return given
    # Loaded late: a pipeline without models needs no database.
    tracked = _tracked_models(workspace, stage_run)
    for name, item in given.items():
        if item.kind == "model":
            owner, called = tracked.get(item.digest, (stage_run, item.model["name"]))
            given[name] = replace(item, value=f"{owner}/{called}")
    return given


def _tracked_models(workspace: Workspace, parent: str) -> dict[str, tuple[str, str]]:
    search = importlib.import_module("nbops.tracking.search")
    found: dict[str, tuple[str, str]] = {}
    page = search.search_runs(workspace, parent_id=parent, limit=1000, descending=False)
    for row in page.runs:
        if row.has_model:
            for ref in search.get_run(workspace, row.run_id).models:
                if ref.digest:
                    found[ref.digest] = (row.run_id, ref.name)
    return found
