"""What was decided about retraining, the newest first."""

from __future__ import annotations

from sqlalchemy import func, select

from nbops.errors import NotFoundError
from nbops.ledger import open_ledger
from nbops.ledger.numbered import numbered
from nbops.ledger.owning import owned
from nbops.records import RetrainDecision
from nbops.scheduling.retraining.rows import D, decision_of
from nbops.workspace import Workspace


def decisions(workspace: Workspace, model: str = "", *, limit: int = 50) -> tuple[RetrainDecision, ...]:
    """Give the newest decisions, of one model or all."""
    query = select(D).where(owned(workspace, D))
    query = query.where(D.c.model == model) if model else query
    with open_ledger(workspace).connect() as connection:
        return tuple(decision_of(row) for row in connection.execute(query.order_by(D.c.id.desc()).limit(limit)))


def decision(workspace: Workspace, number: int) -> RetrainDecision:
    """Give one decision.

    Raises
    ------
    NotFoundError
        There is no such decision.
    """
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(select(D).where(owned(workspace, D), numbered(D.c.id, number))).first()
    if row is None:
        raise NotFoundError(f"There is no decision {number} about retraining.", hint="`nbops retrain list` has them.")
    return decision_of(row)


def last_decisions(workspace: Workspace) -> dict[str, RetrainDecision]:
    """Give the last decision of each model that has one; that another training went on is not told of."""
    newest = select(func.max(D.c.id)).where(owned(workspace, D), D.c.outcome != "busy").group_by(D.c.model)
    with open_ledger(workspace).connect() as connection:
        found = (decision_of(row) for row in connection.execute(select(D).where(D.c.id.in_(newest))))
        return {one.model: one for one in found}
