"""Candidate against champion, as static HTML and as text: what one must see to decide on a promotion."""

from __future__ import annotations

from collections.abc import Iterable

from nbops.records import GateResult, PromotionView, VersionChange
from nbops.views import html
from nbops.views.text import clip, moment, number, table

PROMOTION_MIME = "application/vnd.nbops.promotion.v1+json"
_SIGNS = {"passed": ("good", "✓"), "failed": ("bad", "✗"), "error": ("bad", "✗ error")}
_CELL = f"padding:3px 14px 3px 0;border-bottom:1px solid {html.colour('border')};text-align:left;vertical-align:top"
_NUMBER = _CELL.replace("text-align:left", "text-align:right")
_CHANGES = {
    "fact": "",
    "param": "parameters: ",
    "metric": "metrics: ",
    "data": "data: ",
    "package": "packages: ",
    "signature": "signature: ",
    "file": "files: ",
}


def promotion_view_html(view: PromotionView) -> str:
    """Show the view for the output of a cell; static, everything escaped."""
    parts = [_head(view), html.tag("p", html.tag("b", html.escape(view.headline)), "margin:4px 0 9px")]
    left = _gates(view)
    right = _changed(view) + _said(view)
    if left or right:
        parts.append(
            html.tag(
                "div",
                html.tag("div", left, "flex:1.5 1 380px") + html.tag("div", right, "flex:1 1 240px"),
                "display:flex;flex-wrap:wrap;gap:8px 22px",
            )
        )
    parts += [_obstacles(view), _foot(view)]
    style = f"border:1px solid {html.colour('border')};padding:11px 14px;max-width:860px"
    return html.tag("div", "".join(parts), style)


def promotion_view_text(view: PromotionView) -> str:
    """Show the view in a terminal."""
    lines = [f"{view.model} v{view.version} → {view.target}   {_holder(view)}", view.headline]
    if view.report is not None and view.report.gates:
        rows = [
            (g.name, _value(g.champion), _value(g.value), _interval(g), g.limit, _sign(g)[1], clip(g.message, 60))
            for g in view.report.gates
        ]
        lines += ["", table(rows, ("gate", _champion(view), f"v{view.version}", "interval", "limit", "", ""))]
    if view.diff is not None and view.diff.changes:
        lines += ["", f"what changed since v{view.diff.before}:", *(f"  {text}" for text in change_lines(view))]
    lines += [f"  {text}" for text in _words(view)]
    if view.obstacles:
        lines += ["", "It cannot be promoted now:", *(f"  - {o.message}" for o in view.obstacles)]
    return "\n".join([*lines, "", _facts(view)])


def change_lines(view: PromotionView) -> list[str]:
    """Say in a few lines what changed since the holder's version."""
    if view.diff is None:
        return []
    lines = []
    if view.diff.code:
        changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in view.diff.code.splitlines())
        lines.append(f"code: {changed} lines")
    for kind, title in _CHANGES.items():
        of_kind = [change for change in view.diff.changes if change.kind == kind]
        if of_kind:
            shown = ", ".join(_change(change) for change in of_kind[:6])
            lines.append(f"{title}{shown}" + (f" and {len(of_kind) - 6} more" if len(of_kind) > 6 else ""))
    return lines


def _head(view: PromotionView) -> str:
    title = html.tag("b", html.escape(f"{view.model} v{view.version} → {view.target}"), "font-size:115%")
    pill = ""
    if view.policy.approvals:
        have = len({a.actor for a in view.approvals if a.verdict == "approve" and a.digest == view.digest})
        style = "margin-left:auto;border:1px solid;border-radius:9px;padding:0 8px"
        pill = html.tag("span", f"approval {have} of {view.policy.approvals}", style)
    return html.tag(
        "div", f"{title} {html.span(_holder(view), 'dim')}{pill}", "display:flex;gap:9px;align-items:baseline"
    )


def _holder(view: PromotionView) -> str:
    if view.holder is None:
        return "nobody holds it yet"
    if view.holder == view.version:
        return f"holds it since {moment(view.holder_since)}"
    return f"would replace v{view.holder}, there since {moment(view.holder_since)}"


