"""Versions of rules in the ledger: saved by a person, never changed, told in the audit log."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from nbops.data.rules import Rules
from nbops.errors import NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.audit import audited
from nbops.records import Identity
from nbops.workspace import Workspace
from nbops.workspace.identity import who
from nbops.workspace.ownership import workspace_id

_T = tables.rule_sets
_NAME = re.compile(r"[^\W\d][\w-]{0,79}")
_WHICH = re.compile(r"(?P<name>[^@/\\.]+)(?:@(?P<version>\d{1,9}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A version of rules; ``digest`` is the sha256 of what they say."""

    name: str
    version: int
    digest: str
    at: float
    author: str
    note: str
    rules: Rules

    @property
    def label(self) -> str:
        """Name and version, as ``--against`` takes them."""
        return f"{self.name}@{self.version}"


def save_rules(
    workspace: Workspace, name: str, rules: Rules, *, note: str = "", identity: Identity | None = None
) -> RuleSet:
    """Keep rules as the next version of a name; those that say the same as the last version are that version.

    Parameters
    ----------
    workspace
        Whose ledger.
    name
        A letter, then letters, digits, ``_`` and ``-``.
    note
        Why, in a person's words.
    identity
        Who does it.

    Raises
    ------
    UsageError
        The name cannot be one.
    LedgerError
        The ledger does not answer.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name rules.", hint="Begin with a letter; use letters, digits, _ and -.")
    said, actor = rules.to_dict(), identity or who(workspace)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=list).encode()).hexdigest()
    with audited(workspace, actor, "rules-save", reason=note) as change:
        last = change.connection.execute(_last(workspace, name)).first()
        if last is not None and last.digest == digest:
            change.nothing()
            return _read(last)
        version = last.version + 1 if last is not None else 1
        values: dict[str, Any] = {
            "name": name,
            "version": version,
            "digest": digest,
            "at": change.at,
            "author": actor.name,
            "note": note,
        }
        row = {"workspace": workspace_id(workspace), **values, "rules": json.loads(json.dumps(said, default=list))}
        change.connection.execute(_T.insert().values(**row))
        change.detail |= {"name": name, "rules_version": version, "digest": digest, "columns": len(rules.columns)}
    return RuleSet(**values, rules=rules)


def load_rules(workspace: Workspace, which: str) -> RuleSet:
    """Read ``NAME`` (its last version) or ``NAME@3``.

    Raises
    ------
    NotFoundError
        There are no such rules; the closest name is told.
    UsageError
        It names none.
    """
    match = _WHICH.fullmatch(which)
    if match is None:
        raise UsageError(f"{which!r} names no rules.", hint="Write NAME or NAME@3.")
    query = _last(workspace, match["name"])
    if match["version"]:
        query = select(_T).where(*_named(workspace, match["name"]), _T.c.version == int(match["version"]))
    with open_ledger(workspace).connect() as connection:
        row = connection.execute(query).first()
        known = connection.scalars(select(_T.c.name).where(_T.c.workspace == workspace_id(workspace)).distinct()).all()
    if row is None:
        raise NotFoundError(f"There are no rules {which}.", hint=_closest(match["name"], known))
    return _read(row)


def rule_sets(workspace: Workspace, name: str = "") -> tuple[RuleSet, ...]:
    """Give the last version of all rules, or every version of one name, the newest first."""
    mine = _T.c.workspace == workspace_id(workspace)
    if name:
        query = select(_T).where(mine, _T.c.name == name).order_by(_T.c.version.desc())
    else:
        newest = select(_T.c.name, func.max(_T.c.version).label("version")).where(mine).group_by(_T.c.name).subquery()
        same = (_T.c.name == newest.c.name) & (_T.c.version == newest.c.version)
        query = select(_T).join(newest, same).where(mine).order_by(_T.c.name)
    with open_ledger(workspace).connect() as connection:
        return tuple(_read(row) for row in connection.execute(query))


def _named(workspace: Workspace, name: str) -> tuple[Any, ...]:
    return _T.c.workspace == workspace_id(workspace), _T.c.name == name


def _last(workspace: Workspace, name: str) -> Any:
    return select(_T).where(*_named(workspace, name)).order_by(_T.c.version.desc()).limit(1)


def _read(row: Row[Any]) -> RuleSet:
    found = {name: getattr(row, name) for name in ("name", "version", "digest", "at", "author", "note")}
    return RuleSet(**found, rules=Rules.from_dict(row.rules))


def _closest(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]}?" if near else "Save some: %validate DATA --against REFERENCE --save NAME"
