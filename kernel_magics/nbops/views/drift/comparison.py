"""Two drift reports against each other, as a cell, a page and text."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.views.document import fragment, page
from nbops.views.drift.figures import Figures, overlay
from nbops.views.drift.style import PRINT_STYLE, REPORT_STYLE
from nbops.views.drift.words import Values, count, effect, name_of, plain, safe
from nbops.views.text import table

_MOVES = {
    "newly drifted": ("bad", "▲ newly drifted"),
    "recovered": ("good", "▼ recovered"),
    "still drifted": ("bad", "▲ still drifted"),
    "quality": ("warn", "◆ quality"),
    "came": ("dim", "new column"),
    "gone": ("dim", "gone"),
    "steady": ("good", "steady"),
}
_MOST = 60


def comparison_html(found: Values) -> str:
    """Show a comparison for the output of a cell; static, everything escaped."""
    return fragment(_body(found, Figures(), "h3"), REPORT_STYLE)


def comparison_page(found: Values) -> str:
    """Give a comparison as a page of its own."""
    figures = Figures("f")
    body = _body(found, figures, "h1")
    return page(comparison_title(found), body + figures.rest(), REPORT_STYLE + PRINT_STYLE)


def comparison_title(found: Values) -> str:
    """Say in one line what changed between the two reports."""
    new, back, still = (len(found[key]) for key in ("newly_drifted", "recovered", "still_drifted"))
    if not new and not back:
        return (
            f"Nothing moved: {count(still, 'column')} still drifted"
            if still
            else "Nothing has drifted in either report"
        )
    told = [
        f"{count(number, 'column')} {word}" for number, word in ((new, "newly drifted"), (back, "recovered")) if number
    ]
    said = " and ".join(told)
    return said[0].upper() + said[1:]


def comparison_text(found: Values) -> str:
    """Show a comparison in a terminal."""
    rows = [
        (plain(c["name"], 40), _MOVES[c["moved"]][1], *_effects(c), plain(c["after"].get("reason", ""), 60))
        for c in found["columns"]
        if c["moved"] != "steady"
    ]
    head = [
        comparison_title(found),
        f"{_side(found, 'after')} compared with {_side(found, 'before')}",
        plain(found["sentence"], 400),
    ]
    if found.get("comparable"):
        head.append(f"note: {plain(found['comparable'], 200)}")
    shown = (
        table(rows[:_MOST], ("column", "", "before", "after", "change", "what it is now"), right=(2, 3, 4))
        if rows
        else ""
    )
    steady = sum(c["moved"] == "steady" for c in found["columns"])
    return "\n".join([*head, *(["", shown] if shown else []), *([f"{steady:,} steady in both"] if steady else [])])


def _body(found: Values, figures: Figures, heading: str) -> str:
    note = f'<p class="warn">Note: {safe(found["comparable"], 300)}.</p>' if found.get("comparable") else ""
    moved = [c for c in found["columns"] if c["moved"] != "steady"]
    steady = [c for c in found["columns"] if c["moved"] == "steady"]
    folded = ""
    if steady:
        names = ", ".join(name_of(c["name"]) for c in steady[:200]) + (" …" if len(steady) > 200 else "")
        folded = f"<details><summary>{len(steady):,} steady in both</summary><p>{names}</p></details>"
    more = f'<p class="dim">and {len(moved) - _MOST:,} more</p>' if len(moved) > _MOST else ""
    return (
        f'<{heading} class="title">{safe(comparison_title(found), 160)}</{heading}>'
        f'<p class="dim under">{safe(_side(found, "after"), 200)} compared with {safe(_side(found, "before"), 200)}</p>'
        f'<p class="lead">{safe(found["sentence"], 600)}</p>{note}{_table(moved[:_MOST], figures)}{more}{folded}'
    )


def _table(columns: Sequence[Values], figures: Figures) -> str:
    if not columns:
        return ""
    head = "".join(f'<th scope="col"{css}>{name}</th>' for name, css in _HEAD)
    return f'<div class="scroll"><table class="ranked"><thead><tr>{head}</tr></thead><tbody>{"".join(_row(c, figures) for c in columns)}</tbody></table></div>'


_HEAD = (
    ("column", ""),
    ("before", ""),
    ("after", ""),
    ("what it is now", ""),
    ("KS / TV before", ' class="num"'),
    ("after", ' class="num"'),
    ("change", ' class="num"'),
    ('<span class="unseen">verdict</span>', ""),
)


def _row(column: Values, figures: Figures) -> str:
    css, word = _MOVES[column["moved"]]
    drawn = [
        figures.draw(overlay(column[side].get("picture") or {}, 110, 28), f"{column['name']} {side}", 110, 28)
        for side in ("before", "after")
    ]
    numbers = "".join(f'<td class="num">{value}</td>' for value in _effects(column))
    reason = column["after"].get("reason") or column["before"].get("reason") or ""
    return (
        f'<tr><th scope="row">{name_of(column["name"])}<br><small class="dim">{safe(column["kind"])}</small></th>'
        f'<td>{drawn[0]}</td><td>{drawn[1]}</td><td>{safe(reason, 140)}</td>{numbers}<td class="{css} state">{word}</td></tr>'
    )


def _effects(column: Values) -> tuple[str, str, str]:
    change = column.get("change")
    signed = "–" if change is None else f"{change:+.3f}".replace("-", "−")
    return effect(column["before"].get("effect")), effect(column["after"].get("effect")), signed


def _side(found: Values, side: str) -> str:
    about = found["sides"][side].get("about") or {}
    rows = (found["sides"][side].get("rows") or {}).get("current")
    name = plain(
        about.get("current")
        or found["sides"][side].get("title")
        or {"before": "the first report", "after": "the second report"}[side]
    )
    return name + (f" ({rows:,} rows)" if isinstance(rows, int) else "")
