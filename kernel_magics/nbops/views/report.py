"""The HTML report of a model's way: data, candidates, metrics, drift, lineage. One static file, conclusion first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from nbops.views.document import page
from nbops.views.drift import drift_body
from nbops.views.drift.style import PRINT_STYLE, REPORT_STYLE
from nbops.views.svg import bars, graph
from nbops.views.text import number


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """What a report shows; everything but title and verdict may be left out.

    ``data``: ``name``, ``rows``, ``columns``, ``fingerprint``, ``note``. ``validation``: ``dataset``, ``passed``, ``findings``.
    ``candidates``: ``name``, ``chosen``, ``metrics``, ``params``. ``baseline``: ``name``, ``metrics``. ``held_out`` and ``later``:
    metrics of the chosen model on held-out data and on the later cohort; ``intervals``: 95 % interval per held-out metric.
    ``drift``: the plain values of a drift report. ``lineage``: ``nodes`` (``id``, ``label``, ``kind``) and ``edges``.
    """

    title: str
    verdict: str
    facts: Mapping[str, str] = field(default_factory=dict)
    data: Sequence[Mapping[str, Any]] = ()
    validation: Sequence[Mapping[str, Any]] = ()
    candidates: Sequence[Mapping[str, Any]] = ()
    baseline: Mapping[str, Any] | None = None
    held_out: Mapping[str, float] = field(default_factory=dict)
    later: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Sequence[float]] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    drift: Mapping[str, Any] | None = None
    lineage: Mapping[str, Any] = field(default_factory=dict)
    runs: Sequence[Mapping[str, Any]] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def report_html(parts: ReportParts) -> str:
    """Give the report as a whole page; everything from outside is escaped."""
    body = [f"<h1>{escape(parts.title)}</h1>", f'<p class="lead">{escape(parts.verdict)}</p>']
    if parts.facts:
        facts = " · ".join(f"{escape(k)} <b>{escape(v)}</b>" for k, v in parts.facts.items())
        body.append(f'<p class="dim">{facts}</p>')
    sections = [
        ("Model", _candidates(parts) + _importance(parts)),
        ("Metrics", _metrics(parts)),
        ("Drift", drift_body(parts.drift) if parts.drift else ""),
        ("Data", _data(parts) + _validation(parts)),
        ("Lineage", _lineage(parts)),
        ("Runs", _runs(parts)),
        ("Environment", _environment(parts)),
    ]
    body += [
        f'<section aria-label="{title}"><h2>{title}</h2>{inside}</section>' for title, inside in sections if inside
    ]
    return page(parts.title, "".join(body), REPORT_STYLE + PRINT_STYLE)


def _candidates(parts: ReportParts) -> str:
    if not parts.candidates:
        return ""
    names = list(dict.fromkeys(name for c in parts.candidates for name in c.get("metrics", {})))
    base = (parts.baseline or {}).get("metrics", {})
    head = ["candidate", *names, "parameters", ""]
    rows = []
    for candidate in parts.candidates:
        params = ", ".join(f"{k} {v}" for k, v in candidate.get("params", {}).items())
        mark = '<span class="pill good">chosen</span>' if candidate.get("chosen") else ""
        cells = [f"<b>{escape(candidate['name'])}</b>", *(number(candidate["metrics"].get(name)) for name in names)]
        rows.append([*cells, f'<span class="mono">{escape(params)}</span>', mark])
    if parts.baseline:
        cells = [number(base.get(name)) for name in names]
        rows.append(
            [
                f'<span class="dim">{escape(parts.baseline["name"])}</span>',
                *cells,
                '<span class="dim">baseline</span>',
                "",
            ]
        )
    return _table(head, rows, right=range(1, 1 + len(names)))


def _importance(parts: ReportParts) -> str:
    if not parts.importance:
        return ""
    top = dict(sorted(parts.importance.items(), key=lambda pair: -abs(pair[1]))[:10])
    names = "".join(f'<div style="height:16px;line-height:16px">{escape(name)}</div>' for name in top)
    return (
        "<details><summary>what the model leans on (permutation importance)</summary>"
        f'<div style="display:flex;gap:12px"><div>{names}</div>{bars(top, "importance of features")}</div></details>'
    )


def _metrics(parts: ReportParts) -> str:
    names = list(dict.fromkeys([*parts.held_out, *parts.later]))
    if not names:
        return ""
    base = (parts.baseline or {}).get("metrics", {})
    head = ["metric", "held-out", "95 % interval"]
    head += ["later cohort", "difference"] if parts.later else []
    head += ["baseline"] if base else []
    rows = []
    for name in names:
        held, late = parts.held_out.get(name), parts.later.get(name)
        low_high = parts.intervals.get(name)
        cells = [
            escape(name),
            f"<b>{number(held)}</b>",
            f"{number(low_high[0])} – {number(low_high[1])}" if low_high else "–",
        ]
        if parts.later:
            outside = low_high is not None and late is not None and not low_high[0] <= late <= low_high[1]
            change = "–" if held is None or late is None else f"{late - held:+.4g}"
            note = ' <span class="warn">▲ outside the interval</span>' if outside else ""
            cells += [number(late), change + note]
        rows.append([*cells, number(base.get(name))] if base else cells)
    return _table(head, rows, right=range(1, len(head)))


def _data(parts: ReportParts) -> str:
    rows = [
        [
            f'<span class="mono">{escape(str(d["name"]))}</span>',
            f"{d['rows']:,} × {d['columns']}",
            f'<span class="mono dim">{escape(str(d.get("fingerprint", ""))[:12])}</span>',
            escape(str(d.get("note", ""))),
        ]
        for d in parts.data
    ]
    return _table(["data", "rows × columns", "fingerprint", ""], rows) if rows else ""


def _validation(parts: ReportParts) -> str:
    shown = []
    for check in parts.validation:
        findings = [str(finding) for finding in check.get("findings", ())]
        css, word = ("good", "● passed") if check["passed"] else ("bad", "✕ not passed")
        listed = "".join(f"<li>{escape(finding)}</li>" for finding in findings)
        inside = f"<ul>{listed}</ul>" if listed else ""
        shown.append(
            f'<p style="margin:8px 0 0">validation of <span class="mono">{escape(str(check["dataset"]))}</span>: '
            f'<span class="{css}">{word}</span></p>{inside}'
        )
    return "".join(shown)


def _lineage(parts: ReportParts) -> str:
    nodes, edges = parts.lineage.get("nodes", ()), parts.lineage.get("edges", ())
    return f'<div class="scroll">{graph(nodes, edges, "lineage from data to report")}</div>' if nodes else ""


def _runs(parts: ReportParts) -> str:
    css = {"FINISHED": ("good", "●"), "RUNNING": ("dim", "◐")}
    rows = []
    for run in parts.runs:
        colour, mark = css.get(str(run["status"]), ("bad", "✕"))
        metrics = "  ".join(f"{k} {number(v)}" for k, v in list(run.get("metrics", {}).items())[:4])
        status = f'<span class="{colour}">{mark}</span> {escape(str(run["status"]).lower())}'
        rows.append(
            [
                f"<b>{escape(str(run['name']))}</b>",
                f'<span class="mono dim">{escape(str(run["id"])[:8])}</span>',
                status,
                escape(metrics),
            ]
        )
    return _table(["run", "id", "status", "metrics"], rows) if rows else ""


def _environment(parts: ReportParts) -> str:
    if not parts.environment:
        return ""
    listed = ", ".join(f"{escape(name)} {escape(version)}" for name, version in parts.environment.items())
    return f'<details><summary>{len(parts.environment)} packages</summary><p class="mono">{listed}</p></details>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], right: range | Sequence[int] = ()) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        extra = ' scope="col"' if tag == "th" else ""
        shown = (f"<{tag}{extra}{' class=num' if i in right else ''}>{cell}</{tag}>" for i, cell in enumerate(cells))
        return f"<tr>{''.join(shown)}</tr>"

    heading = row([escape(name) for name in head], "th")
    return f'<div class="scroll"><table>{heading}{"".join(row(cells, "td") for cells in rows)}</table></div>'
