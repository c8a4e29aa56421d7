"""The version that is served: found by number, alias or lifecycle stage, loaded and checked by the registry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nbops.errors import NotFoundError, RegistryError, UsageError
from nbops.records import ModelVersion
from nbops.registry import get_version, holder, load_model
from nbops.registry.targets import PRODUCTION, is_stage, target_name
from nbops.workspace import Workspace

_WHICH = re.compile(r"(?P<name>[^@/]+)(?:@(?P<target>[^@/]+)|/(?P<version>[^@/]+))?")


@dataclass(frozen=True, slots=True)
class Served:
    """A loaded version. ``model`` is the fitted estimator."""

    version: ModelVersion
    model: Any

    @property
    def by_position(self) -> bool:
        """Whether the model was fitted on an array, whose columns have no names."""
        return all(name == f"x{i}" for i, name in enumerate(self.version.features))

    def facts(self) -> dict[str, Any]:
        """Say which model this is, as ``GET /version`` does."""
        found = self.version
        return {
            "model": found.model,
            "version": found.version,
            "digest": found.digest,
            "class": found.class_name,
            "task": found.task,
            "columns": list(found.features),
            "lifecycle_stage": found.lifecycle_stage,
            "aliases": list(found.aliases),
        }


def load_served(which: str, workspace: Workspace) -> Served:
    """Load a version for serving; its digest is checked, and formats are those that the registry loads.

    Parameters
    ----------
    which
        ``NAME`` (its holder of Production), ``NAME@TARGET`` (a lifecycle stage or alias) or ``NAME/VERSION``.
    workspace
        Where it is registered.

    Raises
    ------
    UsageError
        ``which`` names no version.
    NotFoundError
        There is no such model or version, or nobody holds the target.
    RegistryError
        It cannot be loaded, or does not predict.
    """
    match = _WHICH.fullmatch(which)
    if match is None:
        raise UsageError(f"{which!r} names no version.", hint="Write NAME, NAME@Staging or NAME/3.")
    name, version = match["name"], match["version"]
    if version is None:
        version = _held(workspace, name, match["target"] or PRODUCTION)
    found = get_version(workspace, name, version)
    model = load_model(name, found.version, workspace=workspace)
    if not callable(getattr(model, "predict", None)):
        raise RegistryError(f"{name} version {found.version} is a {found.class_name}, which does not predict.")
    return Served(found, model)


def _held(workspace: Workspace, name: str, target: str) -> int | str:
    target = target_name(target)
    number = holder(workspace, name, target)
    if number is not None:
        return number
    if not is_stage(target):
        # Aliases that were given when a version was registered, or through MLflow.
        return target
    raise NotFoundError(
        f"Nobody holds {target} of {name}.", hint=f"Promote a version, or name one: nbops serve {name}/1"
    )
