"""Set, pause and remove policies of retraining: each in one transaction with the audit event that tells of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import NotFoundError, UsageError, meant
from nbops.ledger import open_ledger
from nbops.ledger.audit import audited
from nbops.ledger.owning import owned
from nbops.pipelines.cron import Cron
from nbops.records import Identity, RetrainPolicy, to_wire
from nbops.scheduling.checking import relative_pipeline
from nbops.scheduling.retraining.checking import build, check_policy
from nbops.scheduling.retraining.rows import P, policy_of, policy_values
from nbops.workspace import Workspace
from nbops.workspace.declaring import read_toml
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id
from nbops.workspace.settings import FILE_NAME
from nbops.workspace.trust import trust


def set_policy(
    workspace: Workspace, policy: RetrainPolicy, *, identity: Identity | None = None, now: float | None = None
) -> RetrainPolicy:
    """Keep the policy of a model, in place of the one it had; what happens counts from now on.

    Raises
    ------
    UsageError
        Something of the policy cannot be used; the message names it.
    NotFoundError
        There is no such model, pipeline or source.
    PipelineError
        The pipeline's file is wrong.
    """
    if not isinstance(policy, RetrainPolicy):
        raise UsageError(
            f"This is a {type(policy).__name__}, not a RetrainPolicy.", hint="build(model, {…}) makes one."
        )
    check_policy(workspace, policy)
    actor, now = identity or who(workspace), time.time() if now is None else now
    policy = replace(policy, pipeline=relative_pipeline(workspace, policy.pipeline), author=actor.name)
    with audited(workspace, actor, "retrain-policy", model=policy.model) as change:
        row = change.connection.execute(_one(workspace, policy.model).with_for_update()).first()
        if row is not None:
            before = policy_of(row)
            if replace(before, author=policy.author) == policy:
                change.nothing()
                return before
            change.detail |= {"from": _told(before)}
            change.connection.execute(P.delete().where(owned(workspace, P), P.c.model == policy.model))
        mark = {"since": now, "labels": None}
        values = policy_values(policy) | {
            "workspace": workspace_id(workspace),
            "mark": mark,
            "next_at": _next(policy, now),
        }
        change.connection.execute(P.insert().values(**values))
        change.detail |= {"to": _told(policy)}
    trust(workspace)
    return policy


def remove_policy(workspace: Workspace, model: str, *, identity: Identity | None = None) -> None:
    """Retrain a model by itself no longer; what was decided stays.

    Raises
    ------
    NotFoundError
        It has no policy.
    """
    with audited(workspace, identity or who(workspace), "retrain-policy-remove", model=model) as change:
        change.detail |= _told(_locked(change.connection, workspace, model))
        change.connection.execute(P.delete().where(owned(workspace, P), P.c.model == model))


def pause_policy(
    workspace: Workspace, model: str, *, paused: bool = True, identity: Identity | None = None
) -> RetrainPolicy:
    """Let a policy rest, or count again from now on.

    Raises
    ------
    NotFoundError
        The model has no policy.
    """
    action = "retrain-pause" if paused else "retrain-resume"
    with audited(workspace, identity or who(workspace), action, model=model) as change:
        before = _locked(change.connection, workspace, model)
        if before.paused == paused:
            change.nothing()
            return before
        now, policy = time.time(), replace(before, paused=paused)
        values = policy_values(policy) | {"mark": {"since": now, "labels": None}, "next_at": _next(policy, now)}
        change.connection.execute(P.update().where(owned(workspace, P), P.c.model == model).values(**values))
    return policy


def policies(workspace: Workspace) -> tuple[RetrainPolicy, ...]:
    """Give all policies by model."""
    with open_ledger(workspace).connect() as connection:
        rows = connection.execute(select(P).where(owned(workspace, P)).order_by(P.c.model))
        return tuple(policy_of(row) for row in rows)


def policy(workspace: Workspace, model: str) -> RetrainPolicy:
    """Give the policy of a model.

    Raises
    ------
    NotFoundError
        It has none.
    """
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(_one(workspace, model)).first()
        if row is None:
            raise _none(connection, workspace, model)
    return policy_of(row)


def apply_policies(workspace: Workspace, *, prune: bool = False, identity: Identity | None = None) -> dict[str, str]:
    """Make policies what ``[retrain.MODEL]`` of ``nbops.toml`` says; give by model what became of it.

    Parameters
    ----------
    workspace
        Whose policies.
    prune
        Remove those that the file declared once and does no longer; without it they are ``left``.
    identity
        Who does it.

    Raises
    ------
    UsageError
        A declaration cannot be used, or the model has a policy that the file did not make.
    """
    known = {one.model: one for one in policies(workspace)}
    tables = _declared(workspace)
    declared = {model: build(model, table, origin=FILE_NAME) for model, table in tables.items()}
    for model, one in declared.items():
        if model in known and known[model].origin != FILE_NAME:
            raise UsageError(
                f"{FILE_NAME}: {model} has a policy that was set by hand.",
                hint=f"Remove it: nbops retrain remove {model}",
            )
        check_policy(workspace, one)
    outcome = {}
    for model, one in declared.items():
        before = known.get(model)
        if before is not None and "paused" not in tables[model]:
            # Who paused it by hand does not want a file to resume it.
            one = replace(one, paused=before.paused)
        after = set_policy(workspace, one, identity=identity)
        outcome[model] = "added" if before is None else "unchanged" if after == before else "changed"
    for model, one in known.items():
        if one.origin == FILE_NAME and model not in declared:
            if prune:
                remove_policy(workspace, model, identity=identity)
            outcome[model] = "removed" if prune else "left"
    return outcome


def _declared(workspace: Workspace) -> dict[str, dict[str, Any]]:
    file = workspace.root / FILE_NAME
    content = read_toml(file, FILE_NAME) if file.is_file() else {}
    tables = content.get("retrain", {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise UsageError(f"{FILE_NAME}: retrain must be tables [retrain.MODEL].")
    return tables


def _one(workspace: Workspace, model: str) -> Any:
    return select(P).where(owned(workspace, P), P.c.model == model)


def _locked(connection: Connection, workspace: Workspace, model: str) -> RetrainPolicy:
    row = connection.execute(_one(workspace, model).with_for_update()).first()
    if row is None:
        raise _none(connection, workspace, model)
    return policy_of(row)


def _none(connection: Connection, workspace: Workspace, model: str) -> NotFoundError:
    known = connection.scalars(select(P.c.model).where(owned(workspace, P))).all()
    hint = meant(model, known) or f"Set one: nbops retrain set {model} --pipeline pipeline.toml"
    return NotFoundError(f"{model} has no policy of retraining.", hint=hint)


def _next(policy: RetrainPolicy, now: float) -> float | None:
    return None if policy.paused or not policy.cron else Cron(policy.cron, policy.timezone).next(now)


def _told(policy: RetrainPolicy) -> dict[str, Any]:
    # Values of parameters may say too much.
    return {
        name: value
        for name, value in to_wire(policy).items()
        if name not in ("parameters", "author") and value not in ("", None)
    }
