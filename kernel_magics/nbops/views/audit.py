"""An auditor's report as one static page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nbops.records import AuditEvent, AuditVerdict
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
    head_row = "".join(tag("th", title) for title in ("event", "when", "who", "what", "model", "why", "details"))
    rows = "".join(_row(event) for event in events)
    nothing = "" if events else "<p>There are no events in this span.</p>"
    return page("Audit report", f"{body}<div class='scroll'><table><tr>{head_row}</tr>{rows}</table></div>{nothing}")


def _row(event: AuditEvent) -> str:
    model = event.model + (f" v{event.version}" if event.version is not None else "")
    detail = "; ".join(f"{key}: {_short(value)}" for key, value in event.detail.items())
    cells = (
        f"#{event.seq}",
        moment(event.at),
        f"{event.actor} ({event.source})",
        event.action,
        model,
        event.reason,
        detail,
    )
    return tag("tr", "".join(tag("td", escape(cell), "vertical-align:top;overflow-wrap:anywhere") for cell in cells))


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:199] + "…"
