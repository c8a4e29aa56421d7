"""The model that a monitor is for, and the version of it that is looked at."""

from __future__ import annotations

from nbops.errors import NotFoundError
from nbops.records import ModelVersion
from nbops.registry.holding import holder
from nbops.registry.reading import get_version
from nbops.registry.targets import CHAMPION, PRODUCTION, STAGING
from nbops.workspace import Workspace

_STAGES = {stage.lower(): stage for stage in (PRODUCTION, STAGING)}


def split_model(model: str) -> tuple[str, str]:
    """Give name and target of ``NAME`` or ``NAME@TARGET``; the target is ``champion`` where none is said."""
    name, _, target = model.strip().partition("@")
    return name, target or CHAMPION


def version_of(workspace: Workspace, model: str) -> ModelVersion:
    """Give the version that holds the target of a monitor now.

    Raises
    ------
    NotFoundError
        There is no such model, or nobody holds that target.
    """
    name, target = split_model(model)
    stage = _STAGES.get(target.lower())
    if stage is None:
        return get_version(workspace, name, target)
    number = holder(workspace, name, stage)
    if number is None:
        raise NotFoundError(f"No version of {name!r} is in {stage}.", hint=f"Promote one: nbops promote {name} …")
    return get_version(workspace, name, number)
