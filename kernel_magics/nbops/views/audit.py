"""An auditor's report as one static page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from nbops.records import AuditEvent, AuditVerdict, Placement
from nbops.views.document import page
from nbops.views.html import escape, tag
from nbops.views.registry import verdict_text
from nbops.views.text import moment


def audit_page(
    workspace: str,
    events: Sequence[AuditEvent],
    verdict: AuditVerdict,
    head: str,
    span: str,
    made_at: float,
    model: str,
    held: Sequence[Placement] = (),
) -> str:
    """Give the report as a self-contained page; everything is escaped.

    Parameters
    ----------
    workspace, span, model
        What it is about, in words; ``model`` may be empty.
    events
        Those of the span, oldest first.
    verdict, head
        Whether the whole log holds, and its last event as ``SEQ:MAC``.
    made_at
        When, in seconds since the epoch.
    held
        Which version held what at any time of the span.
    """
    about = f"{workspace}, {span}" + (f", model {model}" if model else "")
    counts = Counter(event.action for event in events)
    shown = "".join(f"<div><b>{count}</b>{escape(action)}</div>" for action, count in counts.most_common())
    tone = "good" if verdict.ok else "bad"
    body = (
        f"<h1>Audit report</h1><p class='dim'>{escape(about)}; made {escape(moment(made_at))}</p>"
        f"<p class='lead {tone}' style='white-space:pre-line'>{escape(verdict_text(verdict))}</p>"
        f"<p class='dim mono' style='overflow-wrap:anywhere'>head {escape(head or 'none')}</p>"
        f"<div class='counts'>{shown}</div>"
    )
    return page("Audit report", f"{body}{_held(held, made_at)}<h2>Events</h2>{_events(events)}")


def _held(held: Sequence[Placement], made_at: float) -> str:
    """Show what was in Production when; other stages and aliases likewise."""
    title = "<h2>What was in Production when</h2>"
    if not held:
        return f"{title}<p>No version held a lifecycle stage or alias in this span.</p>"
    titles = ("model", "stage or alias", "version", "from", "until", "for", "who", "how", "why", "gate report")
    rows = [
        (
            p.model,
            p.target,
            f"v{p.version}",
            moment(p.at),
            "holds it now" if p.until is None else moment(p.until),
            lasting((made_at if p.until is None else p.until) - p.at),
            p.actor,
            p.kind + (" (self-approved)" if p.self_approved else ""),
            p.reason,
            p.gate_report[:12] or "none",
        )
        for p in held
    ]
    return title + _table(titles, rows)


def _events(events: Sequence[AuditEvent]) -> str:
    nothing = "" if events else "<p>There are no events in this span.</p>"
    return _table(("event", "when", "who", "what", "model", "why", "details"), map(_row, events)) + nothing


def lasting(seconds: float) -> str:
    """Show for how long something was held, in its two largest units: ``12 days 4 h``."""
    left = max(0, round(seconds))
    shown: list[str] = []
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or (unit == "s" and not shown):
            shown.append(f"{count} {'day' if (unit, count) == ('days', 1) else unit}")
        elif shown:
            break
    return " ".join(shown[:2])


def _table(titles: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(tag("th", title) for title in titles)
    style = "vertical-align:top;overflow-wrap:anywhere"
    body = "".join(tag("tr", "".join(tag("td", escape(cell), style) for cell in row)) for row in rows)
    return f"<div class='scroll'><table><tr>{head}</tr>{body}</table></div>"


def _row(event: AuditEvent) -> tuple[str, ...]:
    model = event.model + (f" v{event.version}" if event.version is not None else "")
    detail = "; ".join(f"{key}: {_short(value)}" for key, value in event.detail.items())
    return (
        f"#{event.seq}",
        moment(event.at),
        f"{event.actor} ({event.source})",
        event.action,
        model,
        event.reason,
        detail,
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
