"""Rows of the registry under seal: each change of one is told to the audit log with the digest of what stands there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, Select, Table, Text, cast, literal_column, select
from sqlalchemy.engine import Connection

from nbops.ledger import tables

SEALED: tuple[Table, ...] = (
    tables.models,
    tables.model_versions,
    tables.model_aliases,
    tables.placements,
    tables.gate_specs,
    tables.gate_reports,
    tables.promotion_requests,
    tables.approvals,
    tables.model_cards,
)
_BATCH = 1000


def row_name(table: Table, key: Sequence[Any]) -> str:
    """Name a row in an event: table and primary key."""
    return f"{table.name}|{json.dumps(list(key), ensure_ascii=False, separators=(',', ':'), default=repr)}"


def row_digest(connection: Connection, table: Table, key: Sequence[Any]) -> str:
    """Give the digest of a row as it stands in the database, empty if there is none."""
    where = (column == value for column, value in zip(table.primary_key.columns, key, strict=True))
    row = connection.execute(_raw(table).where(*where)).first()
    return "" if row is None else _digest(row)


def sealed_rows(connection: Connection) -> Iterator[tuple[str, str]]:
    """Give name and digest of every row under seal."""
    for table in SEALED:
        yield from rows_of(connection, table)


def rows_of(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    """Give name and digest of every row of a table."""
    keys = [column.name for column in table.primary_key.columns]
    positions = [index for index, column in enumerate(table.columns) if column.name in keys]
    for part in connection.execute(_raw(table)).partitions(_BATCH):
        for row in part:
            yield row_name(table, [row[position] for position in positions]), _digest(row)


def _raw(table: Table) -> Select[Any]:
    # What lies in the file, not what a type makes of it: two texts that mean the same JSON are two texts.
    return select(*(_column(column) for column in table.columns))


def _column(column: Any) -> Any:
    if isinstance(column.type, JSON):
        return cast(literal_column(f"{column.table.name}.{column.name}"), Text).label(column.name)
    if isinstance(column.type, Boolean):
        return cast(column, Integer).label(column.name)
    return column


def _digest(row: Sequence[Any]) -> str:
    text = json.dumps(list(row), ensure_ascii=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
