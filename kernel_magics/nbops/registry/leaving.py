"""Take versions out of use: archive one, let nobody hold a target; each in one transaction with its event."""

from __future__ import annotations

from sqlalchemy import select

from nbops.errors import NotFoundError, RegistryError, UsageError
from nbops.ledger import tables
from nbops.ledger.audit import AuditedChange, audited
from nbops.records import Identity, ModelVersion
from nbops.registry.placing import Why, archive_version, current_holder, vacate
from nbops.registry.reading import get_model, get_version
from nbops.registry.targets import CHAMPION, PRODUCTION, target_name
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.identity import who


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
    """Let nobody hold a lifecycle stage or alias; give the version that did. Production takes ``champion`` with it.

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
        why = Why(actor=identity.name, kind="vacate", reason=reason)
        previous = vacate(change, name, target, why)
        if previous is None:
            raise NotFoundError(f"Nobody holds {target} of {name}.")
        change.detail |= {"target": target, "from": previous}
        if target == PRODUCTION and current_holder(change.connection, name, CHAMPION) == previous:
            # Whoever follows the alias must not go on getting what is in production no more.
            vacate(change, name, CHAMPION, why)
    return previous


def _held(change: AuditedChange, found: ModelVersion) -> list[str]:
    a, v = tables.model_aliases, tables.model_versions
    where = (v.c.model == found.model, v.c.version == found.version)
    stage = change.connection.scalar(select(v.c.lifecycle_stage).where(*where))
    aliases = select(a.c.alias).where(a.c.model == found.model, a.c.version == found.version).order_by(a.c.alias)
    stages = [stage] if stage in {"Staging", "Production"} else []
    return [*stages, *change.connection.scalars(aliases)]
