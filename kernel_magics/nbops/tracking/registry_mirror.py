"""Mirror registered versions and aliases into MLflow's registry. What is not mirrored yet stands in the ledger."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from nbops.ledger import Ledger, tables
from nbops.tracking.mirror import MODEL_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSION_TAG = "nbops.version"


def due(ledger: Ledger) -> bool:
    """Whether a version or alias waits, as far as its run has arrived."""
    with ledger.connect() as connection:
        return bool(connection.execute(_versions().limit(1)).first() or connection.execute(_aliases().limit(1)).first())


def deliver(ledger: Ledger, client: MlflowClient) -> int:
    """Mirror what is due; give how much that was. Doing it again changes nothing."""
    with ledger.connect() as connection:
        versions = connection.execute(_versions()).mappings().all()
    for row in versions:
        number, model_id = _mirror_version(client, dict(row))
        table = tables.model_versions
        with ledger.begin() as connection:
            connection.execute(
                table.update()
                .where(table.c.model == row["model"], table.c.version == row["version"])
                .values(mlflow_version=number, detail={**row["detail"], "mlflow_model_id": model_id})
            )
            ledger.touch(connection)
    with ledger.connect() as connection:
        aliases = connection.execute(_aliases()).mappings().all()
    for row in aliases:
        client.set_registered_model_alias(row["model"], row["alias"], row["mlflow_version"])
        table_of_aliases = tables.model_aliases
        with ledger.begin() as connection:
            connection.execute(
                table_of_aliases.update()
                .where(
                    table_of_aliases.c.model == row["model"],
                    table_of_aliases.c.alias == row["alias"],
                    table_of_aliases.c.version == row["version"],
                )
                .values(mirrored=row["version"])
            )
    return len(versions) + len(aliases)


def _versions() -> Any:
    v, runs = tables.model_versions, tables.runs
    return (
        select(v, runs.c.mlflow_run_id, runs.c.mlflow_experiment_id)
        .join(runs, runs.c.run_id == v.c.run_id)
        .where(v.c.mlflow_version == "", v.c.origin == "nbops", runs.c.mlflow_run_id != "")
        .order_by(v.c.model, v.c.version)
    )


def _aliases() -> Any:
    v, a = tables.model_versions, tables.model_aliases
    same = (v.c.model == a.c.model) & (v.c.version == a.c.version)
    return (
        select(a.c.model, a.c.alias, a.c.version, v.c.mlflow_version)
        .join(v, same)
        .where(a.c.mirrored != a.c.version, v.c.mlflow_version != "")
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
