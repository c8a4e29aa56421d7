"""Give a target back to a former holder, in one transaction with its event."""

from __future__ import annotations

from sqlalchemy import select

from nbops.errors import RegistryError, UsageError
from nbops.ledger import tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Identity, Placement, Promotion
from nbops.registry.holding import placements
from nbops.registry.placing import Why, current_holder, left_for, place
from nbops.registry.policy import note_settings
from nbops.registry.reading import get_model, get_version
from nbops.registry.targets import PRODUCTION, target_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who


def rollback(
    name: str,
    target: str = PRODUCTION,
    *,
    to: int | str | None = None,
    reason: str,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> Promotion:
    """Give a target back to a version that held it before. It needs no gates and no approval: it had both then.

    Parameters
    ----------
    name
        Registered model.
    target
        Lifecycle stage or alias.
    to
        The former holder; by default the one that the present holder replaced.
    reason
        Why; it goes into the history.
    identity
        Who rolls back; this process's user by default.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    UsageError
        No reason is given.
    NotFoundError
        There is no such model or version.
    RegistryError
        Nobody held it before, ``to`` never did, or it holds it now.
    """
    if not reason.strip():
        raise UsageError("A rollback needs a reason.", hint="Say it with --reason TEXT.")
    workspace = workspace or find_workspace()
    identity, target = identity or who(workspace), target_name(target)
    wanted = None if to is None else get_version(workspace, name, to).version
    get_model(workspace, name)
    with audited(workspace, identity, "rollback", model=name, reason=reason) as change:
        note_settings(change, workspace, identity)
        former = _former(change, name, target, wanted)
        why = Why(actor=identity.name, kind="rollback", reason=reason, digest=former[1])
        seq, previous = change.seq, place(change, name, target, former[0], why)
        change.detail |= {"target": target, "from": previous, "to": former[0], "digest": former[1]}
        return Promotion(
            model=name,
            version=former[0],
            target=target,
            digest=former[1],
            previous=previous,
            kind="rollback",
            actor=identity.name,
            at=change.at,
            reason=reason,
            audit_seq=seq,
        )


def _former(change: AuditedChange, name: str, target: str, wanted: int | None) -> tuple[int, str]:
    past = placements(change.connection, name, target)
    now = current_holder(change.connection, name, target)
    held = {p.version: p.digest for p in past if p.version is not None}
    if not held:
        raise RegistryError(f"Nobody held {target} of {name} before.", hint=f"See: nbops history {name}")
    if wanted is None:
        wanted = _replaced(past)
    if wanted is None:
        others = ", ".join(f"--to {number}" for number in sorted(held) if number != now) or "there is none"
        raise RegistryError(
            f"Nobody held {target} of {name} right before version {now}.", hint=f"Another former holder: {others}."
        )
    if wanted == now:
        raise RegistryError(f"Version {wanted} holds {target} of {name} now.")
    if wanted not in held:
        raise RegistryError(
            f"Version {wanted} never held {target} of {name}.", hint="Promote it, through the gates, instead."
        )
    if left_for(change.connection, name, wanted, target) == PRODUCTION:
        raise RegistryError(
            f"Version {wanted} of {name} holds {PRODUCTION}, which would be left empty.",
            hint="Promote another version there first, or vacate it.",
        )
    v = tables.model_versions
    digest = change.connection.scalar(select(v.c.digest).where(v.c.model == name, v.c.version == wanted))
    if held[wanted] and digest != held[wanted]:
        raise RegistryError(f"Version {wanted} of {name} is not what it was when it held {target}: its digest differs.")
    return wanted, str(digest)


def _replaced(past: tuple[Placement, ...]) -> int | None:
    """Give whom the present holder replaced; what was rolled back is taken as if it had never been."""
    held: list[int | None] = []
    for placement in past:
        if placement.kind == "rollback" and placement.version in held:
            while held[-1] != placement.version:
                held.pop()
        else:
            held.append(placement.version)
    return held[-2] if len(held) > 1 else None
