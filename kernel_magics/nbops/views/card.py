"""The card under a tracked cell: conclusion first, only what changed, every number with what it is compared to."""

from __future__ import annotations

from typing import Any

from nbops.records import RUN_MIME, Card, Change, DataRef, ModelRef, to_wire
from nbops.views import html
from nbops.views.text import clip, number, seconds, size

_BIG = 6
_SHOWN = 12
_DELIVERY = {
    "pending": "saved",
    "ledger": "saved",
    "delivered": "delivered",
    "failed": "saved, not yet in MLflow",
}


def card_bundle(card: Card) -> dict[str, Any]:
    """Give the card in every form: data for JupyterLab, HTML without scripts, text."""
    return {RUN_MIME: to_wire(card), "text/html": card_html(card), "text/plain": card_text(card)}


def card_text(card: Card) -> str:
    """Give the card as text for a terminal."""
    run = card.run
    lines = [f"{run.name} · {run.status.lower()} · {_subtitle(card)} · {_time(card)}"]
    if run.error is not None:
        lines.append(f"  {run.error.type}: {clip(run.error.message, 200)}")
    moved = _moved(card)
    for name, value in run.metrics.items():
        change = moved.get(name)
        lines.append(f"  {name} {number(value)}" + (f"  {_arrow(change)} (was {_before(change)})" if change else ""))
    for title, pieces in _rows(card):
        lines.append(f"  {title}: " + " · ".join(text for text, _ in pieces))
    lines += [f"  ! {note}" for note in _notes(card)]
    return "\n".join(lines)


def card_html(card: Card) -> str:
    """Give the card as static HTML: no script, inline styles, readable in both themes."""
    run = card.run
    edge = {"FINISHED": "good", "RUNNING": "line"}.get(run.status, "bad")
    body = _head(card)
    if run.error is not None:
        text = f"{run.error.type}: {clip(run.error.message, 300)}"
        body += html.tag("div", html.span(text, "bad", mono=True), "margin:7px 0")
    body += _metrics(card)
    rows = "".join(
        html.tag("dt", html.escape(title), f"color:{html.colour('dim')}")
        + html.tag("dd", " · ".join(markup for _, markup in pieces), "margin:0;overflow-wrap:anywhere")
        for title, pieces in _rows(card)
    )
    if rows:
        body += html.tag("dl", rows, "display:grid;grid-template-columns:92px 1fr;gap:3px 10px;margin:0 0 4px")
    for note in _notes(card):
        mark = html.span("▲ ", "warn")
        style = f"border-top:1px solid {html.colour('border')};padding:5px 0 2px"
        body += html.tag("div", mark + html.escape(note), style)
    style = (
        f"border:1px solid {html.colour('border')};border-left:3px solid {html.colour(edge)};padding:8px 13px 6px;"
        "max-width:860px;font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5"
    )
    return html.tag("div", body, style, role="group", aria_label=f"Run {run.name}")


def _head(card: Card) -> str:
    run = card.run
    state = _DELIVERY[run.delivery] if run.status == "FINISHED" else run.status.lower()
    tone = "good" if run.status == "FINISHED" else "bad"
    took = html.span(seconds(run.duration), "dim")
    if run.tracking is not None:
        took += html.span(f" +{seconds(run.tracking)} tracking", "faint")
    parts = (
        html.tag("b", html.escape(run.name), "font-size:14px"),
        html.span(_subtitle(card), "dim"),
        html.tag("span", took, "margin-left:auto"),
        html.span(f"● {state}", tone),
    )
    return html.tag("div", "".join(parts), "display:flex;gap:10px;align-items:baseline;flex-wrap:wrap")


def _metrics(card: Card) -> str:
    metrics = card.run.metrics
    if not metrics:
        return ""
    moved = _moved(card)
    blocks = []
    for name, value in list(metrics.items())[:_BIG]:
        change = moved.get(name)
        shown = html.escape(number(value))
        compared = ""
        if change is not None:
            tone = {True: "good", False: "bad", None: "dim"}[change.better]
            shown += " " + html.tag("small", html.span(_arrow(change), tone), "font-size:15px")
            compared = f" · was {_before(change)}"
        elif card.previous is not None and name in card.previous.metrics:
            compared = " · same as before"
        blocks.append(
            html.tag(
                "div",
                html.tag("div", shown, "font-size:20px;line-height:1.2")
                + html.tag("div", html.span(name + compared, "dim"), "font-size:11px"),
            )
        )
    if len(metrics) > _BIG:
        blocks.append(html.span(f"+{len(metrics) - _BIG} more", "dim"))
    first = next(iter(metrics))
    series = [point.metrics[first] for point in card.history if first in point.metrics] + [metrics[first]]
    blocks.append(html.sparkline(series, f"{first} over the last {len(series)} runs"))
    return html.tag("div", "".join(blocks), "display:flex;gap:10px 26px;flex-wrap:wrap;margin:8px 0 7px")


