"""Decide what is to be trained anew: for each occasion once, within cool-down and budget, with the reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.engine import Connection

from nbops.errors import LedgerError, NbopsError, NotFoundError
from nbops.ledger import Ledger, open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.ledger.owning import owned
from nbops.pipelines.cron import Cron
from nbops.records import Identity, RetrainCause, RetrainDecision, RetrainOutcome, RetrainPolicy
from nbops.scheduling.retraining.editing import policy as policy_named
from nbops.scheduling.retraining.postponed import key_of, postponed
from nbops.scheduling.retraining.rows import GOING_ON, REFUSED, D, P, decision_of, decision_values, policy_of
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id

_log = logging.getLogger("nbops.scheduler")
_S = tables.signals
_HOUR, _DAY = 3600.0, 86_400.0
# Occasions that were decided on together with another one.
_MOST_PASSED = 10_000
# Labels are counted so often at most.
_COUNT_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class _Occasion:
    key: str
    cause: RetrainCause
    message: str
    evidence: dict[str, Any]


def decide_due(workspace: Workspace, now: float, *, count: bool = True) -> tuple[RetrainDecision, ...]:
    """Write down what is decided about all that has happened since; give what is to be trained.

    Several processes may do this at the same time: each occasion is decided on once.

    Parameters
    ----------
    workspace
        Whose policies.
    now
        The time in seconds since the epoch.
    count
        Count the labels that have come, where a policy waits for them; it reads them.

    Raises
    ------
    LedgerError
        The ledger does not answer.
    """
    ledger = open_ledger(workspace)
    with ledger.connect() as connection:
        rows = connection.execute(select(P).where(owned(workspace, P), P.c.paused.is_(False)).order_by(P.c.model)).all()
    made = []
    for row in rows:
        policy = policy_of(row)
        try:
            found = _occasions(ledger, workspace, policy, row, now, count)
        except LedgerError:
            raise
        except NbopsError as error:
            # Data of one model that cannot be read; the others must not suffer from it.
            _log.warning("retraining of %s: %s", policy.model, error)
            found = _occasions(ledger, workspace, policy, row, now, count=False)
        if found:
            made += _decide(workspace, policy, found, now, who(workspace))
    return tuple(one for one in made if one.outcome == "queued")


def retrain_now(
    workspace: Workspace, model: str, reason: str = "", *, identity: Identity | None = None, now: float | None = None
) -> RetrainDecision:
    """Decide by hand that a model is trained anew, whatever cool-down and budget say; the scheduler, or who asks, carries it out.

    Raises
    ------
    NotFoundError
        The model has no policy, which says with what it is trained.
    """
    policy, actor = policy_named(workspace, model), identity or who(workspace)
    now = time.time() if now is None else now
    message = " ".join(reason.split()) or "asked for by hand"
    occasion = _Occasion(
        f"manual:{now:.6f}", "manual", message, {"asked_by": actor.name, "vouched_for_by": actor.source}
    )
    made = _decide(workspace, policy, [occasion], now, actor)
    if not made:
        raise NotFoundError(f"{model} has no policy of retraining any more.", hint="It was removed just now.")
    return made[0]


def _occasions(
    ledger: Ledger, workspace: Workspace, policy: RetrainPolicy, row: Row[Any], now: float, count: bool
) -> list[_Occasion]:
    """Give what has happened that the policy waits for, each with its evidence."""
    found = [*_signalled(ledger, workspace, policy, row.mark), *_again(ledger, workspace, policy, row.mark, now)]
    if row.next_at is not None and row.next_at <= now:
        due = datetime.fromtimestamp(row.next_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        found.append(_Occasion(f"cron:{row.next_at:.0f}", "schedule", f"due at {due}", {"cron": policy.cron}))
    if count and "volume" in policy.on:
        found += _labelled(ledger, workspace, policy, row.mark, now)
    return found


def _signalled(ledger: Ledger, workspace: Workspace, policy: RetrainPolicy, mark: Mapping[str, Any]) -> list[_Occasion]:
    kinds = [cause for cause in policy.on if cause in ("drift", "performance")]
    if not kinds:
        return []
    since = float(mark["since"])
    wanted = (owned(workspace, _S), _S.c.kind.in_(kinds), _S.c.subject == policy.model, _S.c.at > since)
    with ledger.connect() as connection:
        rows = connection.execute(select(_S).where(*wanted).order_by(_S.c.id)).all()
        known = set(connection.scalars(select(D.c.occasion).where(owned(workspace, D), D.c.model == policy.model)))
    return [_of_signal(row, key_of(row.id)) for row in rows if row.at > since and key_of(row.id) not in known]


def _again(
    ledger: Ledger, workspace: Workspace, policy: RetrainPolicy, mark: Mapping[str, Any], now: float
) -> list[_Occasion]:
    """Give what is to be decided on once more, where cool-down and budget allow it by now."""
    with ledger.connect() as connection:
        found = [
            _of_signal(row, key_of(row.id, again=True))
            for row in postponed(connection, workspace, policy, float(mark["since"]))
        ]
        return found if found and _permitted(connection, workspace, policy, found[0], now)[0] == "queued" else []


def _of_signal(row: Row[Any], key: str) -> _Occasion:
    message = str(row.detail.get("message") or f"{row.kind} was found")
    return _Occasion(key, row.kind, message, dict(row.detail))


def _labelled(
    ledger: Ledger, workspace: Workspace, policy: RetrainPolicy, mark: Mapping[str, Any], now: float
) -> list[_Occasion]:
    """See whether enough labels have come since the last training; the count is kept, so that it is not made all the time."""
    if now < float(mark.get("counted_at", 0.0)) + _COUNT_EVERY:
        return []
    from nbops.scheduling.retraining.gathering import labelled_count

    count, base = labelled_count(workspace, policy), mark.get("labels")
    # Labels may be taken back, and a file be replaced by a shorter one: then it is counted on from there.
    base = count if base is None else min(int(base), count)
    moved = {**mark, "labels": base, "counted_at": now}
    fresh = count - base
    if fresh >= policy.volume:
        # The mark moves with the decision.
        said = f"{fresh:,} rows were labelled since, {policy.volume:,} asked for"
        return [
            _Occasion(f"volume:{mark.get('rounds', 0)}:{count}", "volume", said, {"labelled": count, "since": base})
        ]
    with ledger.begin() as connection:
        held = (owned(workspace, P), P.c.model == policy.model)
        current = connection.scalar(select(P.c.mark).where(*held).with_for_update())
        if current is not None and dict(current) == dict(mark):
            connection.execute(P.update().where(*held).values(mark=moved))
    return []


def _decide(
    workspace: Workspace, policy: RetrainPolicy, occasions: list[_Occasion], now: float, actor: Identity
) -> list[RetrainDecision]:
    """Decide once about all that has happened: one trouble is often seen by several checks."""
    with audited(workspace, actor, "retrain-decide", model=policy.model) as change:
        mine = (owned(workspace, P), P.c.model == policy.model)
        # Whoever decides holds the policy's row, so that two never train at the same time.
        held = change.connection.execute(select(P).where(*mine).with_for_update()).first()
        decided = select(D.c.occasion).where(owned(workspace, D), D.c.model == policy.model)
        known = {*change.connection.scalars(decided), *(held.mark.get("passed", ()) if held is not None else ())}
        fresh = [one for one in occasions if one.key not in known]
        if held is None or not fresh or (held.paused and fresh[0].cause != "manual"):
            change.nothing()
            return []
        # Lost performance says more than drift.
        first = min(fresh, key=lambda one: one.cause == "drift")
        others = [one for one in fresh if one is not first]
        decision = _write(change, workspace, policy, first, others, now, actor)
        values: dict[str, Any] = {"mark": _moved(held.mark, fresh, others, now)}
        if any(one.cause == "schedule" for one in fresh):
            values["next_at"] = _next(policy, now)
        change.connection.execute(P.update().where(*mine).values(**values))
    return [decision]


def _moved(mark: Mapping[str, Any], fresh: list[_Occasion], others: list[_Occasion], now: float) -> dict[str, Any]:
    moved = {**mark, "passed": [*mark.get("passed", ()), *(one.key for one in others)][-_MOST_PASSED:]}
    for one in fresh:
        if one.cause == "volume":
            # Leaders that count at the same time call it the same; as many labels another time are another occasion.
            moved |= {"labels": one.evidence["labelled"], "counted_at": now, "rounds": mark.get("rounds", 0) + 1}
    return moved


def _write(
    change: AuditedChange,
    workspace: Workspace,
    policy: RetrainPolicy,
    occasion: _Occasion,
    others: list[_Occasion],
    now: float,
    actor: Identity,
) -> RetrainDecision:
    outcome, why = _permitted(change.connection, workspace, policy, occasion, now)
    message = occasion.message if outcome == "queued" else f"{occasion.message}; {why}"
    evidence = {**occasion.evidence, "occasion": occasion.key}
    if others:
        evidence["besides"] = [{"cause": one.cause, "occasion": one.key, "message": one.message} for one in others]
    decision = RetrainDecision(
        id=0,
        model=policy.model,
        at=now,
        cause=occasion.cause,
        outcome=outcome,
        message=message,
        ended_at=None if outcome == "queued" else now,
        evidence=evidence,
        actor=actor.name,
    )
    values = decision_values(decision) | {"workspace": workspace_id(workspace), "occasion": occasion.key}
    key = change.connection.execute(D.insert().values(**values)).inserted_primary_key
    number = int(key[0]) if key is not None else 0
    change.detail |= {
        "decision": number,
        "cause": occasion.cause,
        "outcome": outcome,
        "message": message,
        "evidence": evidence,
    }
    return decision_of(change.connection.execute(select(D).where(D.c.id == number)).one())


def _permitted(
    connection: Connection, workspace: Workspace, policy: RetrainPolicy, occasion: _Occasion, now: float
) -> tuple[RetrainOutcome, str]:
    mine = (owned(workspace, D), D.c.model == policy.model)
    going = connection.execute(select(D.c.id).where(*mine, D.c.outcome.in_(GOING_ON))).first()
    if going is not None:
        return "busy", f"training {going.id} goes on already"
    if occasion.cause == "manual":
        return "queued", ""
    trained = (*mine, D.c.outcome.not_in((*GOING_ON, *REFUSED)))
    last = connection.scalar(select(func.max(D.c.ended_at)).where(*trained))
    if last is not None and now < last + policy.cool_down_hours * _HOUR:
        return (
            "cooling down",
            f"the last training ended {(now - last) / _HOUR:.1f} hours ago, {policy.cool_down_hours:g} are to pass",
        )
    spent = (
        connection.scalar(select(func.count()).select_from(D).where(*trained, D.c.at > now - policy.budget_days * _DAY))
        or 0
    )
    if spent >= policy.budget:
        return "over budget", f"{spent} trainings in {policy.budget_days:g} days, {policy.budget} may be"
    return "queued", ""


def _next(policy: RetrainPolicy, now: float) -> float | None:
    try:
        return Cron(policy.cron, policy.timezone).next(now)
    except NbopsError:
        return None
