"""Policies and decisions as rows of the ledger, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from nbops.ledger import tables
from nbops.records import RetrainDecision, RetrainPolicy, from_wire, to_wire

P, D = tables.retrain_policies, tables.retrain_decisions
_DECISION = ("id", "model", "at", "cause", "outcome", "ended_at", "run_id")
GOING_ON = ("queued", "running")
# What was decided against before anything was trained.
REFUSED = ("cooling down", "over budget", "busy")


def policy_values(policy: RetrainPolicy) -> dict[str, Any]:
    """Give the columns of a policy, but for its mark and what is due next."""
    facts = to_wire(policy)
    detail = {name: value for name, value in facts.items() if name not in ("model", "paused")}
    return {"model": policy.model, "paused": policy.paused, "detail": detail}


def policy_of(row: Row[Any]) -> RetrainPolicy:
    """Read a policy from its row."""
    return from_wire(RetrainPolicy, {**row.detail, "model": row.model, "paused": row.paused})


def decision_of(row: Row[Any]) -> RetrainDecision:
    """Read a decision from its row."""
    return from_wire(RetrainDecision, {"message": "", **row.detail, **{name: getattr(row, name) for name in _DECISION}})


def decision_values(decision: RetrainDecision) -> dict[str, Any]:
    """Give the columns of a decision, but for its number."""
    facts = to_wire(decision)
    detail = {name: value for name, value in facts.items() if name not in _DECISION}
    return {name: facts[name] for name in _DECISION if name != "id"} | {"detail": detail}
