"""What a version knows of its training: a profile of the data, an example of its input, what was seeded."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from nbops.capture.judged import path_of_judged
from nbops.capture.training import path_of_facts
from nbops.data.compact import expanded
from nbops.data.profile import Profile
from nbops.errors import NotFoundError, RegistryError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.records import ModelRef, ModelVersion, Run
from nbops.registry.reading import get_version
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import read

PROFILE_FILE, EXAMPLE_FILE, RUN_FILE = "training_profile.json", "input_example.json", "run.json"
_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[^/@]+)|@(?P<alias>[^/@]+))")


def training_of(workspace: Workspace, run: Run, ref: ModelRef) -> dict[str, Any]:
    """Give what a run kept of the training of one of its models; nothing where it kept none.

    Raises
    ------
    WorkspaceError
        The file was changed since it was written.
    """
    path = path_of_facts(ref.digest)
    for artifact in run.artifacts:
        if artifact.path == path:
            # What is gone is not known; the version says so by not having it.
            with contextlib.suppress(NotFoundError):
                found: dict[str, Any] = json.loads(read(workspace, artifact.digest))
                return found
    return {}


def judged_of(workspace: Workspace, ref: ModelRef) -> dict[str, Any]:
    """Give what a run that judged a model kept of its predictions, the newest of several; nothing where none did.

    Raises
    ------
    WorkspaceError
        The file was changed since it was written.
    """
    a, r = tables.artifacts, tables.runs
    kept = select(a.c.digest).join(r, r.c.run_id == a.c.run_id).where(a.c.path == path_of_judged(ref.digest))
    with open_ledger(workspace).connect() as connection:
        digests = connection.scalars(kept.order_by(r.c.started_at.desc(), r.c.run_id)).all()
    for digest in digests:
        with contextlib.suppress(NotFoundError):
            found: dict[str, Any] = json.loads(read(workspace, digest))
            if found.pop("model", "") == ref.digest:
                return found
    return {}


def with_outputs(training: dict[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Add a profile of predictions to what is known of a training, unless the model learnt from more rows than those they are apart from."""
    known, learnt = outputs.get("learnt"), training.get("data", {}).get("rows", 0)
    return training if known is not None and learnt > known else {**training, "outputs": dict(outputs)}


def seeds(run: Run, training: dict[str, Any]) -> dict[str, str]:
    """Give what seeds random numbers: parameters, calls in the code, and the estimator's own seeds.

    ``None`` is something that starts anew each time. Nothing at all: the code shows no seed, so it may not repeat itself.
    """
    given = {
        name: value
        for name, value in run.params.items()
        if name.rpartition(".")[2] in {"random_state", "seed"} or name.endswith("__random_state")
    }
    return {**given, **training.get("seeds", {}), **training.get("random_state", {})}


def facts_of(workspace: Workspace, version: ModelVersion) -> dict[str, Any]:
    """Give ``seeds``, ``training`` (which data, how many rows) and ``input_example`` of a version; empty where unknown."""
    profile = _stored(workspace, version, PROFILE_FILE)
    return {
        "seeds": _stored(workspace, version, RUN_FILE).get("seeds", {}),
        "training": profile.get("data", {}),
        "input_example": _stored(workspace, version, EXAMPLE_FILE),
    }


def training_profile(name: str, version: int | str = "champion", *, workspace: Workspace | None = None) -> Profile:
    """Give the profile of the data that a version was fitted on, as the reference of :func:`nbops.drift`.

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
        There is no such model or version.
    RegistryError
        The version has no such profile.
    """
    workspace = workspace or find_workspace()
    found = get_version(workspace, name, version)
    stored = _stored(workspace, found, PROFILE_FILE).get("profile")
    if not stored:
        raise RegistryError(
            f"{name} version {found.version} has no profile of its training data.",
            hint="A version has one where its run shows the frame that the model was fitted on. Give a file instead.",
        )
    return replace(expanded(stored), of_features=True)


def outputs_profile(workspace: Workspace, version: ModelVersion) -> tuple[Profile, str] | None:
    """Give the profile of what a version predicted of rows that it was not fitted on, and the name of those rows.

    Its columns are ``output``, and ``score`` or a ``score_<class>`` each, as in the log of predictions; classes are texts. ``None``
    where nothing shows such predictions: neither its run, nor one that has judged the model, nor who registered it.
    """
    stored = _stored(workspace, version, PROFILE_FILE).get("outputs")
    return (expanded(stored["profile"]), str(stored["name"])) if stored else None


def importance_at(uri: str, *, workspace: Workspace | None = None) -> dict[str, float]:
    """Give how much each feature counts in ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``; nothing where it is not known.

    Raises
    ------
    UsageError, NotFoundError
        As for :func:`profile_at`.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise UsageError(f"{uri!r} names no version.", hint="Write models:/NAME/3 or models:/NAME@champion.")
    workspace = workspace or find_workspace()
    return importance_of(workspace, get_version(workspace, match["name"], match["version"] or match["alias"]))


def importance_of(workspace: Workspace, version: ModelVersion) -> dict[str, float]:
    """Give how much each feature counts in a version; nothing where it is not known."""
    weights: dict[str, float] = _stored(workspace, version, PROFILE_FILE).get("importance", {})
    return weights


def profile_at(uri: str, *, workspace: Workspace | None = None) -> Profile:
    """Give the training profile of ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``.

    Raises
    ------
    UsageError
        It is written otherwise.
    NotFoundError, RegistryError
        As for :func:`training_profile`.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise UsageError(f"{uri!r} names no version.", hint="Write models:/NAME/3 or models:/NAME@champion.")
    return training_profile(match["name"], match["version"] or match["alias"], workspace=workspace)


def _stored(workspace: Workspace, version: ModelVersion, path: str) -> dict[str, Any]:
    for file in version.files:
        if file.path == path:
            with contextlib.suppress(NotFoundError):
                found: dict[str, Any] = json.loads(read(workspace, file.digest))
                return found
    return {}
