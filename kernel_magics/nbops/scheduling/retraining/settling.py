"""Trainings whose process is gone are closed, with what they had done until then."""

from __future__ import annotations

import platform
from typing import Any

from sqlalchemy import Row, select

from nbops.ledger import open_ledger
from nbops.ledger.audit import audited, read_events
from nbops.ledger.owning import owned
from nbops.scheduling.retraining.beating import PATIENCE
from nbops.scheduling.retraining.rows import D
from nbops.tracking.process import is_alive
from nbops.workspace import Workspace
from nbops.workspace.identity import who

_LOST = "The process that retrained ended without a word; {}."
# What a training can have done to its model before its process was lost.
_DONE, _LOOKED_BACK = ("register", "promote", "request"), 200


def settle(workspace: Workspace, now: float) -> int:
    """Close what is "running" though its process is gone; give how many.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    with open_ledger(workspace).connect() as connection:
        running = connection.execute(select(D).where(owned(workspace, D), D.c.outcome == "running")).all()
    lost = [row for row in running if row.owner and (not is_alive(row.owner) or _silent(row, now))]
    for row in lost:
        said = _LOST.format(done_since(workspace, row.model, row.id))
        with audited(workspace, who(workspace), "retrain-end", model=row.model) as change:
            values = {"outcome": "failed", "ended_at": now, "detail": {**row.detail, "message": said}}
            mine = (D.c.id == row.id, D.c.outcome == "running", D.c.owner == row.owner)
            if not change.connection.execute(D.update().where(*mine).values(**values)).rowcount:
                change.nothing()
            change.detail |= {"decision": row.id, "outcome": "failed", "message": said}
    return len(lost)


def _silent(row: Row[Any], now: float) -> bool:
    """Whether a process of another machine has given no sign of life for long; one of this machine may just have slept."""
    elsewhere = str(row.owner).rpartition(":")[2] != platform.node()
    return elsewhere and row.heartbeat_at < now - PATIENCE


def done_since(workspace: Workspace, model: str, number: int) -> str:
    """Say what was done to a model since a training was decided on: it may have failed after it had registered or promoted."""
    done: list[str] = []
    for event in reversed(read_events(workspace, model=model, newest=True, limit=_LOOKED_BACK)):
        if event.action == "retrain-decide" and event.detail.get("decision") == number:
            break
        if event.action in _DONE:
            done.append(event.action if event.version is None else f"{event.action} v{event.version}")
    return f"what was done to {model} since: {', '.join(reversed(done))}" if done else "nothing was changed"
