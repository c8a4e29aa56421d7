"""Put a version in a target's place: the rows that change, within a transaction that tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.ledger import tables
from nbops.ledger.audit import AuditedChange
from nbops.registry.targets import ARCHIVED, CHAMPION, PRODUCTION, STAGES, is_stage

NONE = "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What goes with a placement into the history."""

    actor: str
    kind: str
    reason: str = ""
    digest: str = ""
    gate_report: str = ""
    self_approved: bool = False


def current_holder(connection: Connection, model: str, target: str) -> int | None:
    """Give the version that holds a stage or alias, ``None`` for nobody."""
    if is_stage(target):
        v = tables.model_versions
        found = connection.scalar(select(v.c.version).where(v.c.model == model, v.c.lifecycle_stage == target))
    else:
        a = tables.model_aliases
        found = connection.scalar(select(a.c.version).where(a.c.model == model, a.c.alias == target))
    return None if found is None else int(found)


def place(change: AuditedChange, model: str, target: str, version: int, why: Why) -> int | None:
    """Let ``version`` hold ``target``; give who held it before. Production takes the alias ``champion`` with it."""
    connection = change.connection
    previous = current_holder(connection, model, target)
    if is_stage(target):
        left = left_for(connection, model, version, target)
        if left:
            _remember(change, model, left, None, version, why, kind="displace")
        if previous is not None:
            _set_stage(change, model, previous, ARCHIVED if target == PRODUCTION else NONE)
        _set_stage(change, model, version, target)
    else:
        _set_alias(change, model, target, version, why.actor)
    _remember(change, model, target, version, previous, why)
    if target == PRODUCTION and current_holder(connection, model, CHAMPION) != version:
        before = current_holder(connection, model, CHAMPION)
        _set_alias(change, model, CHAMPION, version, why.actor)
        _remember(change, model, CHAMPION, version, before, why)
    return previous


def vacate(change: AuditedChange, model: str, target: str, why: Why) -> int | None:
    """Let nobody hold ``target``; give who held it."""
    connection = change.connection
    previous = current_holder(connection, model, target)
    if previous is None:
        return None
    if is_stage(target):
        _set_stage(change, model, previous, NONE)
    else:
        a = tables.model_aliases
        connection.execute(a.delete().where(a.c.model == model, a.c.alias == target))
        change.row(a, (model, target))
    _remember(change, model, target, None, previous, why)
    return previous


def archive_version(change: AuditedChange, model: str, version: int) -> None:
    """Set a version that holds no stage to Archived."""
    _set_stage(change, model, version, ARCHIVED)


def left_for(connection: Connection, model: str, version: int, target: str) -> str:
    """Give the other lifecycle stage that a version would leave for ``target``, empty if none."""
    v = tables.model_versions
    now = connection.scalar(select(v.c.lifecycle_stage).where(v.c.model == model, v.c.version == version))
    return str(now) if is_stage(target) and now in STAGES and now != target else ""


def _set_stage(change: AuditedChange, model: str, version: int, stage: str) -> None:
    v = tables.model_versions
    where = (v.c.model == model, v.c.version == version)
    change.connection.execute(v.update().where(*where).values(lifecycle_stage=stage))
    change.row(v, (model, version))


def _set_alias(change: AuditedChange, model: str, alias: str, version: int, actor: str) -> None:
    values: dict[str, Any] = {"version": version, "set_at": change.at, "actor": actor}
    statement = change.ledger.upsert(tables.model_aliases).values(model=model, alias=alias, **values)
    change.connection.execute(statement.on_conflict_do_update(index_elements=["model", "alias"], set_=values))
    change.row(tables.model_aliases, (model, alias))


def _remember(
    change: AuditedChange, model: str, target: str, version: int | None, previous: int | None, why: Why, kind: str = ""
) -> None:
    number = change.connection.scalar(
        tables.placements.insert()
        .values(
            model=model,
            target=target,
            version=version,
            previous=previous,
            at=change.at,
            actor=why.actor,
            kind=kind or why.kind,
            reason=why.reason,
            digest=why.digest,
            gate_report=why.gate_report,
            self_approved=why.self_approved,
            seq=change.seq,
        )
        .returning(tables.placements.c.id)
    )
    change.row(tables.placements, (number,))
