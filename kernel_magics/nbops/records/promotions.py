"""Gates, approvals and promotions of registered versions.

A *target* is what a version can be promoted to: a lifecycle stage (``Staging``, ``Production``) or an alias
(``champion``). Each has one holder at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from nbops.records.models import VersionDiff

IdentitySource = Literal["os", "token", "jupyter", "stated"]
GateVerdict = Literal["passed", "failed", "error"]
RequestStatus = Literal["open", "promoted", "rejected", "withdrawn", "superseded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who acts, and who vouches for that: the operating system, a configured token, or Jupyter's identity provider.

    A name that a hub has put into the environment is only ``stated``: whoever runs code there can state another.
    """

    name: str
    source: IdentitySource = "os"
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What one gate found. ``low`` and ``high`` bound the interval of ``value``; ``close`` says it passed narrowly.

    ``champion`` is the same figure of the version now held, ``limit`` the threshold in words (``≥ 0.88``), and
    ``evidence`` what one needs to see why: rows used, the worst segment, the error. ``data`` maps each file it judged
    on to the sha256 of its bytes.
    """

    name: str
    kind: str
    verdict: GateVerdict
    value: float | None = None
    champion: float | None = None
    low: float | None = None
    high: float | None = None
    limit: str = ""
    close: bool = False
    message: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """All gates of one version for one target, at one time. ``digest`` is the sha256 of everything else.

    ``spec_digest`` names the gates as they were declared; ``champion`` is the version compared with, if any.
    """

    digest: str
    model: str
    version: int
    artifact_digest: str
    target: str
    passed: bool
    gates: tuple[GateResult, ...] = ()
    champion: int | None = None
    spec_digest: str = ""
    run_id: str = ""
    actor: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One entry of a target's history: from ``at`` until ``until``, ``version`` held it (``None``: nobody did).

    ``kind`` is ``promote``, ``rollback``, ``alias``, ``register``, ``archive`` or ``displace``.
    ``self_approved`` says that an approval was asked for, and that nobody but its maker has given one.
    """

    model: str
    target: str
    version: int | None
    previous: int | None
    at: float
    until: float | None
    actor: str
    kind: str
    reason: str = ""
    digest: str = ""
    gate_report: str = ""
    self_approved: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's word on one version, bound to its digest. ``target`` ``load:pickle`` lets it be unpickled.

    ``self_approved`` says that an approval is asked for, and that this one is the maker's own.
    """

    id: str
    request_id: str
    model: str
    version: int
    digest: str
    target: str
    verdict: Literal["approve", "reject"]
    actor: str
    source: str
    roles: tuple[str, ...] = ()
    comment: str = ""
    gate_report: str = ""
    at: float = 0.0
    expires_at: float | None = None
    self_approved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a promotion to ``target`` needs. ``expires`` is the life of an approval in seconds."""

    target: str
    approvals: int = 0
    roles: tuple[str, ...] = ()
    gates: bool = True
    card: tuple[str, ...] = ()
    four_eyes: bool = True
    expires: float | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRequest:
    """Somebody asks for a promotion. ``expected`` is the holder the asker saw."""

    id: str
    model: str
    version: int
    digest: str
    target: str
    expected: int | None
    requested_by: str
    requested_at: float
    status: RequestStatus = "open"
    comment: str = ""
    gate_report: str = ""
    closed_by: str = ""
    closed_at: float | None = None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a promotion cannot happen now. ``kind``: ``gates``, ``approvals``, ``card``, ``holder``, ``digest``, ``stage``."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A promotion that happened, or would (``dry_run``): who held the target before, and the audit event's number."""

    model: str
    version: int
    target: str
    digest: str
    previous: int | None
    kind: str = "promote"
    actor: str = ""
    at: float = 0.0
    reason: str = ""
    gate_report: str = ""
    self_approved: bool = False
    changed: bool = True
    dry_run: bool = False
    obstacles: tuple[Obstacle, ...] = ()
    audit_seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionView:
    """Everything one must see to decide on a promotion, joined: what the panel shows.

    ``headline`` is the conclusion in one sentence. ``can_approve`` is empty when ``me`` may, else the reason why not.
    ``approvals`` are all that was ever said; ``approved`` counts the people whose word counts now.
    """

    model: str
    version: int
    target: str
    digest: str
    holder: int | None
    holder_since: float | None
    policy: Policy
    me: Identity
    headline: str = ""
    report: GateReport | None = None
    report_current: bool = False
    request: PromotionRequest | None = None
    approvals: tuple[Approval, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    approved: int = 0
    can_approve: str = ""
    diff: VersionDiff | None = None
    history: tuple[Placement, ...] = ()
    lifecycle_stage: str = "None"
    aliases: tuple[str, ...] = ()
    audit_seq: int = 0
