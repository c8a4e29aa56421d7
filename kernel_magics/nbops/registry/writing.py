"""Register models and move aliases."""

from __future__ import annotations

import re
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, RegistryError, UsageError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.records import ModelRef, ModelVersion, Run, to_wire
from nbops.registry.reading import get_model, get_version, version_number
from nbops.tracking.delivery import deliver
from nbops.tracking.search import get_run
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import path_of

# What MLflow's registry and a file name both take, so that a name means the same everywhere.
_NAME = re.compile(r"[^\s/:\\\x00-\x1f\x7f](?:[^/:\\\x00-\x1f\x7f]{0,198}[^\s/:\\\x00-\x1f\x7f])?")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


def register(
    name: str,
    *,
    run_id: str | None = None,
    model: str | None = None,
    alias: str | None = None,
    author: str | None = None,
    description: str = "",
    notebook: str = "",
    workspace: Workspace | None = None,
) -> ModelVersion:
    """Register the model of a run as the next version of ``name``.

    Registering the same bytes of the same run again gives the version that exists.

    Parameters
    ----------
    name
        Registered model; made at its first version.
    run_id
        Run id, its beginning, or its name; the last run with a stored model by default.
    model
        Which model of the run, by its name in the code, when the run has several.
    alias
        Alias to point at the version, such as ``champion``.
    author
        Who registers; the workspace's author by default.
    description
        Free text.
    notebook
        Prefer the last run of this notebook when no run is named.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    UsageError
        The name or alias has characters that MLflow or a file name do not take.
    NotFoundError
        There is no such run.
    RegistryError
        The run has no stored model, or several.
    """
    workspace = workspace or find_workspace(notebook or None)
    check_name(name)
    if alias is not None:
        check_alias(alias)
    ledger = open_ledger(workspace)
    deliver(workspace)
    run = get_run(workspace, run_id or _last_run_with_model(ledger, notebook))
    chosen = _choose(run, model)
    if not path_of(workspace, chosen.digest).exists():
        raise RegistryError(
            f"The bytes of {chosen.name!r} of run {run.name} are not in this workspace's store.",
            hint="Register it where it was trained, or train it again.",
        )
    actor = author or workspace.author
    with ledger.begin() as connection:
        number = _existing(connection, name, run.run_id, chosen.digest)
        if number is None:
            number = _insert(connection, ledger, name, run, chosen, actor, description)
        if alias is not None:
            _point(connection, ledger, name, alias, number, actor)
        ledger.touch(connection)
    return get_version(workspace, name, number)


def set_alias(
    name: str, alias: str, version: int | str, *, actor: str | None = None, workspace: Workspace | None = None
) -> ModelVersion:
    """Point an alias of a model at a version.

    Raises
    ------
    UsageError
        The alias has characters that MLflow does not take.
    NotFoundError
        The model or version does not exist.
    """
    workspace = workspace or find_workspace()
    check_alias(alias)
    model = get_model(workspace, name)
    number = version_number(model, version)
    if all(known.version != number for known in model.versions):
        raise NotFoundError(f"Model {name!r} has no version {number}.")
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        _point(connection, ledger, name, alias, number, actor or workspace.author)
        ledger.touch(connection)
    return get_version(workspace, name, number)


def check_name(name: str) -> None:
    r"""Refuse a name for a registered model that MLflow or a file name would not take.

    Raises
    ------
    UsageError
        It is empty, too long, or holds ``/``, ``:``, ``\`` or control characters.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a registered model.",
            hint="Use 1 to 200 characters without / : \\, not starting or ending with a space.",
        )


def check_alias(alias: str) -> None:
    """Refuse an alias that MLflow would not take.

    Raises
    ------
    UsageError
        It does not start with a letter, holds other than letters, digits, ``_`` and ``-``, or is reserved.
    """
    if not _ALIAS.fullmatch(alias) or alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise UsageError(
            f"{alias!r} cannot be an alias.",
            hint="Start with a letter, use letters, digits, _ and -; 'latest' and 'v1' are reserved.",
        )


def _last_run_with_model(ledger: Ledger, notebook: str) -> str:
    runs = tables.runs
    newest = select(runs.c.run_id).where(runs.c.has_model, runs.c.status != "RUNNING")
    newest = newest.order_by(runs.c.started_at.desc()).limit(1)
    with ledger.connect() as connection:
        found = None
        if notebook:
            found = connection.scalar(newest.where(runs.c.notebook == notebook))
        found = found or connection.scalar(newest)
    if found is None:
        raise RegistryError(
            "No run of this workspace has a stored model.", hint="Fit one in a cell that starts with %%track."
        )
    return str(found)


def _choose(run: Run, wanted: str | None) -> ModelRef:
    stored = [ref for ref in run.models if ref.digest]
    if wanted is not None:
        stored = [ref for ref in stored if ref.name == wanted]
    if len(stored) == 1:
        return stored[0]
    names = ", ".join(repr(ref.name) for ref in run.models if ref.digest)
    if stored:
        raise RegistryError(f"Run {run.name} has several models: {names}.", hint="Say which one with --model NAME.")
    if wanted is not None and names:
        raise RegistryError(f"Run {run.name} has no model {wanted!r}.", hint=f"It has {names}.")
    why = next((ref.problem for ref in run.models if ref.problem), "no fitted estimator was found in its code")
    raise RegistryError(f"Run {run.name} has no stored model: {why}.")


def _existing(connection: Connection, name: str, run_id: str, digest: str) -> int | None:
    v = tables.model_versions
    same = select(v.c.version).where(v.c.model == name, v.c.run_id == run_id, v.c.digest == digest)
    found = connection.scalar(same.order_by(v.c.version.desc()).limit(1))
    return None if found is None else int(found)


def _insert(
    connection: Connection, ledger: Ledger, name: str, run: Run, ref: ModelRef, actor: str, description: str
) -> int:
    now = time.time()
    models = tables.models
    connection.execute(ledger.upsert(models).values(name=name, created_at=now).on_conflict_do_nothing())
    # Raising the counter locks the row, so two who register at once get two numbers.
    connection.execute(models.update().where(models.c.name == name).values(last_version=models.c.last_version + 1))
    number = int(connection.scalar(select(models.c.last_version).where(models.c.name == name)) or 0)
    connection.execute(
        tables.model_versions.insert().values(
            model=name,
            version=number,
            run_id=run.run_id,
            digest=ref.digest,
            size=ref.size,
            class_name=ref.class_name,
            flavor=ref.flavor,
            serialization=ref.serialization,
            created_at=now,
            author=actor,
            detail=_detail(run, ref, description),
        )
    )
    return number


def _detail(run: Run, ref: ModelRef, description: str) -> dict[str, Any]:
    return {
        "name": ref.name,
        "metrics": to_wire(run.metrics),
        "params": run.params,
        "data": {data.name: data.fingerprint for data in run.data},
        "features": list(ref.features),
        "task": ref.task,
        "description": description,
    }


def _point(connection: Connection, ledger: Ledger, name: str, alias: str, number: int, actor: str) -> None:
    values = {"version": number, "set_at": time.time(), "actor": actor}
    statement = ledger.upsert(tables.model_aliases).values(model=name, alias=alias, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["model", "alias"], set_=values))
