"""A model card as Markdown, static HTML and text."""

from __future__ import annotations

import re

from nbops.records import ModelCard
from nbops.views import html
from nbops.views.text import moment, printable

_MISSING = "not written yet"


def card_markdown(card: ModelCard) -> str:
    """Give the card as Markdown; what people wrote is escaped where it would make markup."""
    lines = [f"# Model card: {_quiet(card.model)} version {card.version}", ""]
    if card.missing:
        lines += [f"**Missing:** {', '.join(_titles(card))}", ""]
    for field in card.fields:
        if field.text or field.required:
            lines += [f"## {_quiet(field.title)}", "", _quiet(field.text) if field.text else f"*{_MISSING}*", ""]
    return "\n".join([*lines, f"*{_foot(card)}*", ""])


def card_html(card: ModelCard) -> str:
    """Give the card for the output of a cell or a report; static, everything escaped."""
    head = html.tag("b", html.escape(f"{card.model} v{card.version}: model card"), "font-size:115%")
    missing = ""
    if card.missing:
        missing = html.tag("p", html.span(f"Missing: {', '.join(_titles(card))}", "warn"), "margin:4px 0")
    rows = "".join(
        html.tag("dt", html.span(field.title, "dim"))
        + html.tag(
            "dd",
            html.escape(field.text) if field.text else html.span(_MISSING, "warn"),
            "margin:0 0 7px;white-space:pre-wrap;overflow-wrap:anywhere",
        )
        for field in card.fields
        if field.text or field.required
    )
    body = head + missing + html.tag("dl", rows, "margin:8px 0") + html.span(_foot(card), "dim")
    return html.tag("div", body, f"border:1px solid {html.colour('border')};padding:11px 14px;max-width:860px")


def card_text(card: ModelCard) -> str:
    """Give the card for a terminal."""
    lines = [f"{card.model} v{card.version}: model card"]
    if card.missing:
        lines.append(f"Missing: {', '.join(_titles(card))}")
    for field in card.fields:
        if field.text or field.required:
            lines += ["", field.title, *(f"  {line}" for line in (field.text or _MISSING).splitlines())]
    return printable("\n".join([*lines, "", _foot(card)]))


def _titles(card: ModelCard) -> list[str]:
    return [field.title for field in card.fields if field.name in card.missing]


def _foot(card: ModelCard) -> str:
    if not card.revision:
        return "generated; nobody has written in it yet"
    return f"revision {card.revision} by {card.actor}, {moment(card.at)}, {card.digest[:12]}"


def _quiet(text: str) -> str:
    # Markdown passes HTML through and runs it: what a person wrote is text.
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", text).replace("\\<", "&lt;").replace("\\&", "&amp;")
