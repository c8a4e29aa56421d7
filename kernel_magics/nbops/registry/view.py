"""Everything one must see to decide on a promotion, joined for the panel."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection

from nbops.errors import ApprovalRefused
from nbops.ledger import open_ledger, tables
from nbops.records import Approval, GateReport, Identity, ModelVersion, PromotionView
from nbops.registry import eyes
from nbops.registry.approvals import open_requests
from nbops.registry.diff import version_diff
from nbops.registry.examination import Examination, examine
from nbops.registry.held_out import HeldOut
from nbops.registry.holding import placements
from nbops.registry.placing import current_holder
from nbops.registry.reading import get_version
from nbops.registry.targets import PRODUCTION, target_name
from nbops.workspace import Workspace
from nbops.workspace.identity import who


def promotion_view(
    workspace: Workspace,
    name: str,
    version: int | str,
    target: str = PRODUCTION,
    identity: Identity | None = None,
) -> PromotionView:
    """Join what is known for and against promoting a version to a target.

    Raises
    ------
    NotFoundError
        There is no such model or version.
    UsageError
        ``target`` cannot be one.
    SettingsError
        Policy or gates of ``nbops.toml`` are wrong.
    """
    identity, target = identity or who(workspace), target_name(target)
    found = get_version(workspace, name, version)
    with open_ledger(workspace).connect() as connection:
        held = current_holder(connection, name, target)
        looked = examine(connection, workspace, found, target, held, held_out=HeldOut(workspace, quick=True))
        asked = open_requests(connection, name, target)
        past = placements(connection, name, target)
        view = PromotionView(
            model=name,
            version=found.version,
            target=target,
            digest=found.digest,
            holder=held,
            holder_since=past[-1].at if past and held is not None else None,
            policy=looked.policy,
            me=identity,
            headline=headline(found, held, looked),
            report=looked.report,
            report_current=looked.report_current,
            request=next((r for r in asked if r.version == found.version), None),
            approvals=_words(connection, found, target),
            obstacles=() if held == found.version else looked.obstacles,
            approved=len({approval.actor for approval in looked.approvals}),
            can_approve=_why_not(connection, workspace, looked, found, identity),
            history=past,
            lifecycle_stage=found.lifecycle_stage,
            aliases=found.aliases,
            audit_seq=int(connection.scalar(select(tables.audit_head.c.seq)) or 0),
        )
    if held is None or held == found.version:
        return view
    from dataclasses import replace

    return replace(view, diff=version_diff(workspace, name, held, found.version))


def headline(version: ModelVersion, holder: int | None, looked: Examination) -> str:
    """Say the conclusion in one sentence a manager can read."""
    if holder == version.version:
        return f"Version {version.version} holds {looked.policy.target} now."
    if not looked.report_current:
        gates = next((o for o in looked.obstacles if o.kind == "gates"), None)
        if gates is not None:
            return f"Not decided: {gates.message}."
    report = looked.report if looked.report_current else None
    if report is None or not report.gates:
        what = "No gate is declared for it"
        return f"{what}: nothing has been checked." if not looked.obstacles else f"{looked.obstacles[0].message}."
    if not report.passed:
        bad = [gate.name for gate in report.gates if gate.verdict != "passed"]
        return f"{len(bad)} of {len(report.gates)} gates do not pass: {', '.join(bad)}."
    return _praise(report)


def _praise(report: GateReport) -> str:
    count = len(report.gates)
    text = f"All {count} gates pass" if count > 1 else "Its gate passes"
    against = next(
        (g for g in report.gates if g.kind == "champion" and g.value is not None and g.low is not None), None
    )
    if against is None or against.value is None or against.low is None or against.high is None:
        return f"{text}."
    rows = against.evidence.get("rows")
    paired = f", paired on {rows:,} rows" if isinstance(rows, int) else ""
    confidence = against.evidence.get("confidence")
    share = f"{100 * confidence:g}" if isinstance(confidence, float) else "95"
    between = f"{share} % interval {against.low:+.3f} to {against.high:+.3f}{paired}"
    return f"{text}; {against.name} {against.value:+.3f} ({between})."


def _words(connection: Connection, version: ModelVersion, target: str) -> tuple[Approval, ...]:
    a = tables.approvals
    where = (a.c.model == version.model, a.c.version == version.version, a.c.target == target)
    rows = connection.execute(select(a).where(*where).order_by(a.c.at)).mappings()
    return tuple(eyes.approval_of(dict(row)) for row in rows)


def _why_not(
    connection: Connection, workspace: Workspace, looked: Examination, version: ModelVersion, identity: Identity
) -> str:
    try:
        eyes.check(connection, workspace, looked.policy, version, identity)
    except ApprovalRefused as error:
        return str(error)
    return ""
