"""Promote a version: conditional on what the actor saw, in one transaction with its event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from nbops.errors import PromotionConflict, PromotionRefused, RegistryError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Identity, ModelVersion, Obstacle, Promotion
from nbops.registry import eyes
from nbops.registry.approvals import close, open_requests
from nbops.registry.examination import Examination, examine
from nbops.registry.held_out import HeldOut
from nbops.registry.placing import Why, current_holder, place
from nbops.registry.policy import note_settings
from nbops.registry.reading import get_version
from nbops.registry.targets import PRODUCTION, target_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who


class _Seen(Enum):
    ANY = "whoever holds it when the call begins"


ANY: Final = _Seen.ANY
Expected = int | None | _Seen
_OTHER_BYTES = "its digest is another one than was looked at"


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
        held_out = HeldOut(workspace)
        first = examine(connection, workspace, found, target, seen, gate_report, held_out)
    if first.gates_missing and evaluate and not dry_run and seen != found.version:
        from nbops.registry.gates import run_gates

        report, held_out = run_gates(workspace, name, found.version, target, identity=identity), HeldOut(workspace)
        held_out.against(report)
    asked = _Asked(workspace, identity, found, target, seen, gate_report, digest, reason, held_out)
    if dry_run:
        return _foresee(asked)
    try:
        with audited(workspace, identity, "promote", model=name, version=found.version, reason=reason) as change:
            note_settings(change, workspace, identity)
            return _promote(change, asked)
    except PromotionRefused as error:
        eyes.log_refusal(workspace, identity, "promote", name, found.version, target, error.reasons)
        raise


@dataclass(frozen=True, slots=True)
class _Asked:
    """A promotion as it was asked for; ``seen`` is the holder it is to replace.

    ``held_out`` has been read before the transaction, so that nobody waits for that.
    """

    workspace: Workspace
    identity: Identity
    version: ModelVersion
    target: str
    seen: int | None
    gate_report: str
    digest: str
    reason: str
    held_out: HeldOut


def _promote(change: AuditedChange, asked: _Asked) -> Promotion:
    found, target = asked.version, asked.target
    holder = current_holder(change.connection, found.model, target)
    if holder != asked.seen:
        raise PromotionConflict(found.model, target, holder, asked.seen)
    _same_bytes(found, target, asked.digest)
    if holder == found.version:
        change.nothing()
        return _done(asked, holder, changed=False)
    looked = examine(change.connection, asked.workspace, found, target, holder, asked.gate_report, asked.held_out)
    if looked.obstacles:
        raise _refusal(found.model, found.version, target, looked.obstacles)
    own = asked.identity.name in eyes.owners(change.connection, found)
    alone = (
        eyes.asked_for(looked.policy)
        and own
        and all(approval.actor == asked.identity.name for approval in looked.approvals)
    )
    why = Why(
        actor=asked.identity.name,
        kind="promote",
        reason=asked.reason,
        digest=found.digest,
        gate_report=looked.report_digest,
        self_approved=alone,
    )
    _spend(change, looked, found.model, found.version, target, asked.identity)
    seq, previous = change.seq, place(change, found.model, target, found.version, why)
    change.detail |= {
        "target": target,
        "from": previous,
        "to": found.version,
        "digest": found.digest,
        "gate_report": looked.report_digest,
        "approvals": [approval.id for approval in looked.approvals],
        "self_approved": alone,
    }
    done = _done(asked, previous, gate_report=looked.report_digest, self_approved=alone)
    return replace(done, actor=why.actor, at=change.at, reason=asked.reason, audit_seq=seq)


def _done(asked: _Asked, previous: int | None, **more: Any) -> Promotion:
    found = asked.version
    return Promotion(
        model=found.model, version=found.version, target=asked.target, digest=found.digest, previous=previous, **more
    )


def _spend(change: AuditedChange, looked: Examination, name: str, number: int, target: str, identity: Identity) -> None:
    a = tables.approvals
    for approval in looked.approvals:
        change.connection.execute(a.update().where(a.c.id == approval.id).values(used_by=change.seq))
        change.row(a, (approval.id,))
    for request in open_requests(change.connection, name, target):
        close(change, request.id, "promoted" if request.version == number else "superseded", identity.name)


def _foresee(asked: _Asked) -> Promotion:
    found, target = asked.version, asked.target
    with open_ledger(asked.workspace).connect() as connection:
        holder = current_holder(connection, found.model, target)
        looked = examine(connection, asked.workspace, found, target, holder, asked.gate_report, asked.held_out)
    # Nothing stands against what is so already.
    obstacles = [] if holder == found.version else list(looked.obstacles)
    if holder != asked.seen:
        conflict = PromotionConflict(found.model, target, holder, asked.seen)
        obstacles.append(Obstacle(kind="holder", message=conflict.message))
    if asked.digest and asked.digest != found.digest:
        obstacles.append(Obstacle(kind="digest", message=_OTHER_BYTES))
    return _done(
        asked,
        holder,
        actor=asked.identity.name,
        reason=asked.reason,
        gate_report=looked.report_digest,
        changed=holder != found.version and not obstacles,
        dry_run=True,
        obstacles=tuple(obstacles),
    )


def _same_bytes(found: ModelVersion, target: str, digest: str) -> None:
    if digest and digest != found.digest:
        raise PromotionRefused(found.model, found.version, target, (_OTHER_BYTES,), ("digest",))


def _refusal(name: str, number: int, target: str, obstacles: Sequence[Obstacle]) -> PromotionRefused:
    kinds = tuple(obstacle.kind for obstacle in obstacles)
    hint = f"Ask for it with: nbops request {name} {number} --target {target}" if kinds == ("approvals",) else ""
    return PromotionRefused(name, number, target, tuple(obstacle.message for obstacle in obstacles), kinds, hint=hint)
