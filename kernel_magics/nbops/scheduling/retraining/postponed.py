"""Trouble that was decided against, or whose training failed, and that still goes on: it is decided on once more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from nbops.ledger import tables
from nbops.ledger.owning import owned
from nbops.records import RetrainPolicy
from nbops.scheduling.retraining.rows import D
from nbops.workspace import Workspace

_S, _T = tables.signals, tables.incidents
# An incident gives its signal once. Labels, without which a training fails, come later than the drift does.
_AGAIN = ("cooling down", "over budget", "failed")


def key_of(number: int, *, again: bool = False) -> str:
    """Give the key of the occasion that a signal is, decided on for the first time or once more."""
    return f"signal:{number}{':again' if again else ''}"


def postponed(connection: Connection, workspace: Workspace, policy: RetrainPolicy, since: float) -> list[Row[Any]]:
    """Give the signals of a model, from a time on, that are to be decided on once more: their incident is still open."""
    mine = (owned(workspace, D), D.c.model == policy.model)
    decided = {row.occasion: row.outcome for row in connection.execute(select(D.c.occasion, D.c.outcome).where(*mine))}
    wanted = (owned(workspace, _S), _S.c.subject == policy.model, _S.c.kind.in_(policy.on), _S.c.at > since)
    rows = [
        row
        for row in connection.execute(select(_S).where(*wanted).order_by(_S.c.id))
        if decided.get(key_of(row.id)) in _AGAIN and key_of(row.id, again=True) not in decided
    ]
    numbers = [row.detail["incident"] for row in rows if isinstance(row.detail.get("incident"), int)]
    going_on = (owned(workspace, _T), _T.c.id.in_(numbers), _T.c.closed == "")
    opened = set(connection.scalars(select(_T.c.id).where(*going_on))) if numbers else set()
    return [row for row in rows if row.detail.get("incident") in opened]
