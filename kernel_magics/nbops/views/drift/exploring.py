"""One column in one window and segment, as the explorer shows it."""

from __future__ import annotations

from nbops.views.drift.details import full
from nbops.views.drift.figures import Figures, heat
from nbops.views.drift.words import STATES, Values, count, name_of, safe


def looked(report: Values, column: Values | None, windows: Values, window: str, segment: str) -> str:
    """Give what is seen of a column: what changed, both distributions, the figures, and the trend with this window in it."""
    if column is None:
        return '<p class="warn">The column is not in this window and segment.</p>'
    css, word = STATES.get(str(column["status"]), ("dim", str(column["status"])))
    rows = report["rows"]
    drifted = len(report["drifted"])
    others = f"{count(drifted, 'column')} in all drifted here" if drifted else "no column drifted here"
    head = (
        f'<p class="lead"><b>{name_of(column["name"])}</b>: {safe(column["reason"], 160)} <span class="{css}">{safe(word)}</span></p>'
        f'<p class="dim under">{safe(segment, 80)}, {safe("all windows" if window == "all" else window, 40)}: {rows["current"]:,} rows '
        f"against {rows['reference']:,} of the reference; {others}</p>"
    )
    return head + _strip(column, windows, window) + full(column, {**report, "windows": windows}, Figures())


def _strip(column: Values, windows: Values, window: str) -> str:
    found = (windows.get("columns") or {}).get(column["name"])
    labels = list(windows.get("labels") or ())
    if not found or not labels:
        return ""
    drawn, width, height = heat(
        [("by window", found["effects"], found["drifted"], found.get("limit") or 0.1)],
        labels,
        chosen=labels.index(window) if window in labels else None,
    )
    return f'<div class="scroll">{Figures().draw(drawn, "effect in each window", width, height)}</div>'
