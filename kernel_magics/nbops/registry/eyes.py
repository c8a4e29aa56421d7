"""Four eyes: whose word counts for a version, and which words count now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import ApprovalRefused
from nbops.ledger import tables
from nbops.ledger.audit import audited, order_told
from nbops.records import Approval, Identity, ModelVersion, Policy
from nbops.registry.targets import PICKLE
from nbops.workspace import Workspace
from nbops.workspace.identity import configured_people

# What nbops itself tells in the log is nobody's word.
_NOBODY = frozenset({"", "nbops", "mlflow", "unknown"})


def owners(connection: Connection, version: ModelVersion) -> frozenset[str]:
    """Give who made a version: who registered it, who ran the code of its run, and whom either named as author."""
    v, runs = tables.model_versions, tables.runs
    found = {version.author}
    detail = connection.scalar(select(v.c.detail).where(v.c.model == version.model, v.c.version == version.version))
    found.add(str((detail or {}).get("registered_by", "")))
    run = connection.execute(select(runs.c.author, runs.c.detail).where(runs.c.run_id == version.run_id)).first()
    if run is not None:
        found |= {run.author, str(run.detail.get("user", ""))}
    return frozenset(found) - _NOBODY


def people(connection: Connection, workspace: Workspace) -> frozenset[str]:
    """Give every identity known here: of the settings, and of whoever has acted in this ledger."""
    acted = connection.scalars(select(tables.audit_events.c.actor).distinct())
    return (configured_people(workspace) | frozenset(acted)) - _NOBODY


def asked_for(policy: Policy) -> bool:
    """Whether anybody's approval is asked for, so that it says something that it is one's own."""
    return policy.approvals > 0 or policy.target == PICKLE


def check(
    connection: Connection,
    workspace: Workspace,
    policy: Policy,
    version: ModelVersion,
    identity: Identity,
    *,
    rejects: bool = False,
) -> bool:
    """Refuse who may not decide on a version; give whether it is one's own, as where nobody else is known.

    Everybody may reject (``rejects``) what is their own.

    Raises
    ------
    ApprovalRefused
        The name is only stated, a role is missing, or it is one's own version and others are known.
    """
    own = identity.name in owners(connection, version)
    if own and rejects:
        return True
    if identity.source == "stated" and asked_for(policy) and not rejects:
        raise ApprovalRefused(
            f"{identity.name} is only stated by the hub, and whoever runs code here can state another name.",
            hint="Decide in the sidebar, which knows who is logged in, or set NBOPS_TOKEN.",
        )
    if policy.roles and not set(policy.roles) & set(identity.roles):
        wanted = " or ".join(policy.roles)
        raise ApprovalRefused(
            f"{identity.name} does not have the role {wanted} that {policy.target} needs.",
            hint="Roles stand in [policy.roles] of nbops.toml.",
        )
    if own and policy.four_eyes and people(connection, workspace) - {identity.name}:
        raise ApprovalRefused(
            f"{identity.name} made {version.model} version {version.version}: somebody else has to decide on it."
        )
    return own


def valid_approvals(
    connection: Connection, policy: Policy, version: ModelVersion, target: str, now: float | None = None
) -> tuple[Approval, ...]:
    """Give the approvals of a version for a target that count now.

    An approval counts for the digest it was given for, until it expires, once, and not after a rejection; a role
    that the policy asks for must have been held when it was given.
    """
    a = tables.approvals
    where = (a.c.model == version.model, a.c.version == version.version, a.c.target == target)
    told = order_told(connection, version.model, version.version, ("approve", "reject"), "approval")
    rows = connection.execute(select(a).where(*where)).mappings().all()
    now = time.time() if now is None else now
    found: list[Approval] = []
    for row in sorted(rows, key=lambda row: told.get(row["id"], 0)):
        approval = approval_of(dict(row))
        if approval.verdict == "reject":
            found.clear()
        elif _counts(policy, approval, version.digest, now) and (row["used_by"] is None or target == PICKLE):
            found.append(approval)
    return tuple(found)


def counted(
    connection: Connection, workspace: Workspace, policy: Policy, version: ModelVersion, target: str
) -> tuple[Approval, ...]:
    """Give the approvals that a promotion can rest on: the valid ones, without people's own where others are known."""
    found = valid_approvals(connection, policy, version, target)
    if not policy.four_eyes or len(people(connection, workspace)) < 2:
        return found
    makers = owners(connection, version)
    return tuple(approval for approval in found if approval.actor not in makers)


def approval_of(row: dict[str, Any]) -> Approval:
    """Make the record of a row."""
    return Approval(**{key: value for key, value in row.items() if key != "used_by"} | {"roles": tuple(row["roles"])})


def log_refusal(
    workspace: Workspace, identity: Identity, action: str, model: str, version: int, target: str, why: Sequence[str]
) -> None:
    """Write an attempt that was refused into the audit log."""
    detail = {"attempt": action, "target": target, "why": list(why)}
    with audited(workspace, identity, "refused", model=model, version=version, detail=detail):
        pass


def _counts(policy: Policy, approval: Approval, digest: str, now: float) -> bool:
    if approval.digest != digest or (approval.expires_at is not None and approval.expires_at <= now):
        return False
    # The policy may have become stricter since.
    if policy.expires is not None and approval.at + policy.expires <= now:
        return False
    return not policy.roles or bool(set(policy.roles) & set(approval.roles))
