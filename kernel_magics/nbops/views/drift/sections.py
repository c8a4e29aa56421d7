"""What a drift report says beyond single columns; each part is there only if the report holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbops.views.drift.figures import Figures, heat
from nbops.views.drift.summary import Html, simple_table
from nbops.views.drift.words import Values, figure, plain, probability, safe
from nbops.views.svg import bars

_HEAT_ROWS = 24
_TABLE_ROWS = 60


def sections(report: Values, figures: Figures, *, tables: bool = True) -> list[tuple[str, str]]:
    """Give titles and contents, as HTML, of windows, segments, several columns at once, concept, quality and performance.

    Without ``tables`` what is long is left out, for the output of a cell.
    """
    parts = [
        ("Over time", _windows(report, figures, tables=tables)),
        ("Where it is worst", _segments(report, tables=tables)),
        ("All columns together", _multivariate(report, tables=tables)),
        ("Relation to the target", _concept(report, tables=tables)),
        ("Data quality", _quality(report, tables=tables)),
        ("Performance", _performance(report)),
    ]
    return [(title, inside) for title, inside in parts if inside]


def _paragraph(text: object) -> str:
    return f"<p>{safe(text, 600)}</p>" if text else ""


def _windows(report: Values, figures: Figures, *, tables: bool) -> str:
    windows = report.get("windows") or {}
    labels = [plain(label, 24) for label in windows.get("labels") or ()]
    columns = windows.get("columns") or {}
    if not labels or not columns:
        return ""
    ranked = [c["name"] for c in report.get("columns", ()) if c["name"] in columns]
    chosen = (ranked or list(columns))[: _HEAT_ROWS if tables else 8]
    rows = [_heat_row(name, columns[name]) for name in chosen]
    drawn, width, height = heat(rows, labels)
    onset = (windows.get("onset") or {}).get("words", "")
    against = {"first": "the first window", "sliding": "the window before"}.get(
        str(windows.get("mode")), "the reference"
    )
    note = f"each {safe(windows.get('by', 'window'), 20)} against {against}; stronger is farther from it, red with a dot has drifted"
    more = f"; {len(columns) - len(chosen):,} more columns stand in the JSON" if len(columns) > len(chosen) else ""
    picture = f'<div class="scroll">{figures.draw(drawn, "effect of each column in each window", width, height)}</div>'
    listed = _window_table(windows, labels) if tables else ""
    return f'{_paragraph(onset)}{picture}<p class="dim"><small>{note}{more}</small></p>{listed}'


def _heat_row(name: str, found: Values) -> tuple[str, Sequence[float | None], Sequence[bool], float]:
    return name, found.get("effects") or (), found.get("drifted") or (), float(found.get("limit") or 0.0)


def _window_table(windows: Values, labels: Sequence[str]) -> str:
    counts, drifted = windows.get("rows") or [], windows.get("drifted") or []
    columns = windows.get("columns") or {}
    rows = []
    for i, label in enumerate(labels):
        worst = max(
            (
                (found["effects"][i], name)
                for name, found in columns.items()
                if _at(found.get("effects"), i) is not None
            ),
            default=None,
        )
        told = "" if worst is None else f"{plain(worst[1], 40)} ({figure(worst[0])})"
        rows.append((label, figure(_at(counts, i)), figure(_at(drifted, i)), told))
    cut = f'<p class="dim">the last {_TABLE_ROWS} of {len(rows):,}</p>' if len(rows) > _TABLE_ROWS else ""
    table = simple_table(("window", "rows", "drifted", "farthest"), rows[-_TABLE_ROWS:], right=(1, 2))
    return f"<details><summary>{len(rows)} windows in figures</summary>{cut}{table}</details>"


def _at(values: Any, place: int) -> Any:
    return values[place] if isinstance(values, list | tuple) and place < len(values) else None


def _segments(report: Values, *, tables: bool) -> str:
    segments = report.get("segments") or {}
    nodes = {node.get("id"): node for node in segments.get("nodes") or ()}
    if not nodes:
        return ""
    rows = []
    for node, depth in _walk(nodes):
        worst = node.get("id") == segments.get("worst")
        name = "\u2003" * min(depth, 6) + plain(node.get("words") or "all rows", 90)
        mark = (
            Html('<span class="bad">▲ worst</span>')
            if worst
            else Html('<span class="bad">▲</span>')
            if node.get("drifted")
            else ""
        )
        share = node.get("share")
        cells = (name, figure(node.get("rows")), "–" if share is None else f"{share:.1%}")
        rows.append(
            (
                Html(f"<span>{safe(name, 120)}</span>"),
                *cells[1:],
                plain(node.get("column") or "", 40),
                figure(node.get("effect")),
                mark,
            )
        )
    head = ("segment", "rows", "share", "moved most", "effect", "")
    table = simple_table(head, rows[:_TABLE_ROWS], right=(1, 2, 4))
    if not tables:
        table = f"<details><summary>{len(rows)} segment{'' if len(rows) == 1 else 's'}</summary>{table}</details>"
    return _paragraph(segments.get("sentence")) + table


def _walk(nodes: dict[Any, Values]) -> list[tuple[Values, int]]:
    """Give the nodes with their depth, each below its parent."""
    below: dict[Any, list[Values]] = {}
    for node in nodes.values():
        parent = node.get("parent")
        below.setdefault(parent if parent in nodes and parent != node.get("id") else None, []).append(node)
    found: list[tuple[Values, int]] = []
    waiting = [(node, 0) for node in reversed(below.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        found.append((node, depth))
        waiting += [(child, depth + 1) for child in reversed(below.pop(node.get("id"), []))]
    return found


def _multivariate(report: Values, *, tables: bool) -> str:
    found = report.get("multivariate") or {}
    told = []
    for part in ("classifier", "pca"):
        one = found.get(part) or {}
        if not one:
            continue
        css = "bad" if one.get("drifted") else "good"
        word = "▲ drift" if one.get("drifted") else "steady"
        told.append(f'<p><span class="{css}">{word}</span> {safe(one.get("sentence", ""), 500)}</p>')
        if part == "classifier" and one.get("auc") is not None and not one.get("sentence"):
            told.append(f"<p>AUC {figure(one['auc'])} ({figure(one.get('low'))} to {figure(one.get('high'))})</p>")
    columns = [c for c in (found.get("classifier") or {}).get("columns") or () if c.get("weight")][:12]
    if columns and tables:
        told.append(_weights(columns))
    return "".join(told)


def _weights(columns: Sequence[Values]) -> str:
    names = "".join(f'<div style="height:16px;line-height:16px">{safe(c.get("name"), 40)}</div>' for c in columns)
    drawn = bars({str(i): float(c["weight"]) for i, c in enumerate(columns)}, "what the classifier tells them apart by")
    return f'<p class="dim"><small>what it tells the two apart by</small></p><div style="display:flex;gap:12px"><div>{names}</div>{drawn}</div>'


def _concept(report: Values, *, tables: bool) -> str:
    found = report.get("concept") or {}
    columns = list(found.get("columns") or ())
    if not found or (not columns and not found.get("sentence")):
        return ""
    moved = [c for c in columns if c.get("drifted", True)]
    rows = [
        (c.get("name", ""), figure(c.get("effect")), probability(c.get("p")), c.get("words", ""))
        for c in moved[:_TABLE_ROWS]
    ]
    table = simple_table(("column", "effect", "p", "how its relation to the target changed"), rows, right=(1, 2))
    if not tables and table:
        table = f"<details><summary>{len(moved)} columns</summary>{table}</details>"
    calm = len(columns) - len(moved)
    kept = f'<p class="dim">{calm} kept their relation to it</p>' if calm and tables else ""
    return _paragraph(found.get("sentence")) + table + kept


def _quality(report: Values, *, tables: bool) -> str:
    found = report.get("quality") or {}
    if not found:
        return ""
    findings = list(found.get("findings") or ())
    shown = findings[: _TABLE_ROWS if tables else 12]
    rows = [
        (
            one.get("column") or "all rows",
            Html(
                '<span class="bad">✕ error</span>'
                if one["severity"] == "error"
                else '<span class="warn">▲ warning</span>'
            ),
            one["rule"],
            one["message"],
            figure(one["rows"]) if one.get("rows") else "",
            ", ".join(plain(example, 60) for example in one.get("examples") or ()),
        )
        for one in shown
    ]
    head = ("column", "", "rule", "what", "rows", "examples")
    beyond = len(findings) - len(shown) + int(found.get("more") or 0)
    more = f'<p class="dim">and {beyond:,} more; they stand in the JSON</p>' if beyond else ""
    return _paragraph(found.get("sentence")) + simple_table(head, rows, right=(4,)) + more


def _performance(report: Values) -> str:
    from nbops.views.drift.performance import performance_body

    return performance_body(report.get("performance") or {})
