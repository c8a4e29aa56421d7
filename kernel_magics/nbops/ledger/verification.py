"""Prove the audit log: the chain is whole, the registry's rows are those it tells of, nothing was cut off."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from nbops.ledger import anchors, tables
from nbops.ledger.chain import code_of, find_key, key_id
from nbops.ledger.database import open_ledger
from nbops.ledger.seals import SEALED, rows_of
from nbops.records import AuditProblem, AuditVerdict
from nbops.workspace import Workspace

_BATCH = 5000
_MOST = 100
_COLUMNS = ("at", "actor", "action", "model", "version")


def verify(workspace: Workspace, heads: Iterable[tuple[int, str]] = ()) -> AuditVerdict:
    """Check the whole audit log and every registry row against it.

    Parameters
    ----------
    workspace
        Whose ledger. Heads noted in its data folder are always checked.
    heads
        Further heads kept elsewhere, as ``(seq, mac)``: of a report, an MLflow tag, a git note.

    Returns
    -------
    AuditVerdict
        ``ok`` only if chain, rows and heads agree; at most 100 problems are told.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    key = find_key(workspace)
    # Read before the log: a head noted meanwhile would seem to lie beyond its end.
    kept = [*anchors.known(workspace), *heads]
    with open_ledger(workspace).snapshot() as connection:
        return verify_connection(connection, key, kept)


def verify_connection(connection: Connection, key: bytes | None, heads: Iterable[tuple[int, str]]) -> AuditVerdict:
    """Check the log that ``connection`` sees; see :func:`verify`."""
    chain = _Chain(key)
    try:
        for row in _events(connection):
            chain.add(row)
        chain.end(connection)
    except (SQLAlchemyError, ValueError, OverflowError) as error:
        chain.blame("chain", chain.seq + 1, f"the log cannot be read further: {_first_line(error)}")
    rows = _check_rows(connection, chain)
    count = 0
    for seq, mac in heads:
        count += 1
        if chain.macs.get(seq) != mac:
            what = "is not in the log: its end was cut off" if seq > chain.seq else "is another one in the log"
            chain.blame("head", seq, f"event {seq}, noted outside as {mac[:12]}, {what}")
    return AuditVerdict(
        ok=not chain.problems,
        events=len(chain.macs),
        rows=rows,
        head=chain.mac,
        anchors=count,
        problems=tuple(chain.problems[:_MOST]),
    )


class _Chain:
    """The log as far as it was read."""

    def __init__(self, key: bytes | None) -> None:
        self.seq, self.mac = 0, ""
        self.macs: dict[int, str] = {}
        self.rows: dict[str, str] = {}
        self.problems: list[AuditProblem] = []
        self._key = key
        self._id = key_id(key) if key else ""

    def blame(self, kind: str, seq: int, message: str) -> None:
        self.problems.append(AuditProblem(kind=kind, seq=seq, message=message))

    def add(self, row: Any) -> None:
        expected = self.seq + 1
        if row.seq != expected:
            self.blame("chain", expected, f"event {expected} is missing: {row.seq} comes after {self.seq}")
        if self._key is None or row.key_id != self._id:
            self.blame("key", row.seq, f"event {row.seq} is chained with key {row.key_id!s:.20}, which is not here")
        elif not hmac.compare_digest(_ascii(code_of(self._key, self.mac, row.seq, str(row.body))), _ascii(row.mac)):
            self.blame("chain", row.seq, f"event {row.seq} is not what was written, or not where it was written")
        self._read(row)
        self.seq, self.mac = row.seq, str(row.mac)
        self.macs[self.seq] = self.mac

    def _read(self, row: Any) -> None:
        try:
            body = json.loads(row.body)
            differs = [name for name in _COLUMNS if body[name] != getattr(row, name)]
            self.rows.update(body["rows"])
        except (ValueError, KeyError, TypeError):
            self.blame("chain", row.seq, f"event {row.seq} cannot be read")
            return
        if differs:
            self.blame("chain", row.seq, f"event {row.seq} says otherwise than its columns {', '.join(differs)}")

    def end(self, connection: Connection) -> None:
        table = tables.audit_head
        heads = connection.execute(select(table)).all()
        if [tuple(found) for found in heads] != [(1, self.seq, self.mac)]:
            self.blame("head", self.seq, f"the ledger's own note of the last event does not say {self.seq}")


def _events(connection: Connection) -> Iterator[Any]:
    events = tables.audit_events
    # The code of an event covers its body, so the columns beside it are read only to be compared.
    for part in connection.execute(select(events).order_by(events.c.seq)).partitions(_BATCH):
        yield from part


def _check_rows(connection: Connection, chain: _Chain) -> int:
    told = {name: digest for name, digest in chain.rows.items() if digest}
    count = 0
    for table in SEALED:
        try:
            for name, digest in rows_of(connection, table):
                count += 1
                expected = told.pop(name, "")
                if not expected:
                    chain.blame("row", 0, f"{name} stands in the registry, but no event tells of it")
                elif expected != digest:
                    chain.blame("row", 0, f"{name} is not what its last event says")
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            chain.blame("row", 0, f"table {table.name} cannot be read: {_first_line(error)}")
    for name in told:
        chain.blame("row", 0, f"{name} is gone from the registry, but no event tells of it")
    return count


def _ascii(text: object) -> bytes:
    return str(text).encode("utf-8", "surrogatepass")


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", "") or error).splitlines() or [type(error).__name__])[0][:200]
