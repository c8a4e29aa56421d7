"""Register models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import RegistryError, UsageError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Identity, ModelRef, ModelVersion, Run, to_wire
from nbops.registry.facts import judged_of, seeds, training_of, with_outputs
from nbops.registry.formats.convert import Converted, convert
from nbops.registry.manifest import describe, digest_of, settle
from nbops.registry.promotion import promote
from nbops.registry.reading import get_version
from nbops.registry.targets import target_name
from nbops.tracking.delivery import deliver
from nbops.tracking.search import get_run
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import path_of
from nbops.workspace.identity import who

# What MLflow's registry and a file name both take, so that a name means the same everywhere.
_NAME = re.compile(r"[^\s/:\\\x00-\x1f\x7f](?:[^/:\\\x00-\x1f\x7f]{0,198}[^\s/:\\\x00-\x1f\x7f])?")


def register(
    name: str,
    *,
    run_id: str | None = None,
    model: str | None = None,
    alias: str | None = None,
    author: str | None = None,
    description: str = "",
    notebook: str = "",
    identity: Identity | None = None,
    isolated: bool = False,
    outputs: Mapping[str, Any] | None = None,
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
        Alias to promote the version to, such as ``champion``, by whatever its policy asks for.
    author
        Who is written down as its author; the workspace's author by default.
    description
        Free text.
    notebook
        Prefer the last run of this notebook when no run is named.
    identity
        Who registers; this process's user by default.
    isolated
        Unpickle nothing in this process, as a server must not.
    outputs
        Profile of what the model predicts of rows that it was not fitted on, as :func:`nbops.pipelines.tabular.reference.outputs`
        gives it, for a run that shows none; by default that of the last run that has judged the model.
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
    PromotionConflict, PromotionRefused
        The version is registered, but the alias did not go to it.
    """
    workspace = workspace or find_workspace(notebook or None)
    check_name(name)
    if alias is not None:
        alias = target_name(alias)
    ledger = open_ledger(workspace)
    deliver(workspace)
    run = get_run(workspace, run_id or _last_run_with_model(ledger, notebook))
    chosen = _choose(run, model)
    if not path_of(workspace, chosen.digest).exists():
        raise RegistryError(
            f"The bytes of {chosen.name!r} of run {run.name} are not in this workspace's store.",
            hint="Register it where it was trained, or train it again.",
        )
    identity = identity or who(workspace)
    with ledger.connect() as connection:
        number = _existing(connection, name, run.run_id, chosen.digest)
    if number is None:
        training = training_of(workspace, run, chosen)
        if not training.get("outputs"):
            training = with_outputs(training, outputs or judged_of(workspace, chosen))
        made = _prepare(workspace, run, chosen, training, isolated)
        told = _detail(run, chosen, made, description) | {"seeds": seeds(run, training)}
        with audited(workspace, identity, "register", model=name) as change:
            # Somebody may have registered the same meanwhile.
            number = _existing(change.connection, name, run.run_id, chosen.digest)
            if number is None:
                told["registered_by"] = identity.name
                number = _insert(change, name, run, chosen, made, author or workspace.author, told)
            else:
                change.nothing()
    if alias is not None:
        promote(name, number, alias, identity=identity, workspace=workspace)
    return get_version(workspace, name, number)


def check_name(name: str) -> None:
    r"""Refuse a name for a registered model that MLflow or a file name would not take.

    Raises
    ------
    UsageError
        It is empty, too long, or holds ``/``, ``:``, ``\`` or control characters.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r:.100} cannot name a registered model.",
            hint="Use 1 to 200 characters without / : \\, not starting or ending with a space.",
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


def _prepare(workspace: Workspace, run: Run, ref: ModelRef, training: dict[str, Any], isolated: bool) -> Converted:
    """Store every file of the version to be, so that its row can say that they are there."""
    notebook = run.cell.notebook
    found = convert(workspace, ref, str(Path(notebook).parent) if notebook else "", isolated=isolated)
    files = tuple(sorted((*found.files, *describe(workspace, run, ref, training)), key=lambda file: file.path))
    settle(workspace, files)
    return replace(found, files=files)


def _existing(connection: Connection, name: str, run_id: str, digest: str) -> int | None:
    v = tables.model_versions
    same = select(v.c.version, v.c.digest, v.c.detail).where(v.c.model == name, v.c.run_id == run_id)
    for row in connection.execute(same.order_by(v.c.version.desc())):
        if row.detail.get("captured", row.digest) == digest:
            return int(row.version)
    return None


def _insert(
    change: AuditedChange,
    name: str,
    run: Run,
    ref: ModelRef,
    made: Converted,
    author: str,
    detail: dict[str, Any],
) -> int:
    models, connection = tables.models, change.connection
    new = change.ledger.upsert(models).values(name=name, created_at=change.at).on_conflict_do_nothing()
    connection.execute(new)
    # Raising the counter locks the row, so two who register at once get two numbers.
    connection.execute(models.update().where(models.c.name == name).values(last_version=models.c.last_version + 1))
    number = int(connection.scalar(select(models.c.last_version).where(models.c.name == name)) or 0)
    digest = digest_of(made.files)
    connection.execute(
        tables.model_versions.insert().values(
            model=name,
            version=number,
            run_id=run.run_id,
            digest=digest,
            size=sum(file.size for file in made.files),
            class_name=ref.class_name,
            flavor=ref.flavor,
            serialization=made.serialization,
            created_at=change.at,
            author=author,
            files=to_wire(made.files),
            detail=detail,
        )
    )
    change.row(models, (name,))
    change.row(tables.model_versions, (name, number))
    change.version = number
    change.detail |= {"run": run.run_id, "digest": digest, "format": made.serialization}
    return number


def _detail(run: Run, ref: ModelRef, made: Converted, description: str) -> dict[str, Any]:
    return {
        "name": ref.name,
        "metrics": to_wire(run.metrics),
        "params": run.params,
        "data": {data.name: data.fingerprint for data in run.data},
        "features": list(ref.features),
        "feature_types": list(ref.feature_types),
        "captured": ref.digest,
        "problem": made.problem,
        "onnx": made.note,
        "task": ref.task,
        "description": description,
    }
