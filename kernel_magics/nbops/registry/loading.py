"""Load a registered model."""

from __future__ import annotations

import importlib
import pickle
from typing import Any

from nbops.errors import MissingExtraError, RegistryError
from nbops.registry.reading import get_version
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import read


def load_model(name: str, version: int | str = "champion", *, workspace: Workspace | None = None) -> Any:
    """Load a version of a registered model from the workspace's own store; its digest is checked first.

    Unpickling runs code, so this is for a kernel or a script of the person who owns the store; the Jupyter server
    never calls it.

    Parameters
    ----------
    name
        Registered model.
    version
        Number or alias.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        The model, version or alias does not exist, or its bytes are gone.
    WorkspaceError
        The stored bytes are not those that were registered.
    RegistryError
        The bytes cannot be loaded in this environment.
    """
    workspace = workspace or find_workspace()
    found = get_version(workspace, name, version)
    if found.origin != "nbops":
        raise RegistryError(f"{name} version {found.version} was registered by MLflow.", hint="Load it with MLflow.")
    data = read(workspace, found.digest)
    try:
        if found.serialization == "cloudpickle":
            importlib.import_module("cloudpickle")
        return pickle.loads(data)
    except ModuleNotFoundError as error:
        if error.name == "cloudpickle":
            raise MissingExtraError("Loading this model", "cloudpickle") from error
        raise RegistryError(f"{name} version {found.version} needs the package {error.name}.") from error
    except Exception as error:
        raise RegistryError(
            f"{name} version {found.version} cannot be loaded here: {type(error).__name__}: {error}.",
            hint="Compare the packages of its run with those installed.",
        ) from error
