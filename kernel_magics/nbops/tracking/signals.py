"""Say that something has happened which a schedule may wait for."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy.engine import Connection

from nbops.ledger import open_ledger, tables
from nbops.redaction import redact
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

SignalKind = Literal["drift", "performance"]
_LONGEST = 500


def emit(
    workspace: Workspace,
    kind: SignalKind,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    *,
    at: float | None = None,
) -> int:
    """Write down that drift was found or performance was lost; give the number of the signal.

    Schedules with that trigger whose subject is this one, or ``*``, come due.

    Parameters
    ----------
    workspace
        Where the schedules are.
    kind
        ``drift`` or ``performance``.
    subject
        Name of the model or data set.
    detail
        What was found; ``message`` is what the history of a schedule shows as evidence.
    at
        When, in seconds since the epoch; now by default.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        number = write_signal(connection, workspace, kind, subject, detail, at=time.time() if at is None else at)
        ledger.touch(connection)
    return number


def write_signal(
    connection: Connection,
    workspace: Workspace,
    kind: SignalKind,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    *,
    at: float,
) -> int:
    """Do what :func:`emit` does within a transaction of the caller, who says that something has changed."""
    values = {
        "workspace": workspace_id(workspace),
        "kind": kind,
        "subject": subject,
        "at": at,
        "detail": {str(name): _plain(value) for name, value in (detail or {}).items()},
    }
    key = connection.execute(tables.signals.insert().values(**values)).inserted_primary_key
    return int(key[0]) if key is not None else 0


def _plain(value: Any) -> Any:
    """Give a value that both databases take as JSON, without secrets."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return redact(str(value))[0][:_LONGEST]
