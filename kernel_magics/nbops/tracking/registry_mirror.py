"""Mirror registered versions and aliases into MLflow's registry. What is not mirrored yet stands in the ledger."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from nbops.ledger import Ledger, tables
from nbops.tracking.mirror import MODEL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSION_TAG = "nbops.version"


def due(ledger: Ledger) -> bool:
    """Whether a version or alias waits, as far as its run has arrived."""
    with ledger.connect() as connection:
        return bool(connection.execute(_versions().limit(1)).first() or connection.execute(_aliases().limit(1)).first())


def waiting(connection: Connection) -> int:
    """Count the versions and aliases that MLflow's registry does not have yet, whether or not their run has arrived."""
    v, m, a, told = tables.model_versions, tables.version_mirrors, tables.model_aliases, tables.alias_mirrors
    same = (m.c.model == v.c.model) & (m.c.version == v.c.version)
    alias = (told.c.model == a.c.model) & (told.c.alias == a.c.alias)
    versions = select(v.c.version).outerjoin(m, same).where(m.c.mlflow_version.is_(None), v.c.origin == "nbops")
    aliases = (
        select(a.c.version).outerjoin(told, alias).where(told.c.version.is_(None) | (told.c.version != a.c.version))
    )
    counts = (select(func.count()).select_from(query.subquery()) for query in (versions, aliases))
    return sum(connection.scalar(count) or 0 for count in counts)


def deliver(ledger: Ledger, client: MlflowClient) -> int:
    """Mirror what is due; give how much that was. Doing it again changes nothing."""
    with ledger.connect() as connection:
        versions = connection.execute(_versions()).mappings().all()
    for row in versions:
        number, model_id = _mirror_version(client, dict(row))
        told = {"mlflow_version": number, "mlflow_model_id": model_id}
        with ledger.begin() as connection:
            statement = ledger.upsert(tables.version_mirrors).values(model=row["model"], version=row["version"], **told)
            connection.execute(statement.on_conflict_do_update(index_elements=["model", "version"], set_=told))
            ledger.touch(connection)
    with ledger.connect() as connection:
        aliases = connection.execute(_aliases()).mappings().all()
    for row in aliases:
        client.set_registered_model_alias(row["model"], row["alias"], row["mlflow_version"])
        with ledger.begin() as connection:
            statement = ledger.upsert(tables.alias_mirrors).values(
                model=row["model"], alias=row["alias"], version=row["version"]
            )
            connection.execute(
                statement.on_conflict_do_update(index_elements=["model", "alias"], set_={"version": row["version"]})
            )
    return len(versions) + len(aliases)


def _versions() -> Any:
    v, m, runs = tables.model_versions, tables.version_mirrors, tables.runs
    same = (m.c.model == v.c.model) & (m.c.version == v.c.version)
    return (
        select(v, runs.c.mlflow_run_id, runs.c.mlflow_experiment_id)
        .join(runs, runs.c.run_id == v.c.run_id)
        .outerjoin(m, same)
        .where(m.c.mlflow_version.is_(None), v.c.origin == "nbops", runs.c.mlflow_run_id != "")
        .order_by(v.c.model, v.c.version)
    )


def _aliases() -> Any:
    a, m, told = tables.model_aliases, tables.version_mirrors, tables.alias_mirrors
    same = (m.c.model == a.c.model) & (m.c.version == a.c.version)
    alias = (told.c.model == a.c.model) & (told.c.alias == a.c.alias)
    return (
        select(a.c.model, a.c.alias, a.c.version, m.c.mlflow_version)
        .join(m, same)
        .outerjoin(told, alias)
        .where((told.c.version.is_(None)) | (told.c.version != a.c.version))
        .order_by(a.c.model, a.c.alias)
    )


def _mirror_version(client: MlflowClient, row: dict[str, Any]) -> tuple[str, str]:
    from mlflow.exceptions import MlflowException

    name, number = row["model"], str(row["version"])
    with contextlib.suppress(MlflowException):  # it exists; anything else shows at once below
        client.create_registered_model(name)
    logged = client.search_logged_models(
        [row["mlflow_experiment_id"]], filter_string=f"source_run_id = '{row['mlflow_run_id']}'"
    )
    model_id = next((m.model_id for m in logged if m.tags.get(MODEL_TAG) == row["digest"]), "")
    if not model_id:
        raise RuntimeError(f"MLflow does not have the model of {name} version {number}")
    for known in client.search_model_versions(f"name = '{_quoted(name)}'"):
        if known.tags.get(VERSION_TAG) == number:
            return str(known.version), model_id
    made = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=row["mlflow_run_id"],
        model_id=model_id,
        tags={VERSION_TAG: number, MODEL_TAG: row["digest"], "nbops.author": row["author"]},
        description=row["detail"].get("description") or None,
    )
    return str(made.version), model_id


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "\\'")
