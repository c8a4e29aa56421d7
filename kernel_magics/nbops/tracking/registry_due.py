"""What MLflow's registry has yet to be told, as the ledger's tables say it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from nbops.ledger import Ledger, tables

# So long a version waits for the run of an earlier one, to get the number in MLflow that it has here.
PATIENCE = 600.0


def due(ledger: Ledger) -> bool:
    """Whether something can be mirrored now."""
    queries: tuple[Callable[[Connection], Iterable[Any]], ...] = (versions_due, stages_due, aliases_due, heads_due)
    with ledger.connect() as connection:
        return any(True for query in queries for _ in query(connection))


def waiting(connection: Connection) -> int:
    """Count what MLflow's registry does not have yet, whether or not the runs of new versions have arrived there."""
    v, m, a, told = tables.model_versions, tables.version_mirrors, tables.model_aliases, tables.alias_mirrors
    same = (m.c.model == v.c.model) & (m.c.version == v.c.version)
    alias = (told.c.model == a.c.model) & (told.c.alias == a.c.alias)
    versions = select(v.c.version).outerjoin(m, same).where(m.c.mlflow_version.is_(None), v.c.origin == "nbops")
    aliases = select(a.c.version).outerjoin(told, alias).where(_alias_differs())
    removed = select(told.c.version).outerjoin(a, alias).where(a.c.version.is_(None))
    stages = select(v.c.version).join(m, same).where(_stage_differs(), m.c.mlflow_version != "")
    counts = [select(func.count()).select_from(query.subquery()) for query in (versions, aliases, removed, stages)]
    return sum(connection.scalar(count) or 0 for count in counts) + len(list(heads_due(connection)))


def versions_due(connection: Connection) -> Iterable[dict[str, Any]]:
    """Give the versions to be made there, each model's in order, as far as their runs have arrived."""
    v, m, runs = tables.model_versions, tables.version_mirrors, tables.runs
    same = (m.c.model == v.c.model) & (m.c.version == v.c.version)
    query = (
        select(v, runs.c.mlflow_run_id, runs.c.mlflow_experiment_id, runs.c.experiment)
        .outerjoin(runs, runs.c.run_id == v.c.run_id)
        .outerjoin(m, same)
        .where(m.c.mlflow_version.is_(None), v.c.origin == "nbops")
        .order_by(v.c.model, v.c.version)
    )
    held: set[str] = set()
    for row in connection.execute(query).mappings():
        if row["mlflow_run_id"] == "":
            if row["created_at"] > time.time() - PATIENCE:
                held.add(row["model"])
        elif row["model"] not in held:
            yield dict(row)


def stages_due(connection: Connection) -> Iterable[dict[str, Any]]:
    """Give the mirrored versions whose lifecycle stage, or whose tags as a whole, are to be written."""
    v, m = tables.model_versions, tables.version_mirrors
    query = (
        select(m, v.c.lifecycle_stage, v.c.digest, v.c.author)
        .join(v, (v.c.model == m.c.model) & (v.c.version == m.c.version))
        .where(_stage_differs(), m.c.mlflow_version != "")
        # Who leaves a stage goes first, so that nobody ever sees two in Production.
        .order_by(m.c.model, v.c.lifecycle_stage.in_(("Staging", "Production")), m.c.version)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def aliases_due(connection: Connection) -> Iterable[dict[str, Any]]:
    """Give the aliases to be set and, with no version wanted, to be removed."""
    a, m, told = tables.model_aliases, tables.version_mirrors, tables.alias_mirrors
    same = (m.c.model == a.c.model) & (m.c.version == a.c.version)
    alias = (told.c.model == a.c.model) & (told.c.alias == a.c.alias)
    facts = (told.c.version.label("told"), told.c.writing)
    to_set = (
        select(a.c.model, a.c.alias, a.c.version.label("wanted"), *facts)
        .join(m, same)
        .outerjoin(told, alias)
        .where(_alias_differs(), m.c.mlflow_version != "")
        .order_by(a.c.model, a.c.alias)
    )
    to_remove = (
        select(told.c.model, told.c.alias, a.c.version.label("wanted"), *facts)
        .outerjoin(a, alias)
        .where(a.c.version.is_(None))
        .order_by(told.c.model, told.c.alias)
    )
    return [dict(row) for query in (to_set, to_remove) for row in connection.execute(query).mappings()]


def heads_due(connection: Connection) -> Iterable[dict[str, Any]]:
    """Give the mirrored models that the audit log has told of since its head was noted with them."""
    m, h, e = tables.version_mirrors, tables.model_mirrors, tables.audit_events
    newest = select(func.max(e.c.seq)).where(e.c.model == m.c.model).scalar_subquery()
    query = select(m.c.model, h.c.seq).distinct().outerjoin(h, h.c.model == m.c.model)
    query = query.where(m.c.mlflow_version != "", newest > func.coalesce(h.c.seq, 0)).order_by(m.c.model)
    return [dict(row) for row in connection.execute(query).mappings()]


# A courier died while it was writing what has been taken back since: that also is to be written.
def _stage_differs() -> Any:
    m = tables.version_mirrors
    return (m.c.stage != tables.model_versions.c.lifecycle_stage) | (m.c.writing != "")


def _alias_differs() -> Any:
    told = tables.alias_mirrors
    return told.c.version.is_(None) | (told.c.version != tables.model_aliases.c.version) | told.c.writing.is_not(None)
