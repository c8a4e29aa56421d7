"""The first screen of a drift report: the conclusion, the counts, and the columns, the worst first, each with a small picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nbops.views.drift import words
from nbops.views.drift.figures import Figures, overlay, trend
from nbops.views.drift.words import Values, effect, name_of, safe

_LEFT_OUT = 6


def first_screen(report: Values, heading: str = "h1") -> str:
    """Give title, what is compared, the lead and the counts."""
    pieces = "".join(f"<b>{safe(text, 400)}</b>" if how == "b" else _text(text) for text, how in words.lead(report))
    return (
        f'<{heading} class="title">{safe(words.title(report), 160)}</{heading}>'
        f'<p class="dim under">{safe(words.subtitle(report), 500)}</p>'
        f'<p class="lead">{pieces}</p>{_counts(report)}'
    )


def _text(text: str) -> str:
    # Blanks at the ends of a piece stand between it and the next.
    left, right = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if text.strip() else ""
    return f"{left}{safe(text, 600)}{right}"


def _counts(report: Values) -> str:
    found = words.by_status(report)
    shown = [
        ("bad", len(found["drift"]), "drifted"),
        ("warn", len(found["quality"]), "data quality"),
        ("", len(found["steady"]), "steady"),
    ]
    cells = [
        f'<div><b class="{css if number else ""}">{number:,}</b><span class="dim">{word}</span></div>'
        for css, number, word in shown
    ]
    left_out = found["not compared"]
    if left_out:
        names = ", ".join(f"{name_of(c['name'])} ({safe(c['reason'])})" for c in left_out[:_LEFT_OUT])
        more = f" and {len(left_out) - _LEFT_OUT:,} more" if len(left_out) > _LEFT_OUT else ""
        cells.append(
            f'<div class="wide"><b>{len(left_out):,}</b><span class="dim">not compared: {names}{more}</span></div>'
        )
    if report.get("alpha") is not None:
        cells.append(
            f'<div class="push"><b>≤ {report["alpha"] * 100:g} %</b><span class="dim">chance of any false alarm here</span></div>'
        )
    return f'<div class="counts num">{"".join(cells)}</div>'


class Ranked:
    """The table of columns.

    Parameters
    ----------
    report
        The plain values of a report; the trend is drawn where it has windows.
    figures
        Where the small pictures go.
    anchors
        What ids of the columns' details begin with, where there are some to go to.
    """

    def __init__(self, report: Values, figures: Figures, anchors: str = "") -> None:
        self._figures, self._anchors = figures, anchors
        windows = report.get("windows") or {}
        self._trends: Values = windows.get("columns") or {}
        self._over = f"by {safe(windows.get('by', 'window'), 20)}" if self._trends else ""
        about = report.get("about") or {}
        self._sides = safe(about.get("short_reference") or "reference", 24), safe(about.get("short") or "current", 24)

    def head(self) -> str:
        """Give the heading of the table."""
        before, after = self._sides
        over = f'<th scope="col">{self._over}</th>' if self._over else ""
        return (
            '<thead><tr><th scope="col">column</th><th scope="col"><span class="key" aria-hidden="true">▮</span> '
            f'{before} &nbsp;<span class="line" aria-hidden="true">—</span> {after}</th>'
            f'<th scope="col">what changed</th>{over}<th scope="col" class="num">KS / TV</th>'
            '<th scope="col"><span class="unseen">verdict</span></th></tr></thead>'
        )

    def row(self, column: Values, place: int | None = None) -> str:
        """Give a line of the table; ``place`` is that of the column's details, if there are some."""
        css, word = words.STATES.get(str(column.get("status")), ("dim", str(column.get("status"))))
        name = name_of(column["name"])
        if place is not None and self._anchors:
            name = f'<a href="#{self._anchors}{place}">{name}</a>'
        # A prediction or a target is no feature: it has no weight to tell.
        weighed = column.get("weight") is not None and not column.get("role")
        weight = f" · weight {column['weight']:.2f}" if weighed else ""
        reason = str(column.get("reason", ""))
        more = [str(finding) for finding in column.get("findings", ()) if finding != reason][:3]
        notes = "".join(f"<br><small>{safe(finding, 120)}</small>" for finding in more)
        label = f"{column['name']}: {reason}"
        picture = self._figures.draw(overlay(column.get("picture") or {}, 150, 31), label, 150, 31)
        return (
            f'<tr><th scope="row">{name}<br><small class="dim">{safe(column.get("role") or column.get("kind", ""))}{weight}</small></th>'
            f"<td>{picture}</td><td>{safe(reason, 140)}{notes}</td>{self._trend(column)}"
            f'<td class="num">{effect(column.get("effect"))}</td><td class="{css} state">{safe(word)}</td></tr>'
        )

    def _trend(self, column: Values) -> str:
        if not self._over:
            return ""
        found = self._trends.get(column["name"]) or {}
        drawn = trend(found.get("effects") or (), found.get("limit"), 110, 26)
        label = f"{column['name']} over the windows"
        return f"<td>{self._figures.draw(drawn, label, 110, 26)}</td>"

    def table(self, rows: Sequence[str]) -> str:
        """Give the whole table of such lines."""
        return (
            f'<div class="scroll"><table class="ranked">{self.head()}<tbody>{"".join(rows)}</tbody></table></div>'
            if rows
            else ""
        )


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def simple_table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = (), caption: str = ""
) -> str:
    """Give a table of texts and numbers, everything escaped; the first cell of a row names it."""

    def cell(i: int, value: Any, scope: str = "") -> str:
        css = ' class="num"' if i in right else ' class="when"' if _MOMENT.fullmatch(str(value)) else ""
        shown = value if isinstance(value, Html) else name_of(value) if scope == "row" else safe(value, 160)
        return f'<th scope="{scope}"{css}>{shown}</th>' if scope else f"<td{css}>{shown}</td>"

    if not rows:
        return ""
    top = "".join(cell(i, Html(safe(name)), "col") for i, name in enumerate(head))
    lines = ("".join(cell(i, value, "" if i else "row") for i, value in enumerate(row)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    told = f'<caption class="unseen">{safe(caption)}</caption>' if caption else ""
    return f'<div class="scroll"><table>{told}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


class Html(str):
    """What is HTML already, everything in it escaped."""

    __slots__ = ()
