"""Changes of the registry: each in one transaction with the event that tells of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.engine import Connection

from nbops.errors import LedgerError
from nbops.ledger import anchors, tables
from nbops.ledger.chain import FILE_NAME, VARIABLE, canonical, code_of, key_id, make_key
from nbops.ledger.database import Ledger, open_ledger
from nbops.ledger.seals import row_digest, row_name, sealed_rows
from nbops.records import AuditEvent, Identity
from nbops.workspace import Workspace


class AuditedChange:
    """A change under way. Write through ``connection``, name every sealed row that was written with :meth:`row`.

    ``seq`` is the number of the event that will tell of it, ``at`` its time, ``detail`` what it will say besides;
    ``reason`` and ``version`` can still be set.
    """

    def __init__(self, ledger: Ledger, connection: Connection, key: bytes, head: tuple[int, str]) -> None:
        self.ledger, self.connection = ledger, connection
        self.at = time.time()
        self.detail: dict[str, Any] = {}
        self.reason = ""
        self.version: int | None = None
        self.wanted = True
        self._key, self._head = key, head
        self._rows: dict[str, tuple[Table, tuple[Any, ...]]] = {}

    @property
    def seq(self) -> int:
        """Number of the event to come."""
        return self._head[0] + 1

    @property
    def head(self) -> tuple[int, str]:
        """Number and code of the last event."""
        return self._head

    def row(self, table: Table, key: Sequence[Any]) -> None:
        """Say that a sealed row was inserted, changed or removed; ``key`` is its primary key."""
        self._rows[row_name(table, key)] = (table, tuple(key))

    def nothing(self) -> None:
        """Say that nothing was changed after all; no event is written."""
        self.wanted = False

    def tell(
        self,
        identity: Identity,
        action: str,
        *,
        model: str = "",
        version: int | None = None,
        reason: str = "",
        detail: Mapping[str, Any] | None = None,
        rows: Mapping[str, str] | None = None,
    ) -> int:
        """Add an event now, within this transaction, for the rows named so far; give its number."""
        seq = self.seq
        sealed = {name: row_digest(self.connection, table, key) for name, (table, key) in self._rows.items()}
        body = canonical(
            {
                "seq": seq,
                "at": self.at,
                "actor": identity.name,
                "source": identity.source,
                "action": action,
                "model": model,
                "version": version,
                "reason": reason,
                "detail": dict(detail or {}),
                "rows": {**(rows or {}), **sealed},
            }
        )
        mac = code_of(self._key, self._head[1], seq, body)
        self.connection.execute(
            tables.audit_events.insert().values(
                seq=seq,
                at=self.at,
                actor=identity.name,
                action=action,
                model=model,
                version=version,
                body=body,
                key_id=key_id(self._key),
                mac=mac,
            )
        )
        self.connection.execute(tables.audit_head.update().where(tables.audit_head.c.id == 1).values(seq=seq, mac=mac))
        self._head = (seq, mac)
        self._rows.clear()
        return seq


@contextlib.contextmanager
def audited(
    workspace: Workspace,
    identity: Identity,
    action: str,
    *,
    model: str = "",
    version: int | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Iterator[AuditedChange]:
    """Open a transaction whose changes and whose audit event are committed together, or neither.

    Parameters
    ----------
    workspace
        Whose ledger.
    identity
        Who acts.
    action
        What is done, such as ``register`` or ``promote``.
    model, version
        To which model and version; ``change.detail`` and ``change.reason`` can still be filled in in the block.
    reason
        Why, in the actor's words.
    detail
        Facts that can be written as JSON.

    Raises
    ------
    LedgerError
        The ledger does not answer, or its log is chained with a key that is not here.
    """
    ledger = open_ledger(workspace)
    key = make_key(workspace)
    with ledger.begin() as connection:
        head = lock_head(connection, key)
        change = AuditedChange(ledger, connection, key, head)
        if head[0] == 0:
            _begin(change)
        change.detail.update(detail or {})
        change.reason, change.version = reason, version
        yield change
        if change.wanted:
            change.tell(
                identity, action, model=model, version=change.version, reason=change.reason, detail=change.detail
            )
        if change.head != head:
            ledger.touch(connection)
    if change.head != head:
        anchors.note(workspace, *change.head)


def lock_head(connection: Connection, key: bytes) -> tuple[int, str]:
    """Give number and code of the last event, and let nobody else add one before this transaction ends.

    Raises
    ------
    LedgerError
        The last event was chained with another key.
    """
    table = tables.audit_head
    row = connection.execute(select(table).where(table.c.id == 1).with_for_update()).first()
    if row is None:
        raise LedgerError("The audit log has lost its head.", hint="`nbops audit verify` says more.")
    if row.seq:
        events = tables.audit_events
        used = connection.scalar(select(events.c.key_id).where(events.c.seq == row.seq))
        if used != key_id(key):
            raise LedgerError(
                f"The audit log of this ledger is chained with key {used}, not with the one found here, {key_id(key)}.",
                hint=f"Set {VARIABLE} to the key of that ledger, or restore .nbops/{FILE_NAME}.",
            )
    return int(row.seq), str(row.mac)


def head(workspace: Workspace) -> tuple[int, str]:
    """Give number and code of the last event; ``(0, "")`` before the first."""
    table = tables.audit_head
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(table.c.seq, table.c.mac).where(table.c.id == 1)).first()
    return (int(row.seq), str(row.mac)) if row else (0, "")


def read_events(
    workspace: Workspace,
    *,
    after: int = 0,
    limit: int = 1000,
    model: str = "",
    action: str = "",
    since: float | None = None,
    until: float | None = None,
    newest: bool = False,
) -> tuple[AuditEvent, ...]:
    """Give events, oldest first. One that somebody has made unreadable is among them, and says so.

    Parameters
    ----------
    workspace
        Whose ledger.
    after
        Only those with a greater number.
    limit
        At most so many: the first ones, or with ``newest`` the last ones.
    model, action
        Only those of this model, with this action.
    since, until
        Only those from this time on and before that one, in seconds since the epoch.
    newest
        Cut at the old end instead of the new one.
    """
    events = tables.audit_events
    query = select(events).where(events.c.seq > after)
    if model:
        query = query.where(events.c.model == model)
    if action:
        query = query.where(events.c.action == action)
    if since is not None:
        query = query.where(events.c.at >= since)
    if until is not None:
        query = query.where(events.c.at < until)
    query = query.order_by(events.c.seq.desc() if newest else events.c.seq).limit(limit)
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(query).all()
    found = [_event_or_gap(row) for row in rows]
    return tuple(reversed(found) if newest else found)


def event_of(body: str, mac: str) -> AuditEvent:
    """Read an event from its body.

    Raises
    ------
    LedgerError
        The body is not that of an event.
    """
    try:
        found = AuditEvent(**json.loads(body), mac=mac)
        told = (found.actor, found.source, found.action, found.model, found.reason)
        if not (all(isinstance(text, str) for text in told) and isinstance(found.detail, dict)):
            raise TypeError("facts of an event are not what they are in one")
        return found
    except (ValueError, TypeError) as error:
        raise LedgerError(
            "An event of the audit log cannot be read.", hint="`nbops audit verify` says which."
        ) from error


def _event_or_gap(row: Any) -> AuditEvent:
    """Read an event; who looks for what was done to the log must see the rest of it."""
    try:
        return event_of(row.body, row.mac)
    except LedgerError as error:
        at = row.at if isinstance(row.at, float) else 0.0
        return AuditEvent(seq=row.seq, at=at, actor="?", source="os", action="unreadable", reason=str(error))


def order_told(connection: Connection, model: str, version: int, actions: Sequence[str], fact: str) -> dict[str, int]:
    """Give the numbers of a version's events by what they say under ``fact`` in their detail.

    Clocks go back; numbers of events do not. Whatever must not be told in another order is ordered by this.
    """
    events = tables.audit_events
    where = (events.c.model == model, events.c.version == version, events.c.action.in_(actions))
    found = connection.execute(select(events.c.seq, events.c.body, events.c.mac).where(*where).order_by(events.c.seq))
    return {str(event_of(row.body, row.mac).detail.get(fact, "")): row.seq for row in found}


def count_events(workspace: Workspace) -> int:
    """Count the events."""
    with open_ledger(workspace).connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.audit_events)) or 0)


def _begin(change: AuditedChange) -> None:
    """Take rows that are older than the log under seal with its first event."""
    rows = dict(sealed_rows(change.connection))
    if rows:
        change.tell(Identity(name="nbops", source="os"), "begin", rows=rows)
