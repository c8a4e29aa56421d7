"""Versions, history, promotions, requests and the audit log as text and static HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nbops.records import (
    Approval,
    AuditEvent,
    AuditVerdict,
    ForeignChange,
    ModelVersion,
    Placement,
    Promotion,
    PromotionRequest,
    RegisteredModel,
)
from nbops.views.text import clip, moment, number, printable, seconds, size, table


def versions_text(model: RegisteredModel) -> str:
    """Show the versions of a model with stage and aliases, newest first."""
    rows = [
        (
            f"v{v.version}",
            v.lifecycle_stage if v.lifecycle_stage != "None" else "–",
            ", ".join(v.aliases) or "–",
            v.class_name or "–",
            v.serialization or "–",
            size(v.size),
            clip("  ".join(f"{k} {number(x)}" for k, x in list(v.metrics.items())[:3]), 40) or "–",
            v.run_id[:8] or "–",
            moment(v.created_at),
            v.author or "–",
        )
        for v in model.versions
    ]
    header = ("version", "stage", "aliases", "class", "format", "size", "metrics", "run", "registered", "by")
    return "\n".join([table(rows, header), *foreign_lines(model)])


def foreign_lines(model: RegisteredModel) -> list[str]:
    """Say what stands otherwise in MLflow's registry."""
    return _foreign(model.foreign)


def foreign_text(found: Sequence[ForeignChange], undone: Sequence[ForeignChange]) -> str:
    """Show what others changed in MLflow's registry, and what the courier is about to put right of it."""
    if not found:
        return "MLflow's registry stands as it was written."
    lines = _foreign(found)
    if undone:
        lines.append(f"The courier puts {len(undone)} of {len(found)} right.")
    left = [change for change in found if change not in undone]
    if left and undone:
        lines.append("Versions that others registered there stay: deleting them would erase where they come from.")
    return "\n".join(lines)


def _foreign(changes: Sequence[ForeignChange]) -> list[str]:
    return [
        printable(
            f"! not through the gate: {change.kind} {change.name} of {change.model} is {change.found or 'gone'} in MLflow, "
            f"{change.expected or 'absent'} here (seen {moment(change.seen_at)})"
        )
        for change in changes
    ]


def history_text(placements: Sequence[Placement]) -> str:
    """Show who held what, oldest first, with for how long, who and why."""
    rows = [
        (
            moment(p.at),
            p.target,
            "–" if p.version is None else f"v{p.version}",
            "–" if p.previous is None else f"v{p.previous}",
            "now" if p.until is None else seconds(p.until - p.at),
            p.kind + (" (self-approved)" if p.self_approved else ""),
            p.actor,
            clip(p.reason, 50) or "–",
        )
        for p in placements
    ]
    if not rows:
        return "Nobody has held that."
    return table(rows, ("since", "target", "version", "replaced", "for", "how", "by", "why"))


def promotion_text(done: Promotion) -> str:
    """Say what a promotion or rollback did, or would do, in a line or two."""
    where = f"{done.model} version {done.version}"
    instead = "held by nobody before" if done.previous is None else f"before: version {done.previous}"
    if done.dry_run:
        if done.changed:
            return f"{where} would go to {done.target} ({instead}). Nothing was changed."
        if done.obstacles:
            lines = "\n".join(f"  - {obstacle.message}" for obstacle in done.obstacles)
            return f"{where} would not go to {done.target}:\n{lines}"
        return f"{where} holds {done.target} already."
    if not done.changed:
        return f"{where} holds {done.target} already; nothing was changed."
    verb = "holds again" if done.kind == "rollback" else "now holds"
    own = ", self-approved" if done.self_approved else ""
    return f"{where} {verb} {done.target} ({instead}; by {done.actor}{own}; audit #{done.audit_seq})"


