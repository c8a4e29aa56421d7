"""A drift report for the output of a cell and as a page of its own.

The page has all its words and figures in the first 100 kB and the pictures after them. Where a report is so wide that
its words alone are longer, the columns that changed least come after the pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbops.views.document import fragment, page
from nbops.views.drift import words
from nbops.views.drift.details import details
from nbops.views.drift.figures import Figures
from nbops.views.drift.sections import sections
from nbops.views.drift.style import PRINT_STYLE, REPORT_STYLE
from nbops.views.drift.summary import Ranked, first_screen
from nbops.views.drift.words import Values, safe

# What the head of a document and its styles take is left to them.
_WORDS = 88_000
_TABLE = 38_000
_INLINE_CHANGED = 12
_INLINE_STEADY = 24
_INLINE_DETAILS = 3


def drift_html(report: Values) -> str:
    """Show a report for the output of a notebook cell; static, everything escaped."""
    return fragment(drift_body(report), REPORT_STYLE)


def drift_body(report: Values) -> str:
    """Give the inside of a report without a style of its own, for a cell or as a part of another page; the pictures are in place."""
    figures = Figures()
    ranked = Ranked(report, figures)
    found = words.by_status(report)
    changed, steady = [*found["drift"], *found["quality"]], found["steady"]
    parts = [first_screen(report, "h3"), ranked.table([ranked.row(column) for column in changed[:_INLINE_CHANGED]])]
    if len(changed) > _INLINE_CHANGED:
        parts.append(
            f'<p class="dim">and {len(changed) - _INLINE_CHANGED:,} more: {_names(changed[_INLINE_CHANGED:])}</p>'
        )
    if steady:
        # A report with few columns hides nothing by folding.
        opened = "" if changed else " open"
        more = f'<p class="dim">and {len(steady) - _INLINE_STEADY:,} more</p>' if len(steady) > _INLINE_STEADY else ""
        table = ranked.table([ranked.row(column) for column in steady[:_INLINE_STEADY]])
        parts.append(f"<details{opened}><summary>{len(steady):,} steady</summary>{table}{more}</details>")
    parts += [f"<h3>{title}</h3>{inside}" for title, inside in sections(report, figures, tables=False)]
    top = [details(column, report, figures) for column in changed[:_INLINE_DETAILS]]
    if top:
        parts.append(
            f"<details><summary>the first {len(top)} in figures</summary>{''.join(top)}</details>"
            if len(top) > 1
            else top[0]
        )
    return "".join([*parts, _foot(report)])


def drift_page(report: Values) -> str:
    """Give a report as a page of its own: readable without scripts, in light and dark, and on paper."""
    figures = Figures("f")
    ranked = Ranked(report, figures, "c")
    columns = list(report.get("columns", ()))
    place = {id(column): i for i, column in enumerate(columns)}
    head = first_screen(report)
    table, detailed = _Room(_TABLE, figures), _Room(_WORDS - len(head.encode()) - _TABLE, figures)
    rows = table.take(ranked.row(column, place[id(column)]) for column in columns)
    changed = min(len(rows), sum(column.get("status") in ("drift", "quality") for column in columns))
    beyond = "".join(
        f'<section aria-label="{title}"><h2>{title}</h2>{inside}</section>'
        for title, inside in sections(report, figures)
    )
    detailed.left += table.left - len(beyond.encode())
    full = detailed.take(
        details(column, report, figures, f"c{place[id(column)]}", opened=i == 0) for i, column in enumerate(columns)
    )
    parts = [head, ranked.table(rows[:changed]), _folded(ranked, rows[changed:], columns, opened=not changed)]
    if len(rows) < len(columns):
        parts.append(
            f'<p class="dim">{len(columns) - len(rows):,} columns that changed less stand <a href="#rest">at the end</a>, their figures in the JSON.</p>'
        )
    parts.append(beyond)
    if full:
        parts.append(
            f'<section class="columns" aria-label="Columns"><h2>Column by column</h2>{"".join(full)}</section>'
        )
    parts += [_foot(report), figures.rest()]
    later = Figures()
    parts += _rest(report, columns, len(rows), len(full), later)
    return page(words.plain(words.title(report), 160), "".join(parts), REPORT_STYLE + PRINT_STYLE)


def _folded(ranked: Ranked, rows: Sequence[str], columns: Sequence[Values], *, opened: bool) -> str:
    if not rows:
        return ""
    steady = sum(column.get("status") == "steady" for column in columns)
    apart = sum(column.get("status") == "not compared" for column in columns)
    told = " and ".join(
        f"{number:,} {what}" for number, what in ((steady, "steady"), (apart, "not compared")) if number
    )
    return f"<details{' open' if opened else ''}><summary>{told}</summary>{ranked.table(rows)}</details>"


class _Room:
    """How many bytes are left for a part of the page."""

    def __init__(self, size: int, figures: Figures) -> None:
        self.left, self._figures = size, figures

    def take(self, parts: Iterable[str]) -> list[str]:
        """Take parts for as long as they fit; the first always does."""
        taken: list[str] = []
        drawn = len(self._figures)
        for part in parts:
            size = len(part.encode())
            if taken and size > self.left:
                self._figures.forget(drawn)
                break
            drawn = len(self._figures)
            taken.append(part)
            self.left -= size
        return taken


def _rest(report: Values, columns: Sequence[Values], told: int, full: int, figures: Figures) -> list[str]:
    """Give what did not fit above: lines without pictures, and the parts of columns that stand in the table."""
    if told == len(columns) and full == len(columns):
        return []
    parts = ['<section id="rest" aria-label="Further columns"><h2>Further columns</h2>']
    if told < len(columns):
        bare = Ranked({**report, "windows": {}}, figures)
        parts.append(bare.table([bare.row({**column, "picture": {}}) for column in columns[told:]]))
    parts += [details(column, report, figures, f"c{i}") for i, column in enumerate(columns[full:told], full)]
    return [*parts, "</section>"]


def _names(columns: Sequence[Values]) -> str:
    shown = ", ".join(words.name_of(column["name"]) for column in columns[:12])
    return shown + (" …" if len(columns) > 12 else "")


def _foot(report: Values) -> str:
    about = report.get("about") or {}
    told = [f"report {words.digest(report)[:12]}"]
    if about.get("version"):
        told.append(f"nbops {about['version']}")
    if about.get("at"):
        told.insert(0, str(about["at"]))
    command = f'<br>again: <code class="mono">{safe(about["command"], 400)}</code>' if about.get("command") else ""
    return (
        f'<footer class="foot dim"><small>{safe(words.false_alarm(report), 1000)}<br>'
        f'<span class="mono">{safe(" · ".join(told), 200)}</span>{command}</small></footer>'
    )
