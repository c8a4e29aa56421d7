"""What a check of data found, as HTML and as text, from its plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nbops.views.document import fragment
from nbops.views.text import clip, number, table

_SIGNS = {"error": ("bad", "✕ error"), "warning": ("warn", "▲ warning")}
_MOST = 200


def validation_html(report: Mapping[str, Any]) -> str:
    """Show a report for the output of a notebook cell; static, everything escaped."""
    return fragment(validation_body(report))


def validation_body(report: Mapping[str, Any]) -> str:
    """Give the inside of a report: the conclusion, the counts, a row for each broken rule."""
    findings = report["findings"]
    tone, sign = ("good", "✓") if report["passed"] else ("bad", "✕")
    parts = [
        f'<p class="lead"><b class="{tone}">{sign}</b> {escape(report["sentence"])}</p>',
        _counts(report),
        _table(findings[:_MOST]) if findings else '<p class="dim">Nothing to object to.</p>',
    ]
    if len(findings) > _MOST:
        parts.append(f'<p class="dim">and {len(findings) - _MOST:,} more</p>')
    return "".join(parts)


def validation_text(report: Mapping[str, Any]) -> str:
    """Show a report in a terminal."""
    findings = report["findings"]
    if not findings:
        return f"{report['sentence']} Nothing to object to."
    rows = [
        (
            _SIGNS[f["severity"]][1],
            f["column"] or "–",
            f["rule"],
            _rows(f),
            clip(f["message"], 80),
            clip(", ".join(f["examples"]), 50),
        )
        for f in findings[:_MOST]
    ]
    return f"{report['sentence']}\n\n{table(rows, ('', 'column', 'rule', 'rows', 'what', 'examples'), right=(3,))}"


def rules_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Show rules as a table: a row a column, what is asked of it in words."""
    shown = [(row["name"], row["kind"], asked(row)) for row in rows]
    return table(shown, ("column", "kind", "what is asked"))


def rules_html(rows: Sequence[Mapping[str, Any]], head: str = "") -> str:
    """Show rules in a notebook; static, everything escaped."""
    lines = "".join(
        f'<tr><td><b>{escape(row["name"])}</b></td><td class="dim">{escape(row["kind"])}</td><td>{escape(asked(row))}</td></tr>'
        for row in rows
    )
    titles = '<tr><th scope="col">column</th><th scope="col">kind</th><th scope="col">what is asked</th></tr>'
    lead = f'<p class="lead">{escape(head)}</p>' if head else ""
    return fragment(f'{lead}<div class="scroll"><table>{titles}{lines}</table></div>')


def asked(row: Mapping[str, Any]) -> str:
    """Say in words what is asked of a column."""
    said = []
    low, high = row.get("minimum"), row.get("maximum")
    if low is not None or high is not None:
        said.append(" ".join(filter(None, (_limit("from", low), _limit("to", high)))))
    if row.get("whole"):
        said.append("whole numbers")
    if row.get("categories") is not None:
        said.append(f"one of {clip(', '.join(row['categories']), 60)}")
    if row.get("pattern"):
        said.append(f"matches {row['pattern']}")
    if row.get("longest") is not None:
        said.append(f"at most {row['longest']} characters")
    if row.get("unique"):
        said.append("no value twice")
    share = row.get("nulls", 1.0)
    said.append("none missing" if share == 0 else f"at most {share:.1%} missing" if share < 1 else "")
    said.append("may be absent" if row.get("optional") else "")
    if row.get("warn"):
        said.append(f"only warns of {', '.join(row['warn'])}")
    return "; ".join(filter(None, said))


def _limit(word: str, value: float | None) -> str:
    return "" if value is None else f"{word} {number(value)}"


def _counts(report: Mapping[str, Any]) -> str:
    findings = report["findings"]
    errors = sum(f["severity"] == "error" for f in findings)
    cells = [
        ("bad" if errors else "", errors, "errors"),
        ("warn" if len(findings) > errors else "", len(findings) - errors, "warnings"),
        ("", report["rows"], "rows"),
        ("", report["columns"], "columns"),
    ]
    shown = "".join(
        f'<div><b class="{css}">{count:,}</b><span class="dim">{word}</span></div>' for css, count, word in cells
    )
    return f'<div class="counts num">{shown}</div>'


def _table(findings: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(
        f'<th scope="col"{css}>{name}</th>'
        for name, css in (
            ("", ""),
            ("column", ""),
            ("rule", ""),
            ("rows", ' class="num"'),
            ("what", ""),
            ("examples", ""),
        )
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(map(_row, findings))}</table></div>'


def _row(finding: Mapping[str, Any]) -> str:
    css, sign = _SIGNS[finding["severity"]]
    examples = escape(clip(", ".join(finding["examples"]), 120))
    return (
        f'<tr><td class="{css}">{sign}</td><td><b>{escape(clip(finding["column"] or "–", 80))}</b></td>'
        f'<td>{escape(clip(finding["rule"], 60))}</td><td class="num">{_rows(finding)}</td>'
        f'<td>{escape(clip(finding["message"], 300))}</td><td class="dim mono">{examples}</td></tr>'
    )


def _rows(finding: Mapping[str, Any]) -> str:
    return f"{finding['rows']:,}" if finding["rows"] else "–"
