"""A drift report as HTML and as text, from its plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbops.views.document import fragment
from nbops.views.drift_windows import further_text
from nbops.views.svg import distribution
from nbops.views.text import table

_WORDS = {"drift": ("bad", "▲ drift"), "quality": ("warn", "◆ quality"), "steady": ("good", "steady")}


def drift_html(report: Mapping[str, Any]) -> str:
    """Show a report for the output of a notebook cell; static, everything escaped."""
    return fragment(drift_body(report))


def drift_body(report: Mapping[str, Any]) -> str:
    """Give the inside of a report: the conclusion, the counts, the columns that changed, the steady ones folded."""
    columns = report["columns"]
    by_status = {status: [c for c in columns if c["status"] == status] for status in (*_WORDS, "not compared")}
    changed, steady = [*by_status["drift"], *by_status["quality"]], by_status["steady"]
    rows = report["rows"]
    parts = [
        f'<p class="lead">{escape(report["sentence"])}</p>',
        f'<p class="dim">current data ({rows["current"]:,} rows) against the reference ({rows["reference"]:,} rows){escape(_note(report))}</p>',
        _counts(by_status, report),
    ]
    if changed:
        parts.append(_table(changed))
    if steady:
        # A report with few columns hides nothing by folding.
        opened = "" if changed else " open"
        parts.append(f"<details{opened}><summary>{len(steady)} steady</summary>{_table(steady)}</details>")
    return "".join(parts)


def drift_text(report: Mapping[str, Any]) -> str:
    """Show a report in a terminal."""
    rows = [
        (c["name"], c["kind"], _WORDS.get(c["status"], ("", c["status"]))[1], c["reason"], _number(c), _psi(c))
        for c in report["columns"]
    ]
    n = report["rows"]
    head = (
        f"{report['sentence']}\ncurrent {n['current']:,} rows against reference {n['reference']:,} rows{_note(report)}"
    )
    foot = f"chance of any false alarm here at most {report['alpha'] * 100:g}%; changes below {report['min_effect']:g} do not count"
    shown = table(rows, ("column", "kind", "", "what changed", "KS / TV", "PSI"), right=(4, 5))
    more = further_text(report)
    return "\n".join([head, "", shown, foot, *(["", more] if more else [])])


def _note(report: Mapping[str, Any]) -> str:
    return f"; {report['note']}" if report.get("note") else ""


def _counts(by_status: Mapping[str, Sequence[Mapping[str, Any]]], report: Mapping[str, Any]) -> str:
    shown = [
        ("bad", len(by_status["drift"]), "drifted"),
        ("warn", len(by_status["quality"]), "data quality"),
        ("", len(by_status["steady"]), "steady"),
    ]
    cells = [
        f'<div><b class="{css if count else ""}">{count}</b><span class="dim">{word}</span></div>'
        for css, count, word in shown
    ]
    left_out = by_status["not compared"]
    if left_out:
        names = ", ".join(f"{c['name']} ({c['reason']})" for c in left_out[:6])
        more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""
        cells.append(f'<div><b>{len(left_out)}</b><span class="dim">not compared: {escape(names + more)}</span></div>')
    cells.append(
        f'<div><b>≤ {report["alpha"] * 100:g}%</b><span class="dim">chance of any false alarm here</span></div>'
    )
    return f'<div class="counts num">{"".join(cells)}</div>'


def _table(columns: Sequence[Mapping[str, Any]]) -> str:
    head = (
        '<tr><th scope="col">column</th><th scope="col"><span aria-hidden="true">▮</span> reference &nbsp; '
        '<span aria-hidden="true">—</span> current</th><th scope="col">what changed</th>'
        '<th scope="col" class="num">KS / TV</th><th scope="col" class="num">PSI</th><th scope="col"></th></tr>'
    )
    return f'<div class="scroll"><table>{head}{"".join(_row(column) for column in columns)}</table></div>'


def _row(column: Mapping[str, Any]) -> str:
    css, word = _WORDS.get(column["status"], ("dim", column["status"]))
    name = escape(column["name"])
    weight = f" · weight {column['weight']:.2f}" if column.get("weight") is not None else ""
    more = [finding for finding in column["findings"] if finding != column["reason"]]
    notes = "".join(f"<br><small>{escape(finding)}</small>" for finding in more)
    picture = distribution(column["picture"], f"{column['name']}: {column['reason']}")
    return (
        f'<tr><td><b>{name}</b><br><small class="dim">{escape(column["kind"])}{weight}</small></td><td>{picture}</td>'
        f'<td>{escape(column["reason"])}{notes}</td><td class="num">{_number(column)}</td><td class="num">{_psi(column)}</td>'
        f'<td class="{css}">{word}</td></tr>'
    )


def _number(column: Mapping[str, Any]) -> str:
    return "–" if column["effect"] is None else f"{column['effect']:.3f}"


def _psi(column: Mapping[str, Any]) -> str:
    value = column["statistics"].get("psi")
    return "–" if value is None else f"{value:.3f}"
