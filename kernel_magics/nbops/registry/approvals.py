"""Requests and approvals: who asks for a promotion, who lets it through, who says no."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import ApprovalRefused, NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Approval, Identity, ModelVersion, PromotionRequest
from nbops.registry import eyes
from nbops.registry.placing import current_holder
from nbops.registry.policy import note_settings, read_policy
from nbops.registry.reading import get_version
from nbops.registry.targets import PICKLE, target_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who


def request_promotion(
    name: str,
    version: int | str,
    target: str = "Production",
    *,
    comment: str = "",
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> PromotionRequest:
    """Ask for a promotion; an earlier open request for the same target gives way.

    Raises
    ------
    NotFoundError
        There is no such version.
    UsageError
        ``target`` cannot be one.
    """
    workspace = workspace or find_workspace()
    identity, target, found = identity or who(workspace), target_name(target), get_version(workspace, name, version)
    r = tables.promotion_requests
    number = found.version
    with audited(workspace, identity, "request", model=name, version=number, reason=comment) as change:
        note_settings(change, workspace, identity)
        for old in change.connection.scalars(
            select(r.c.id).where(r.c.model == name, r.c.target == target, r.c.status == "open")
        ).all():
            close(change, old, "superseded", identity.name)
        made = PromotionRequest(
            id=secrets.token_hex(8),
            model=name,
            version=number,
            digest=found.digest,
            target=target,
            expected=current_holder(change.connection, name, target),
            requested_by=identity.name,
            requested_at=change.at,
            comment=comment,
            gate_report=_latest_report(change.connection, found, target),
        )
        values = {column.name: getattr(made, column.name) for column in r.columns}
        change.connection.execute(r.insert().values(**values))
        change.row(r, (made.id,))
        change.detail |= {"target": target, "digest": found.digest, "request": made.id}
    return made


def approve(
    name: str,
    version: int | str,
    target: str = "Production",
    *,
    comment: str = "",
    digest: str = "",
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> Approval:
    """Let a version through to a target. The word is bound to the version's digest and expires as the policy says.

    Parameters
    ----------
    name, version, target
        What is let through where.
    comment
        What was looked at.
    digest
        Digest of the version that was looked at, if it is to be compared.
    identity
        Who approves; this process's user by default.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such version.
    ApprovalRefused
        The policy does not take this person's word, or the digest is another one. The attempt is logged.
    """
    return _decide("approve", name, version, target_name(target), comment, digest, identity, workspace)


def reject(
    name: str,
    version: int | str,
    target: str = "Production",
    *,
    reason: str,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> Approval:
    """Say no: the open request is closed and approvals given so far count no more.

    Raises
    ------
    NotFoundError
        There is no such version.
    UsageError
        No reason is given.
    ApprovalRefused
        The policy does not take this person's word. The attempt is logged.
    """
    if not reason.strip():
        raise UsageError("A rejection needs a reason.", hint="Say it with --reason TEXT.")
    return _decide("reject", name, version, target_name(target), reason, "", identity, workspace)


def approve_pickle(
    name: str,
    version: int | str,
    *,
    reason: str,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> Approval:
    """Let a version that is stored as a pickle be loaded. Loading it runs whatever code is in it.

    Raises
    ------
    NotFoundError
        There is no such version.
    UsageError
        No reason is given, or the version needs no such approval.
    ApprovalRefused
        The policy ``[policy.pickle]`` does not take this person's word. The attempt is logged.
    """
    if not reason.strip():
        raise UsageError("Letting a pickle be loaded needs a reason.", hint="Say it with --reason TEXT.")
    workspace = workspace or find_workspace()
    found = get_version(workspace, name, version)
    if found.serialization not in {"pickle", "cloudpickle"}:
        raise UsageError(f"{name} version {found.version} is stored as {found.serialization} and loads without.")
    return _decide("approve", name, found.version, PICKLE, reason, "", identity, workspace)


def pickle_approved(workspace: Workspace, version: ModelVersion) -> bool:
    """Whether somebody has let this version be unpickled."""
    policy = read_policy(workspace, PICKLE)
    with open_ledger(workspace).connect() as connection:
        counted = eyes.valid_approvals(connection, policy, version, PICKLE)
    return len({approval.actor for approval in counted}) >= max(1, policy.approvals)


def withdraw(
    request_id: str, *, reason: str = "", identity: Identity | None = None, workspace: Workspace | None = None
) -> None:
    """Take back a request.

    Raises
    ------
    NotFoundError
        There is no open request of that id.
    ApprovalRefused
        Somebody else asked.
    """
    workspace = workspace or find_workspace()
    identity = identity or who(workspace)
    r = tables.promotion_requests
    asked = select(r).where(r.c.id == request_id, r.c.status == "open")
    nothing = NotFoundError(f"There is no open request {request_id!r}.")
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(asked).first()
    if row is None:
        raise nothing
    with audited(workspace, identity, "withdraw", model=row.model, version=row.version, reason=reason) as change:
        if change.connection.execute(asked).first() is None:
            raise nothing
        if row.requested_by != identity.name:
            raise ApprovalRefused(f"The request is {row.requested_by}'s.", hint="Reject it, with a reason.")
        close(change, request_id, "withdrawn", identity.name)
        change.detail |= {"target": row.target, "request": request_id}


def open_requests(connection: Connection, model: str = "", target: str = "") -> tuple[PromotionRequest, ...]:
    """Give the open requests, oldest first, each with the approvals of its version and target."""
    r, a = tables.promotion_requests, tables.approvals
    query = select(r).where(r.c.status == "open").order_by(r.c.requested_at)
    if model:
        query = query.where(r.c.model == model)
    if target:
        query = query.where(r.c.target == target)
    found = []
    for row in connection.execute(query).mappings().all():
        given = select(a).where(a.c.request_id == row["id"]).order_by(a.c.at)
        approvals = tuple(eyes.approval_of(dict(other)) for other in connection.execute(given).mappings())
        found.append(PromotionRequest(**row, approvals=approvals))
    return tuple(found)


def close(change: AuditedChange, request_id: str, status: str, actor: str) -> None:
    """End a request within a transaction."""
    r = tables.promotion_requests
    values = {"status": status, "closed_by": actor, "closed_at": change.at}
    change.connection.execute(r.update().where(r.c.id == request_id).values(**values))
    change.row(r, (request_id,))


def _decide(
    verdict: Any,
    name: str,
    version: int | str,
    target: str,
    comment: str,
    digest: str,
    identity: Identity | None,
    workspace: Workspace | None,
) -> Approval:
    workspace = workspace or find_workspace()
    identity, found = identity or who(workspace), get_version(workspace, name, version)
    policy = read_policy(workspace, target)
    try:
        with audited(workspace, identity, verdict, model=name, version=found.version, reason=comment) as change:
            note_settings(change, workspace, identity)
            if digest and digest != found.digest:
                raise ApprovalRefused(f"{name} version {found.version} is not what was looked at: its digest differs.")
            owns = eyes.check(change.connection, workspace, policy, found, identity, rejects=verdict == "reject")
            alone = owns and eyes.asked_for(policy)
            asked = open_requests(change.connection, name, target)
            request = next((r for r in asked if (r.version, r.digest) == (found.version, found.digest)), None)
            made = Approval(
                id=secrets.token_hex(8),
                request_id=request.id if request else "",
                model=name,
                version=found.version,
                digest=found.digest,
                target=target,
                verdict=verdict,
                actor=identity.name,
                source=identity.source,
                roles=identity.roles,
                comment=comment,
                gate_report=_latest_report(change.connection, found, target),
                at=change.at,
                expires_at=None if policy.expires is None else change.at + policy.expires,
                self_approved=alone,
            )
            _write(change, made)
            if verdict == "reject" and request is not None:
                close(change, request.id, "rejected", identity.name)
            change.detail |= {"target": target, "digest": found.digest, "self_approved": alone, "approval": made.id}
    except ApprovalRefused as error:
        eyes.log_refusal(workspace, identity, verdict, name, found.version, target, (error.message,))
        raise
    return made


def _write(change: AuditedChange, made: Approval) -> None:
    a = tables.approvals
    values = {column.name: getattr(made, column.name) for column in a.columns if column.name != "used_by"}
    change.connection.execute(a.insert().values(**values | {"roles": list(made.roles)}))
    change.row(a, (made.id,))


def _latest_report(connection: Connection, version: ModelVersion, target: str) -> str:
    g = tables.gate_reports
    newest = (
        select(g.c.digest)
        .where(
            g.c.model == version.model,
            g.c.version == version.version,
            g.c.target == target,
            g.c.artifact_digest == version.digest,
        )
        .order_by(g.c.created_at.desc())
        .limit(1)
    )
    return str(connection.scalar(newest) or "")
