"""A gate report as text and as static HTML."""

from __future__ import annotations

from nbops.records import GateReport, GateResult
from nbops.views import html
from nbops.views.text import clip, number, table

_SIGNS = {"passed": "✓", "failed": "✗", "error": "✗ error"}


def gates_text(report: GateReport) -> str:
    """Show a report in a terminal: the verdict, then a line a gate."""
    rows = [
        (
            gate.name,
            _shown(gate.champion),
            _shown(gate.value),
            _interval(gate),
            gate.limit,
            _SIGNS[gate.verdict] + (" close" if gate.close and gate.verdict == "passed" else ""),
            clip(gate.message, 70),
        )
        for gate in report.gates
    ]
    against = f"v{report.champion}" if report.champion is not None else ""
    body = table(rows, ("gate", against, f"v{report.version}", "interval", "limit", "", ""))
    return f"{verdict_line(report)}\n\n{body}\n\nreport {report.digest[:12]}"


def gates_html(report: GateReport) -> str:
    """Show a report in a notebook; static, everything escaped."""
    tone = "good" if report.passed else "bad"
    rows = "".join(
        html.tag("tr", "".join(html.tag("td", cell, "padding:2px 14px 2px 0;text-align:left") for cell in _cells(gate)))
        for gate in report.gates
    )
    body = html.tag("b", html.span(verdict_line(report), tone)) + html.tag("table", rows)
    return html.tag("div", body, f"border-left:3px solid {html.colour(tone)};padding:6px 12px")


def verdict_line(report: GateReport) -> str:
    """Say in one line whether the gates pass."""
    what = f"{report.model} version {report.version} for {report.target}"
    bad = [gate.name for gate in report.gates if gate.verdict != "passed"]
    if not bad:
        return f"{what}: all {len(report.gates)} gates pass."
    return f"{what}: {len(bad)} of {len(report.gates)} gates do not pass: {', '.join(bad)}."


def _cells(gate: GateResult) -> tuple[str, ...]:
    tone = "good" if gate.verdict == "passed" else "bad"
    return (
        html.escape(gate.name),
        html.escape(_shown(gate.champion)),
        html.escape(_shown(gate.value))
        + (html.tag("div", html.span(_interval(gate), "dim")) if _interval(gate) else ""),
        html.span(gate.limit, "dim"),
        html.span(_SIGNS[gate.verdict], tone),
        html.span(clip(gate.message, 200), "dim"),
    )


def _shown(value: float | None) -> str:
    return "" if value is None else number(value)


def _interval(gate: GateResult) -> str:
    return "" if gate.low is None or gate.high is None else f"{number(gate.low)} to {number(gate.high)}"
