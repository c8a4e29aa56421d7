"""What changed between two versions, as text."""

from __future__ import annotations

from nbops.records import PredictionChange, VersionDiff
from nbops.views.text import clip, number, printable, table


def version_diff_text(diff: VersionDiff) -> str:
    """Show what changed, and nothing that did not."""
    lines = [f"{diff.model}: version {diff.before} → {diff.after}"]
    rows = [(c.kind, c.name, clip(c.before or "–", 40), clip(c.after or "–", 40)) for c in diff.changes]
    lines.append(
        table(rows, ("what", "name", f"v{diff.before}", f"v{diff.after}")) if rows else "Nothing that is known differs."
    )
    if diff.code:
        lines += ["", printable(diff.code)]
    if diff.predictions is not None:
        lines += ["", *_predictions(diff.predictions)]
    return "\n".join(lines)


def _predictions(found: PredictionChange) -> list[str]:
    if found.problem:
        return [f"Predictions were not compared: {found.problem}"]
    line = f"{found.changed} of {found.rows} predictions change"
    if found.to_right is not None and found.to_wrong is not None:
        line += f", {found.to_right} to right, {found.to_wrong} to wrong"
    if found.mean_shift is not None:
        line += f", by {number(found.mean_shift)} on average"
    rows = [(str(g["group"]), str(g["rows"]), str(g["changed"])) for g in found.groups]
    return [line, *([table(rows, ("group", "rows", "change"), right=(1, 2))] if rows else [])]