def _champion(view: PromotionView) -> str:
    champion = view.report.champion if view.report else None
    return f"v{champion}" if champion is not None else ""


def _gates(view: PromotionView) -> str:
    if view.report is None or not view.report.gates:
        return ""
    titles = ("gate", _champion(view), f"v{view.version}", "limit", "")
    head = "".join(html.tag("th", html.span(title, "dim"), _CELL + ";font-weight:normal") for title in titles)
    rows = "".join(_gate(gate) for gate in view.report.gates)
    stale = "" if view.report_current else html.tag("p", html.span("These gates are not those of now.", "warn"))
    return stale + html.tag("table", html.tag("tr", head) + rows, "border-collapse:collapse;width:100%")


def _gate(gate: GateResult) -> str:
    tone, sign = _sign(gate)
    interval = _interval(gate)
    value = html.escape(_value(gate.value)) + (html.tag("div", html.span(interval, "dim")) if interval else "")
    why = html.tag("div", html.span(gate.message, "dim")) if gate.message and gate.verdict != "passed" else ""
    cells = [
        (html.escape(gate.name) + why, _CELL),
        (html.escape(_value(gate.champion)), _NUMBER),
        (value, _NUMBER),
        (html.span(gate.limit, "dim"), _CELL),
        (html.span(sign, tone), _CELL),
    ]
    return html.tag("tr", "".join(html.tag("td", content, style) for content, style in cells))


def _sign(gate: GateResult) -> tuple[str, str]:
    if gate.verdict == "passed" and gate.close:
        return "warn", "✓ close"
    return _SIGNS[gate.verdict]


def _value(value: float | None) -> str:
    return "" if value is None else number(value)


def _interval(gate: GateResult) -> str:
    return "" if gate.low is None or gate.high is None else f"{number(gate.low)} to {number(gate.high)}"


def _changed(view: PromotionView) -> str:
    if view.diff is None:
        return ""
    title = html.span(f"what changed since v{view.diff.before}", "dim")
    lines = change_lines(view) or ["nothing that is known"]
    body = "".join(html.tag("div", html.escape(line), f"{_CELL};padding-right:0") for line in lines)
    code = ""
    if view.diff.code:
        pre = html.tag("pre", html.escape(view.diff.code), "margin:4px 0;overflow:auto;max-height:260px;font-size:90%")
        code = html.tag("details", html.tag("summary", "diff of the code") + pre)
    return html.tag("div", title, "margin-bottom:3px") + body + code


def _change(change: VersionChange) -> str:
    if change.before is None:
        return f"{change.name} {change.after} (new)"
    if change.after is None:
        return f"{change.name} gone"
    return f"{change.name} {clip(change.before, 30)} → {clip(change.after, 30)}"


def _words(view: PromotionView) -> Iterable[str]:
    if view.request is not None:
        why = f': "{view.request.comment}"' if view.request.comment else ""
        yield f"{view.request.requested_by} asked {moment(view.request.requested_at)}{why}"
    for a in view.approvals:
        verb = "approved" if a.verdict == "approve" else "rejected"
        own = " (self-approved)" if a.self_approved and a.verdict == "approve" else ""
        yield f"{a.actor} {verb} {moment(a.at)}{own}" + (f', "{a.comment}"' if a.comment else "")


def _said(view: PromotionView) -> str:
    return "".join(html.tag("p", html.span(text, "dim"), "margin:6px 0 0") for text in _words(view))


def _obstacles(view: PromotionView) -> str:
    if not view.obstacles or view.holder == view.version:
        return ""
    items = "".join(html.tag("li", html.escape(o.message)) for o in view.obstacles)
    return html.tag("div", html.span("It cannot be promoted now:", "warn"), "margin-top:8px") + html.tag(
        "ul", items, "margin:2px 0 0"
    )


def _facts(view: PromotionView) -> str:
    report = f" · gates {view.report.digest[:6]}" if view.report else ""
    return f"artifact {view.digest[:6]}{report} · audit #{view.audit_seq}"


def _foot(view: PromotionView) -> str:
    style = f"border-top:1px solid {html.colour('border')};margin-top:10px;padding-top:7px"
    return html.tag("div", html.span(_facts(view), "dim", mono=True), style)
