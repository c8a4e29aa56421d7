"""Who held a lifecycle stage or alias, from when until when, and why."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.ledger import open_ledger, tables
from nbops.records import Placement
from nbops.registry.placing import current_holder
from nbops.registry.reading import get_model
from nbops.registry.targets import PRODUCTION, STAGES, target_name
from nbops.workspace import Workspace


def history(workspace: Workspace, name: str, *, target: str = "", at: float | None = None) -> tuple[Placement, ...]:
    """Give who held what of a model, oldest first.

    Parameters
    ----------
    workspace
        Where to look.
    name
        Registered model.
    target
        Only this lifecycle stage or alias.
    at
        Only what held at this moment, in seconds since the epoch.

    Raises
    ------
    NotFoundError
        There is no such model.
    UsageError
        ``target`` cannot be one.
    """
    get_model(workspace, name)
    with open_ledger(workspace).connect() as connection:
        found = placements(connection, name, target_name(target) if target else "")
    if at is not None:
        return tuple(p for p in found if p.version is not None and p.at <= at and (p.until is None or at < p.until))
    return found


def holder(workspace: Workspace, name: str, target: str) -> int | None:
    """Give the version that holds a lifecycle stage or alias now, ``None`` for nobody.

    Raises
    ------
    NotFoundError
        There is no such model.
    UsageError
        ``target`` cannot be one.
    """
    get_model(workspace, name)
    with open_ledger(workspace).connect() as connection:
        return current_holder(connection, name, target_name(target))


def placements(connection: Connection, model: str = "", target: str = "") -> tuple[Placement, ...]:
    """Give the history of one target, of all targets of a model, or of all models, oldest first."""
    p = tables.placements
    query = select(p).order_by(p.c.id)
    if model:
        query = query.where(p.c.model == model)
    if target:
        query = query.where(p.c.target == target)
    rows = connection.execute(query).mappings().all()
    ends: dict[tuple[str, str], float] = {}
    found = []
    for row in reversed(rows):
        values = {key: value for key, value in row.items() if key != "id"}
        where = (row["model"], row["target"])
        found.append(Placement(**values, until=ends.get(where)))
        ends[where] = row["at"]
    return tuple(reversed(found))


def held_between(
    connection: Connection, since: float | None = None, until: float | None = None, model: str = ""
) -> tuple[Placement, ...]:
    """Give what was held at any time of a span: by model, stages before aliases, each oldest first.

    Parameters
    ----------
    connection
        To the ledger.
    since, until
        From this time on and before that one, in seconds since the epoch; without, from the first and to the last.
    model
        Only this model.
    """
    found = [
        p
        for p in placements(connection, model)
        if p.version is not None
        and (until is None or p.at < until)
        and (since is None or p.until is None or p.until > since)
    ]
    order = {stage: place for place, stage in enumerate(sorted(STAGES, key=lambda stage: stage != PRODUCTION))}
    return tuple(sorted(found, key=lambda p: (p.model, order.get(p.target, len(order)), p.target)))