def _rows(card: Card) -> list[tuple[str, list[tuple[str, str]]]]:
    """Give the rows of the card, each piece as text and as HTML."""
    run = card.run
    rows = []
    if card.previous is None:
        rows.append(("parameters", _limited([_assigned(n, v) for n, v in run.params.items()])))
    else:
        kinds = ("param", "code", "environment")
        rows.append(("changed", _limited([_changed(c) for c in card.changes if c.kind in kinds])))
    moved = {c.name: "new" if c.before is None else "changed" for c in card.changes if c.kind == "data"}
    for context, title in (("read", "data read"), ("written", "data made")):
        refs = [ref for ref in run.data if ref.context == context]
        same = card.previous is not None and context == "read"
        rows.append(
            (title, _limited([_data(ref, moved.get(ref.name, "same as before") if same else "") for ref in refs]))
        )
    rows.append(("model", _limited([_model(ref) for ref in run.models])))
    figures = sum(ref.kind == "figure" for ref in run.artifacts)
    if figures:
        text = f"{figures} kept" if figures > 1 else "1 kept"
        rows.append(("figures", [(text, html.span(text, "dim"))]))
    return [(title, pieces) for title, pieces in rows if pieces]


def _notes(card: Card) -> list[str]:
    notes = list(card.warnings)
    if card.run.redactions:
        what = "1 secret was" if card.run.redactions == 1 else f"{card.run.redactions} secrets were"
        notes.append(f"{what} replaced before anything was written.")
    return notes


def _limited(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(pieces) <= _SHOWN:
        return pieces
    more = f"+{len(pieces) - _SHOWN} more"
    return [*pieces[:_SHOWN], (more, html.span(more, "dim"))]


def _assigned(name: str, value: str) -> tuple[str, str]:
    shown = clip(value, 60)
    return f"{name} {shown}", html.span(f"{name} ", "dim", mono=True) + html.span(shown, mono=True)


def _changed(change: Change) -> tuple[str, str]:
    if change.kind == "code":
        return "code edited", html.span("code edited")
    before, after = (clip("–" if v is None else v, 60) for v in (change.before, change.after))
    markup = html.span(f"{change.name} ", mono=True) + html.span(f"{before} → ", "dim", mono=True)
    return f"{change.name} {before} → {after}", markup + html.span(after, mono=True)


def _data(ref: DataRef, said: str) -> tuple[str, str]:
    shape = f"{ref.rows:,} × {ref.columns:,}"
    text = " ".join(filter(None, (ref.name, shape, ref.fingerprint[:6], said)))
    markup = f"{html.span(ref.name, mono=True)} {html.span(shape, 'dim')} "
    markup += html.span(ref.fingerprint[:6], "faint", mono=True)
    return text, markup + (" " + html.span(said, "warn" if said == "changed" else "") if said else "")


def _model(ref: ModelRef) -> tuple[str, str]:
    said = ref.problem or size(ref.size)
    text = f"{ref.name} {ref.class_name}, {said}"
    markup = f"{html.span(ref.class_name, mono=True)} {html.span(ref.name, 'dim', mono=True)} "
    return text, markup + html.span(said, "warn" if ref.problem else "dim")


def _moved(card: Card) -> dict[str, Change]:
    return {c.name: c for c in card.changes if c.kind == "metric" and c.delta is not None}


def _arrow(change: Change) -> str:
    delta = change.delta or 0.0
    return f"{'▲' if delta > 0 else '▼'} {number(abs(delta))}"


def _before(change: Change) -> str:
    try:
        return number(float(change.before or "nan"))
    except ValueError:
        return str(change.before)


def _subtitle(card: Card) -> str:
    run = card.run
    notebook = run.cell.notebook.rpartition("/")[2]
    where = f"{run.experiment} / {notebook}" if notebook else run.experiment
    return f"{where} · {'first run' if run.attempt == 1 else f'run {run.attempt}'} of this cell"


def _time(card: Card) -> str:
    took = seconds(card.run.duration)
    return took if card.run.tracking is None else f"{took} +{seconds(card.run.tracking)} tracking"
