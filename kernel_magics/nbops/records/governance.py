"""Audit events, lineage and model cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One entry of the audit log. ``rows`` maps each ledger row it changed to that row's digest, empty if removed."""

    seq: int
    at: float
    actor: str
    source: str
    action: str
    model: str = ""
    version: int | None = None
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    mac: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProblem:
    """Something that cannot be. ``seq`` is the event's, 0 for a row; ``kind`` is ``chain``, ``row``, ``head`` or ``key``."""

    kind: str
    seq: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """Whether chain, registry rows and heads kept elsewhere agree. ``head`` is the MAC of the last event."""

    ok: bool
    events: int
    rows: int
    head: str
    anchors: int = 0
    problems: tuple[AuditProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A thing in the lineage. ``kind``: ``data``, ``cell``, ``run``, ``version``, ``promotion``, ``notebook``.

    ``facts`` are shown beside it; ``columns`` are those the code shows it uses.
    """

    id: str
    kind: str
    label: str
    detail: str = ""
    at: float | None = None
    facts: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """``source`` went into ``target``; ``columns`` are those the code shows."""

    source: str
    target: str
    label: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A graph around ``start``: what it came from and what came from it."""

    start: str
    nodes: tuple[LineageNode, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardField:
    """One field of a model card. ``source`` is ``known`` (generated), ``written`` (by a person) or ``missing``.

    ``generated`` says that nbops fills it in if anybody does, so that nobody can write it.
    """

    name: str
    title: str
    text: str = ""
    source: str = "missing"
    required: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The card of a version, as it stands. ``revision`` counts edits by people, 0 before the first."""

    model: str
    version: int
    revision: int
    digest: str
    fields: tuple[CardField, ...] = ()
    missing: tuple[str, ...] = ()
    actor: str = ""
    at: float = 0.0