def promotion_html(done: Promotion) -> str:
    """Say the same as static HTML; all text is escaped."""
    good = done.changed and not done.obstacles
    colour = "--jp-success-color1,#388e3c" if good else "--jp-warn-color1,#b26a00"
    head, *rest = promotion_text(done).splitlines()
    more = "".join(f"<div>{escape(line.strip())}</div>" for line in rest)
    facts = f"artifact {done.digest[:6]}" + (f" · gates {done.gate_report[:6]}" if done.gate_report else "")
    reason = f"<div>{escape(done.reason)}</div>" if done.reason else ""
    return (
        f'<div style="border-left:3px solid var({colour});padding:6px 12px"><b>{escape(head)}</b>{more}{reason}'
        f'<div style="color:var(--jp-ui-font-color2,#666)">{escape(facts)}</div></div>'
    )


def approval_text(given: Approval) -> str:
    """Say what somebody said about a version."""
    verb = "approved" if given.verdict == "approve" else "rejected"
    own = " (self-approved)" if given.self_approved and verb == "approved" else ""
    until = f", until {moment(given.expires_at)}" if given.expires_at else ""
    comment = f': "{given.comment}"' if given.comment else ""
    where = "loading its pickle" if given.target == "load:pickle" else given.target
    told = f"{given.actor} {verb} {given.model} version {given.version} for {where}{until}{own}{comment}"
    return printable(told)


def requests_text(requests: Sequence[PromotionRequest]) -> str:
    """Show what waits for a decision."""
    rows = [
        (
            r.model,
            f"v{r.version}",
            r.target,
            r.requested_by,
            moment(r.requested_at),
            ", ".join(f"{a.actor} {a.verdict}d".replace("rejectd", "rejected") for a in r.approvals) or "–",
            clip(r.comment, 50) or "–",
            r.id,
        )
        for r in requests
    ]
    if not rows:
        return "Nothing waits for approval."
    return table(rows, ("model", "version", "target", "asked by", "when", "so far", "why", "request"))


def version_stage(version: ModelVersion) -> str:
    """Give lifecycle stage and aliases of a version in a few words."""
    parts = [version.lifecycle_stage] if version.lifecycle_stage != "None" else []
    return ", ".join([*parts, *version.aliases]) or "no stage"


def audit_text(events: Sequence[AuditEvent]) -> str:
    """Show events of the audit log, oldest first."""
    rows = [
        (
            f"#{e.seq}",
            moment(e.at),
            e.actor,
            e.action,
            (e.model + (f" v{e.version}" if e.version is not None else "")) or "–",
            clip(_about(e), 60) or "–",
        )
        for e in events
    ]
    if not rows:
        return "The audit log has no such events."
    return table(rows, ("event", "when", "who", "what", "model", "about"))


def event_text(event: AuditEvent) -> str:
    """Show one event in one line."""
    model = event.model + (f" v{event.version}" if event.version is not None else "")
    parts = (f"#{event.seq}", moment(event.at), event.actor, event.action, model, _about(event))
    return printable("  ".join(" ".join(part.split()) for part in parts if part))


def verdict_text(verdict: AuditVerdict) -> str:
    """Say whether the audit log could be proved."""
    if verdict.ok:
        heads = f", {verdict.anchors} heads kept outside" if verdict.anchors else ""
        return (
            f"The audit log is whole: {verdict.events} events, {verdict.rows} registry rows agree{heads}. "
            f"Head {verdict.events}:{verdict.head[:12]}"
        )
    lines = "\n".join(f"  - {printable(problem.message)}" for problem in verdict.problems)
    return f"The audit log does NOT hold ({len(verdict.problems)} problems):\n{lines}"


def _about(event: AuditEvent) -> str:
    detail = event.detail
    if event.action == "refused":
        return f"{detail.get('attempt', '')}: {'; '.join(detail.get('why', []))}"
    target = f"{detail['target']} " if "target" in detail else ""
    moved = f"v{detail['from']} → v{detail['to']} " if {"from", "to"} <= detail.keys() else ""
    return f"{target}{moved}{event.reason}".replace("vNone", "nobody").strip()
