"""Promote a version, take it back, archive it: conditional on what the actor saw, in one transaction with its event."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from sqlalchemy import select

from nbops.errors import NotFoundError, PromotionConflict, PromotionRefused, RegistryError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Identity, ModelVersion, Obstacle, Promotion
from nbops.registry import eyes
from nbops.registry.approvals import close, open_requests
from nbops.registry.examination import Examination, examine
from nbops.registry.history import placements
from nbops.registry.placing import Why, archive_version, current_holder, place, vacate
from nbops.registry.policy import note_settings
from nbops.registry.reading import get_model, get_version
from nbops.registry.targets import PRODUCTION, target_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who


class _Seen(Enum):
    ANY = "whoever holds it when the call begins"


ANY: Final = _Seen.ANY
Expected = int | None | _Seen


def promote(
    name: str,
    version: int | str,
    target: str = PRODUCTION,
    *,
    expect: Expected = ANY,
    digest: str = "",
    gate_report: str = "",
    reason: str = "",
    evaluate: bool = True,
    dry_run: bool = False,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> Promotion:
    """Let a version hold a lifecycle stage or alias, if it still replaces whom it was meant to and nothing is against it.

    Parameters
    ----------
    name, version
        Which version; a number or an alias.
    target
        ``Production``, ``Staging`` or an alias. Production takes the alias ``champion`` with it.
    expect
        The version that must hold the target now, ``None`` for nobody; by default whoever does when the call begins.
    digest
        Digest of the version as it was looked at, if it is to be compared.
    gate_report
        Digest of the gate report that was looked at, if it must be that one.
    reason
        Why, in the actor's words.
    evaluate
        Run the declared gates first where no current report exists.
    dry_run
        Change nothing; say what would happen.
    identity
        Who promotes; this process's user by default.
    workspace
        The workspace of the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    PromotionConflict
        The target is held by another version than expected; it names the holder.
    PromotionRefused
        Gates, approvals or the card stand against it. The attempt is logged.
    """
    workspace = workspace or find_workspace()
    identity, target = identity or who(workspace), target_name(target)
    found = get_version(workspace, name, version)
    if found.origin != "nbops":
        raise RegistryError(f"{name} version {found.version} was registered by MLflow, not through nbops.")
    with open_ledger(workspace).connect() as connection:
        seen = current_holder(connection, name, target) if expect is ANY else expect
        first = examine(connection, workspace, found, target, seen, gate_report)
    if first.gates_missing and evaluate and not dry_run and seen != found.version:
        from nbops.registry.gates import run_gates

        run_gates(workspace, name, found.version, target, identity=identity)
    if dry_run:
        return _foresee(workspace, identity, found, target, seen, gate_report, digest, reason)
    try:
        with audited(workspace, identity, "promote", model=name, version=found.version, reason=reason) as change:
            note_settings(change, workspace, identity)
            return _promote(change, workspace, identity, found, target, seen, gate_report, digest, reason)
    except PromotionRefused as error:
        eyes.log_refusal(workspace, identity, "promote", name, found.version, target, error.reasons)
        raise


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


def archive(
    name: str,
    version: int | str,
    *,
    reason: str = "",
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> ModelVersion:
    """Archive a version: it stays whole, and says that it is not for use any more.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    RegistryError
        It holds a lifecycle stage or alias.
    """
    workspace = workspace or find_workspace()
    identity, found = identity or who(workspace), get_version(workspace, name, version)
    with audited(workspace, identity, "archive", model=name, version=found.version, reason=reason) as change:
        held = _held(change, found)
        if held:
            raise RegistryError(
                f"{name} version {found.version} holds {', '.join(held)}.",
                hint="Promote another version first, or vacate: nbops vacate NAME TARGET",
            )
        archive_version(change, name, found.version)
    return get_version(workspace, name, found.version)


def vacate_target(
    name: str,
    target: str,
    *,
    reason: str,
    identity: Identity | None = None,
    workspace: Workspace | None = None,
) -> int:
    """Let nobody hold a lifecycle stage or alias; give the version that did.

    Raises
    ------
    UsageError
        No reason is given.
    NotFoundError
        There is no such model, or nobody holds the target.
    """
    if not reason.strip():
        raise UsageError("Vacating needs a reason.", hint="Say it with --reason TEXT.")
    workspace = workspace or find_workspace()
    identity, target = identity or who(workspace), target_name(target)
    get_model(workspace, name)
    with audited(workspace, identity, "vacate", model=name, reason=reason) as change:
        previous = vacate(change, name, target, Why(actor=identity.name, kind="vacate", reason=reason))
        if previous is None:
            raise NotFoundError(f"Nobody holds {target} of {name}.")
        change.detail |= {"target": target, "from": previous}
    return previous


def _promote(
    change: AuditedChange,
    workspace: Workspace,
    identity: Identity,
    found: ModelVersion,
    target: str,
    seen: int | None,
    gate_report: str,
    digest: str,
    reason: str,
) -> Promotion:
    name, number = found.model, found.version
    holder = current_holder(change.connection, name, target)
    if holder != seen:
        raise PromotionConflict(name, target, holder, seen)
    _same_bytes(found, target, digest)
    if holder == number:
        change.nothing()
        return Promotion(model=name, version=number, target=target, digest=found.digest, previous=holder, changed=False)
    looked = examine(change.connection, workspace, found, target, holder, gate_report)
    if looked.obstacles:
        raise _refusal(name, number, target, looked.obstacles)
    own = identity.name in eyes.owners(change.connection, found)
    alone = own and all(approval.actor == identity.name for approval in looked.approvals)
    why = Why(
        actor=identity.name,
        kind="promote",
        reason=reason,
        digest=found.digest,
        gate_report=looked.report_digest,
        self_approved=alone,
    )
    _spend(change, looked, name, number, target, identity)
    seq, previous = change.seq, place(change, name, target, number, why)
    change.detail |= {
        "target": target,
        "from": previous,
        "to": number,
        "digest": found.digest,
        "gate_report": looked.report_digest,
        "approvals": [approval.id for approval in looked.approvals],
        "self_approved": alone,
    }
    return Promotion(
        model=name,
        version=number,
        target=target,
        digest=found.digest,
        previous=previous,
        actor=identity.name,
        at=change.at,
        reason=reason,
        gate_report=looked.report_digest,
        self_approved=alone,
        audit_seq=seq,
    )


def _spend(change: AuditedChange, looked: Examination, name: str, number: int, target: str, identity: Identity) -> None:
    a = tables.approvals
    for approval in looked.approvals:
        change.connection.execute(a.update().where(a.c.id == approval.id).values(used_by=change.seq))
        change.row(a, (approval.id,))
    for request in open_requests(change.connection, name, target):
        close(change, request.id, "promoted" if request.version == number else "superseded", identity.name)


def _foresee(
    workspace: Workspace,
    identity: Identity,
    found: ModelVersion,
    target: str,
    seen: int | None,
    gate_report: str,
    digest: str,
    reason: str,
) -> Promotion:
    with open_ledger(workspace).connect() as connection:
        holder = current_holder(connection, found.model, target)
        looked = examine(connection, workspace, found, target, holder, gate_report)
    obstacles = list(looked.obstacles)
    if holder != seen:
        obstacles.append(Obstacle(kind="holder", message=PromotionConflict(found.model, target, holder, seen).message))
    if digest and digest != found.digest:
        obstacles.append(Obstacle(kind="digest", message="its digest is another one than was looked at"))
    return Promotion(
        model=found.model,
        version=found.version,
        target=target,
        digest=found.digest,
        previous=holder,
        actor=identity.name,
        reason=reason,
        gate_report=looked.report_digest,
        changed=holder != found.version and not obstacles,
        dry_run=True,
        obstacles=tuple(obstacles),
    )


def _same_bytes(found: ModelVersion, target: str, digest: str) -> None:
    if digest and digest != found.digest:
        raise PromotionRefused(
            found.model, found.version, target, ("its digest is another one than was looked at",), ("digest",)
        )


def _refusal(name: str, number: int, target: str, obstacles: Sequence[Obstacle]) -> PromotionRefused:
    kinds = tuple(obstacle.kind for obstacle in obstacles)
    hint = f"Ask for it with: nbops request {name} {number} --target {target}" if kinds == ("approvals",) else ""
    return PromotionRefused(name, number, target, tuple(obstacle.message for obstacle in obstacles), kinds, hint=hint)


def _former(change: AuditedChange, name: str, target: str, wanted: int | None) -> tuple[int, str]:
    past = placements(change.connection, name, target)
    now = current_holder(change.connection, name, target)
    held = {p.version: p.digest for p in past if p.version is not None}
    if wanted is None:
        # What the present holder replaced when it was promoted, not when it was rolled back to.
        wanted = next((p.previous for p in past if p.version == now and p.kind != "rollback"), None)
        if wanted is None and now is None:
            wanted = next((p.version for p in reversed(past) if p.version is not None), None)
    if wanted is None:
        raise RegistryError(f"Nobody held {target} of {name} before.", hint=f"See: nbops history {name}")
    if wanted == now:
        raise RegistryError(f"Version {wanted} holds {target} of {name} now.")
    if wanted not in held:
        raise RegistryError(
            f"Version {wanted} never held {target} of {name}.", hint="Promote it, through the gates, instead."
        )
    v = tables.model_versions
    digest = change.connection.scalar(select(v.c.digest).where(v.c.model == name, v.c.version == wanted))
    if held[wanted] and digest != held[wanted]:
        raise RegistryError(f"Version {wanted} of {name} is not what it was when it held {target}: its digest differs.")
    return wanted, str(digest)


def _held(change: AuditedChange, found: ModelVersion) -> list[str]:
    a, v = tables.model_aliases, tables.model_versions
    where = (v.c.model == found.model, v.c.version == found.version)
    stage = change.connection.scalar(select(v.c.lifecycle_stage).where(*where))
    aliases = select(a.c.alias).where(a.c.model == found.model, a.c.version == found.version).order_by(a.c.alias)
    stages = [stage] if stage in {"Staging", "Production"} else []
    return [*stages, *change.connection.scalars(aliases)]
