"""Why stages would run, as text and as static HTML."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.records import Difference, Explanation
from nbops.views.html import escape, span, tag
from nbops.views.text import clip, moment, printable

_MARK = {"current": "○", "stale": "◐", "waits": "·"}
_SAID = {"current": "", "stale": "would run: ", "waits": ""}


def explanation_text(found: Sequence[Explanation]) -> str:
    """Say of each stage whether it would run, and everything in which it differs from its last good run."""
    return "\n".join(line for item in found for line in _lines(item))


def explanation_html(found: Sequence[Explanation]) -> str:
    """Say the same as static HTML; all text is escaped."""
    return tag("div", "".join(map(_part, found)), "font-size:13px;line-height:1.5")


def _lines(item: Explanation) -> list[str]:
    lines = [f"{_MARK[item.status]} {item.stage}  {_SAID[item.status]}{clip(item.reason, 160)}"]
    for difference in item.differences:
        lines.append(f"    {clip(difference.told, 160)}{clip(_through(difference), 160)}")
        lines += [f"        {printable(line)}" for line in difference.diff.splitlines()]
    return [*lines, *(f"    {note}" for note in _notes(item))]


def _part(item: Explanation) -> str:
    tone = {"current": "dim", "stale": "warn", "waits": "dim"}[item.status]
    head = f"{_MARK[item.status]} {tag('b', escape(item.stage))} {span(_SAID[item.status] + item.reason, tone)}"
    rows = [
        escape(difference.told)
        + span(_through(difference), "dim")
        + (_diff(difference.diff) if difference.diff else "")
        for difference in item.differences
    ]
    rows += [span(note, "dim") for note in _notes(item)]
    inner = "".join(tag("li", row) for row in rows)
    return tag("div", head + (tag("ul", inner, "margin:2px 0 8px;padding-left:22px") if rows else ""))


def _diff(text: str) -> str:
    tones = {"+": "good", "-": "bad", "@": "faint"}
    lines = "\n".join(span(line, tones.get(line[:1], "dim")) for line in text.splitlines())
    return tag("pre", lines, "margin:2px 0;padding:4px 8px;border-left:2px solid currentColor;white-space:pre-wrap")


def _through(difference: Difference) -> str:
    return f"  (by {' -> '.join((*difference.through, difference.name))})" if len(difference.through) > 1 else ""


def _notes(item: Explanation) -> list[str]:
    notes = []
    if item.differences:
        when = f" of {moment(item.ended_at)}" if item.ended_at else ""
        notes.append(f"since its last good run {item.run_id[:8]}{when}")
    if item.cached:
        notes.append("a result of this is kept: it would be put back instead of running")
    return notes
