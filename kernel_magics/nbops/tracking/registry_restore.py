"""Put back into MLflow's registry what the ledger says, on a person's decision."""

from __future__ import annotations

from nbops.ledger import tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import ForeignChange, Identity
from nbops.tracking.registry_foreign import foreign_changes, told
from nbops.tracking.registry_state import FORCED_HEAD, HEAD_TAG
from nbops.workspace import Workspace


def restore(workspace: Workspace, identity: Identity, *, reason: str, model: str = "") -> tuple[ForeignChange, ...]:
    """Have the courier put back into MLflow's registry what the ledger says; give what it is to put right.

    Versions that others registered there stay: they are not ours to delete.

    Parameters
    ----------
    workspace
        Whose registry.
    identity
        Who decides so.
    reason
        Why.
    model
        Only this model.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    changes = tuple(c for c in foreign_changes(workspace, model) if not _is_their_version(c))
    for name in sorted({change.model for change in changes}):
        mine = [change for change in changes if change.model == name]
        with audited(workspace, identity, "restore-mlflow", model=name, reason=reason) as event:
            event.detail["undone"] = [told(change) for change in mine]
            for change in mine:
                _forget(event, change)
    return changes


def _forget(event: AuditedChange, change: ForeignChange) -> None:
    """Forget that the courier has written this, so that it writes it again."""
    connection, model = event.connection, change.model
    m, a, h = tables.version_mirrors, tables.alias_mirrors, tables.model_mirrors
    if change.kind == "model":
        for table in (m, a, h):
            connection.execute(table.delete().where(table.c.model == model))
    elif change.kind == "alias":
        values = {"version": 0, "writing": None}
        statement = event.ledger.upsert(a).values(model=model, alias=change.name, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["model", "alias"], set_=values))
    elif change.kind == "version":
        connection.execute(m.delete().where(m.c.model == model, m.c.version == int(change.name)))
    elif change.name == HEAD_TAG:
        connection.execute(h.update().where(h.c.model == model).values(seq=FORCED_HEAD))
    else:
        number = int(change.name.rpartition(" ")[2])
        connection.execute(m.update().where(m.c.model == model, m.c.version == number).values(stage=""))


def _is_their_version(change: ForeignChange) -> bool:
    return change.kind == "version" and not change.expected
