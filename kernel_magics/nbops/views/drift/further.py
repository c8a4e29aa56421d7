"""The further parts of a drift report as text: windows, segments, all columns together, the relation to a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbops.views.drift.words import effect, plain
from nbops.views.text import table

_BARS = "▁▂▃▄▅▆▇█"
_WIDEST = 48
_MOST_ROWS = 20


def further_text(report: Mapping[str, Any]) -> str:
    """Show what was asked for beyond the columns; empty where nothing was.

    Parameters
    ----------
    report
        What :meth:`nbops.monitoring.report.DriftReport.to_dict` gave.
    """
    parts = [
        windows_text(report["windows"]) if (report.get("windows") or {}).get("labels") else "",
        segments_text(report.get("segments") or {}),
    ]
    parts += [_multivariate(report.get("multivariate") or {}), concept_text(report.get("concept") or {})]
    parts.append(_quality(report.get("quality") or {}))
    return "\n\n".join(part for part in parts if part)


def windows_text(windows: Mapping[str, Any]) -> str:
    """Show the trend of each column over the windows, those that drifted first; ``·`` is a window without a value."""
    labels = windows["labels"]
    columns = sorted(
        windows["columns"].items(),
        key=lambda pair: (
            not pair[1].get("onset"),
            -sum(pair[1]["drifted"]),
            -max([e or 0.0 for e in pair[1]["effects"]]),
        ),
    )
    rows = [
        (
            plain(name, 40),
            _trend(column["effects"]),
            f"{max([e or 0.0 for e in column['effects']]):.3f}",
            f"{column['limit']:.3f}",
            str(sum(column["drifted"])),
            plain((column.get("spell") or {}).get("words", ""), 70),
        )
        for name, column in columns[:_MOST_ROWS]
    ]
    more = [f"… and {len(columns) - _MOST_ROWS} more columns"] if len(columns) > _MOST_ROWS else []
    head = f"By {windows['by']}, {len(labels)} windows from {labels[0]} to {labels[-1]}: {windows.get('sentence', '')}"
    shown = table(rows, ("column", "over time", "most", "limit", "windows", "since when"), right=(2, 3, 4))
    notes = (plain(f"note: {note}", 200) for note in windows.get("notes", ()))
    return "\n".join([plain(head, 400), shown, *more, *notes])


def _quality(quality: Mapping[str, Any]) -> str:
    if not quality:
        return ""
    findings = list(quality.get("findings") or ())
    rows = [
        (
            "✕ error" if one["severity"] == "error" else "▲ warning",
            plain(one["column"] or "all rows", 40),
            one["rule"],
            f"{one['rows']:,}" if one["rows"] else "–",
            plain(one["message"], 80),
            plain(", ".join(one["examples"]), 60),
        )
        for one in findings[:_MOST_ROWS]
    ]
    beyond = max(0, len(findings) - _MOST_ROWS) + int(quality.get("more") or 0)
    lines = [f"Data quality: {plain(quality.get('sentence', ''), 300)}"]
    if rows:
        lines.append(table(rows, ("", "column", "rule", "rows", "what", "examples"), right=(3,)))
    return "\n".join([*lines, *([f"… and {beyond:,} more"] if beyond else [])])


def _trend(effects: Sequence[float | None]) -> str:
    """Draw effects of 0 to 1 in at most 48 characters; neighbours share one, which shows the largest."""
    step = -(-len(effects) // _WIDEST)
    drawn = []
    for first in range(0, len(effects), step):
        known = [value for value in effects[first : first + step] if value is not None]
        drawn.append(_BARS[min(len(_BARS) - 1, int(max(known) * len(_BARS)))] if known else "·")
    return "".join(drawn)


def segments_text(segments: Mapping[str, Any]) -> str:
    """Show the tree of segments, each below its parent."""
    nodes = segments.get("nodes") or ()
    if not nodes:
        return plain(segments.get("sentence", ""), 300)
    below: dict[Any, list[Mapping[str, Any]]] = {}
    for node in nodes:
        below.setdefault(node["parent"], []).append(node)
    rows: list[tuple[str, ...]] = []
    waiting = [(node, 0) for node in reversed(below.get(None, []))]
    while waiting:
        node, depth = waiting.pop()
        mark = "▲ worst" if node["id"] == segments["worst"] else "▲" if node["drifted"] else ""
        name = "· " * depth + plain(node["words"], 60)
        figures = (
            f"{node['rows']:,}",
            f"{node['share']:.1%}",
            plain(node["column"] or "–", 40),
            effect(node["effect"]),
        )
        rows.append((name, *figures, mark))
        waiting += [(child, depth + 1) for child in reversed(below.get(node["id"], []))]
    shown = table(rows[:_MOST_ROWS], ("segment", "rows", "share", "moved most", "by", ""), right=(1, 2, 4))
    more = [f"… and {len(rows) - _MOST_ROWS} more segments"] if len(rows) > _MOST_ROWS else []
    return "\n".join([plain(segments["sentence"], 400), shown, *more])


def concept_text(concept: Mapping[str, Any]) -> str:
    """Show the features whose relation to the target changed."""
    if not concept:
        return ""
    columns = [column for column in concept.get("columns") or () if column.get("drifted", True)][:_MOST_ROWS]
    rows = [(plain(c["name"], 40), effect(c["effect"]), f"{c['p']:.2g}", plain(c["words"], 90)) for c in columns]
    shown = [table(rows, ("feature", "effect", "p", "how"), right=(1, 2))] if rows else []
    return "\n".join([plain(concept.get("sentence", ""), 400), *shown])


def _multivariate(found: Mapping[str, Any]) -> str:
    told = [(found.get(part) or {}).get("sentence", "") for part in ("classifier", "pca")]
    return "\n".join(plain(one, 300) for one in told if one)
