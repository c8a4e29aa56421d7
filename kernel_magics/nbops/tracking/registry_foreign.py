"""Changes that others made in MLflow's registry: found, told in the audit log, never adopted.

Nothing of this is undone by itself. The next promotion to the same alias writes ours, and ``registry_restore`` all of
it; what is overwritten then has been told before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.audit import audited
from nbops.records import ForeignChange, Identity
from nbops.tracking.registry_comparison import differences, mirrored
from nbops.tracking.registry_state import read_models, store_identity
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

_COURIER = Identity(name="nbops courier", source="os")


def look(workspace: Workspace, client: MlflowClient) -> int:
    """Compare MLflow's registry with what was written there, and tell what is new; give how much stands otherwise.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    with ledger.connect() as connection:
        ours = mirrored(connection)
    if not ours:
        return 0
    store = store_identity(client)
    # A model that is mirrored in another store is not missing in this one.
    here = {name: model for name, model in ours.items() if model["store"] in ("", store)}
    theirs = read_models(client, here)
    count = 0
    with ledger.connect() as connection:
        after = mirrored(connection)
    for name, model in here.items():
        # Where a courier has just written, what was read there may lie before or after that.
        if after.get(name) != model:
            continue
        with ledger.connect() as connection:
            found = differences(connection, name, model, theirs.get(name))
        count += len(found)
        _tell(workspace, ledger, name, found)
    return count


def foreign_changes(workspace: Workspace, model: str = "") -> tuple[ForeignChange, ...]:
    """Give what stood otherwise in MLflow's registry at the last look, by model and name.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    f = tables.foreign_changes
    query = select(f).order_by(f.c.model, f.c.kind, f.c.name)
    if model:
        query = query.where(f.c.model == model)
    with open_ledger(workspace).connect() as connection:
        return tuple(ForeignChange(**row._mapping) for row in connection.execute(query))


def note_overwritten(workspace: Workspace, change: ForeignChange) -> None:
    """Tell of a change of others that is about to be overwritten, unless it has been told of before."""
    f = tables.foreign_changes
    same = (f.c.model == change.model) & (f.c.kind == change.kind) & (f.c.name == change.name)
    with audited(workspace, _COURIER, "foreign-change", model=change.model) as event:
        known = event.connection.scalar(select(f.c.found).where(same))
        if known == change.found:
            event.nothing()
            return
        event.reason = _sentence([change])
        event.detail |= {"found": [told(change)], "overwritten": True}


def _key(change: ForeignChange) -> tuple[str, str, str]:
    return change.model, change.kind, change.name


def _tell(workspace: Workspace, ledger: Ledger, model: str, found: Sequence[ForeignChange]) -> None:
    f = tables.foreign_changes
    with ledger.connect() as connection:
        rows = [ForeignChange(**row._mapping) for row in connection.execute(select(f).where(f.c.model == model))]
    known = {_key(row): row for row in rows}
    now = {_key(change): change for change in found}
    new = [c for key, c in now.items() if key not in known or known[key].found != c.found]
    gone = [c for key, c in known.items() if key not in now]
    # That ours has moved on meanwhile is no news of theirs.
    if not new and not gone:
        return
    with audited(workspace, _COURIER, "foreign-change" if new else "foreign-gone", model=model) as event:
        event.reason = _sentence(new or gone)
        event.detail |= {"found": [told(c) for c in new]} | ({"gone": [told(c) for c in gone]} if gone else {})
        connection = event.connection
        for change in gone:
            connection.execute(f.delete().where(_is_row(change)))
        for change in new:
            values = {"expected": change.expected, "found": change.found, "seen_at": change.seen_at}
            statement = ledger.upsert(f).values(model=model, kind=change.kind, name=change.name, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["model", "kind", "name"], set_=values))


def _is_row(change: ForeignChange) -> Any:
    f = tables.foreign_changes
    return (f.c.model == change.model) & (f.c.kind == change.kind) & (f.c.name == change.name)


def told(change: ForeignChange) -> dict[str, str]:
    """Give a change as the audit log tells of it."""
    return {"kind": change.kind, "name": change.name, "expected": change.expected, "found": change.found}


def _sentence(changes: Sequence[ForeignChange]) -> str:
    first = changes[0]
    said = f"{first.kind} {first.name}: {first.found or 'gone'} in MLflow, {first.expected or 'absent'} here"
    return said + (f", and {len(changes) - 1} more" if len(changes) > 1 else "")
