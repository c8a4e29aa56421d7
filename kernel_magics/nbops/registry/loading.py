"""Load a registered model."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from nbops.errors import MissingExtraError, RegistryError
from nbops.records import ModelVersion
from nbops.registry.approvals import pickle_approved
from nbops.registry.manifest import verified
from nbops.registry.reading import get_version
from nbops.workspace import Workspace, find_workspace


def load_model(name: str, version: int | str = "champion", *, workspace: Workspace | None = None) -> Any:
    """Load a version of a registered model from the workspace's own store; every file of it is checked first.

    A version stored as skops is built from types known beforehand. One that had to stay a pickle runs code when it is
    loaded: somebody has to let it first (``nbops approve --pickle``). The Jupyter server never calls this.

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
        The model, version or alias does not exist.
    RegistryError
        A file of it was changed or is gone, it is a pickle that nobody has let through, it asks for types that are not
        trusted, or it cannot be loaded in this environment.
    """
    workspace = workspace or find_workspace()
    found = get_version(workspace, name, version)
    if found.origin != "nbops":
        raise RegistryError(f"{name} version {found.version} was registered by MLflow.", hint="Load it with MLflow.")
    files = verified(workspace, found)
    if found.serialization == "skops":
        return _guarded(found, lambda: _from_skops(found, files))
    if not pickle_approved(workspace, found):
        why = f": {found.problem}" if found.problem else ""
        raise RegistryError(
            f"{name} version {found.version} is stored as a pickle{why}. Loading one runs whatever code is in it.",
            hint=f'Somebody has to let it: nbops approve {name} {found.version} --pickle --reason "…"',
        )
    return _guarded(found, lambda: _from_pickle(found, files))


def _from_skops(found: ModelVersion, files: Mapping[str, bytes]) -> Any:
    from nbops.registry.formats import skops_format

    return skops_format.load(files[skops_format.FILE])


def _from_pickle(found: ModelVersion, files: Mapping[str, bytes]) -> Any:
    from nbops.registry.formats.convert import PICKLE_FILE

    if found.serialization == "cloudpickle":
        importlib.import_module("cloudpickle")
    return pickle.loads(files[PICKLE_FILE])


def _guarded(found: ModelVersion, load: Callable[[], Any]) -> Any:
    what = f"{found.model} version {found.version}"
    try:
        return load()
    except RegistryError as error:
        raise RegistryError(f"{what} is not loaded: {error.message}.") from error
    except ModuleNotFoundError as error:
        if error.name == "cloudpickle":
            raise MissingExtraError("Loading this model", "cloudpickle") from error
        raise RegistryError(f"{what} needs the package {error.name}.") from error
    except Exception as error:
        raise RegistryError(
            f"{what} cannot be loaded here: {type(error).__name__}: {error}.",
            hint="Compare the packages of its run with those installed.",
        ) from error
