"""Policies of ``nbops.toml``: what a promotion to a lifecycle stage or alias needs."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from nbops.errors import SettingsError
from nbops.ledger import tables
from nbops.ledger.audit import AuditedChange
from nbops.ledger.chain import canonical
from nbops.records import Identity, Policy
from nbops.registry.targets import CHAMPION, PICKLE, PRODUCTION, STAGES, is_stage
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_KEYS = frozenset({"approvals", "roles", "gates", "card", "four_eyes", "expires_days"})
_TABLES = frozenset({"stages", "aliases", "pickle", "roles", "tokens", "shared_users"})
_GOVERNED = ("policy", "gates", "webhooks", "audit")
_DAY = 86400.0


def read_policy(workspace: Workspace, target: str) -> Policy:
    """Give what ``target`` needs; nothing but passed gates where ``nbops.toml`` says nothing.

    The alias ``champion`` has the policy of Production unless it has one of its own: they name the same decision.

    Raises
    ------
    SettingsError
        The tables are wrong.
    """
    policy = _table(read_tables(workspace.root), "policy", "policy")
    digest = hashlib.sha256(canonical(_plain(policy)).encode()).hexdigest()
    # A slip of the pen must not leave a model without the policy that was meant for it.
    _known_only("policy", policy, _TABLES)
    _known_only("policy.stages", _table(policy, "stages", "policy.stages"), frozenset(STAGES))
    where, rules = _rules(policy, target)
    _known_only(where, rules, _KEYS)
    days = rules.get("expires_days")
    return Policy(
        target=target,
        approvals=_whole(where, "approvals", rules.get("approvals", 0)),
        roles=_texts(where, "roles", rules.get("roles", [])),
        gates=_flag(where, "gates", rules.get("gates", True)),
        card=_texts(where, "card", rules.get("card", [])),
        # Who stored a pickle may well open it; that somebody else looks at it is a choice.
        four_eyes=_flag(where, "four_eyes", rules.get("four_eyes", target != PICKLE)),
        expires=None if days is None else _number(where, "expires_days", days) * _DAY,
        digest=digest,
    )


def note_settings(change: AuditedChange, workspace: Workspace, identity: Identity) -> None:
    """Add an event if policy, gates or webhooks are not those of the last decision."""
    tables_now = read_tables(workspace.root)
    content = {name: _plain(tables_now[name]) for name in _GOVERNED if name in tables_now}
    digest = hashlib.sha256(canonical(content).encode()).hexdigest()
    events = tables.audit_events
    last = select(events.c.body).where(events.c.action == "settings").order_by(events.c.seq.desc()).limit(1)
    known = change.connection.scalar(last)
    if (known is None and not content) or (known is not None and f'"digest":"{digest}"' in known):
        return
    change.tell(identity, "settings", detail={"digest": digest, "content": content})


def _known_only(where: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(known))}."
            raise SettingsError(f"[{where}] of {FILE_NAME} has an unknown key {key!r}.", hint=hint)


def _rules(policy: Mapping[str, Any], target: str) -> tuple[str, Mapping[str, Any]]:
    stages, aliases = _table(policy, "stages", "policy.stages"), _table(policy, "aliases", "policy.aliases")
    if target == PICKLE:
        return "policy.pickle", _table(policy, "pickle", "policy.pickle")
    if is_stage(target):
        return f"policy.stages.{target}", _table(stages, target, f"policy.stages.{target}")
    if target in aliases or target != CHAMPION:
        return f"policy.aliases.{target}", _table(aliases, target, f"policy.aliases.{target}")
    return f"policy.stages.{PRODUCTION}", _table(stages, PRODUCTION, f"policy.stages.{PRODUCTION}")


def _plain(value: Any) -> Any:
    """Turn what TOML has and JSON has not, such as dates, into text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, bool)) else repr(value)


def _table(content: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    found = content.get(name, {})
    if not isinstance(found, dict):
        raise SettingsError(f"{where} in {FILE_NAME} must be a table.")
    return found


def _whole(where: str, key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise SettingsError(f"{key} in [{where}] of {FILE_NAME} must be a whole number from 0 to 100, not {value!r}.")
    return value


def _number(where: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise SettingsError(f"{key} in [{where}] of {FILE_NAME} must be a positive number, not {value!r}.")
    return float(value)


def _flag(where: str, key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{key} in [{where}] of {FILE_NAME} must be true or false, not {value!r}.")
    return value


def _texts(where: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{key} in [{where}] of {FILE_NAME} must be a list of texts, not {value!r}.")
    return tuple(value)
