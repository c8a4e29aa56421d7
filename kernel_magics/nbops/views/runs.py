"""Runs as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from nbops.records import Change, Run, RunPage, RunRow
from nbops.views.text import clip, moment, number, seconds, size, table

_MARK = {"FINISHED": "●", "FAILED": "✕", "KILLED": "✕", "RUNNING": "◐"}


def runs_text(page: RunPage) -> str:
    """Show a page of runs as a table; the last line says how many there are."""
    if not page.runs:
        return "No runs match." if page.total == 0 else "No runs on this page."
    rows = [
        (
            f"{_MARK.get(row.status, '?')} {row.name}",
            row.run_id[:8],
            row.experiment if row.origin == "nbops" else f"{row.experiment} (mlflow)",
            row.kind,
            moment(row.started_at),
            seconds(row.duration),
            _outcome(row),
        )
        for row in page.runs
    ]
    shown = table(rows, ("run", "id", "experiment", "kind", "started", "took", "metrics"), right=(5,))
    last = page.offset + len(page.runs)
    return shown + f"\n{page.offset + 1}–{last} of {page.total} runs"


def run_text(run: Run) -> str:
    """Show one run with everything a person asks for first."""
    where = PurePosixPath(run.cell.notebook).name or run.cell.source
    lines = [
        f"{_MARK.get(run.status, '?')} {run.name}  {run.status}  {run.experiment} / {where}",
        f"id {run.run_id}   started {moment(run.started_at)}   took {seconds(run.duration)}   {run.delivery}",
    ]
    if run.error:
        lines.append(f"error    {clip(f'{run.error.type}: {run.error.message}', 160)}")
    lines += _pairs("metrics", {k: number(v) for k, v in run.metrics.items()})
    lines += _pairs("params", run.params)
    for d in run.data:
        profiled = f"   profile: {run.profiles[d.fingerprint]}" if d.fingerprint in run.profiles else ""
        lines.append(f"data     {d.name} {d.rows:,} × {d.columns} {d.fingerprint[:12]} {d.context}{profiled}")
    for model in run.models:
        stored = size(model.size) if model.digest else f"not stored: {model.problem}"
        lines.append(f"model    {model.name} = {model.class_name} ({stored})")
    if run.git and run.git.commit:
        lines.append(f"git      {run.git.commit[:12]} {run.git.branch}{' with changes' if run.git.dirty else ''}")
    if run.mlflow_run_id:
        lines.append(f"mlflow   {run.mlflow_run_id}")
    if run.code:
        lines += ["code", *("  " + line for line in run.code.rstrip().splitlines()[:40])]
    return "\n".join(lines)


def changes_text(before: Run, after: Run, changes: Sequence[Change]) -> str:
    """Show what differs between two runs."""
    head = f"{before.name} ({before.run_id[:8]}) → {after.name} ({after.run_id[:8]})"
    if not changes:
        return f"{head}\nnothing differs"
    rows = [(c.kind, c.name, _short(c.before), _short(c.after), _judgement(c)) for c in changes]
    return f"{head}\n" + table(rows, ("what", "name", "before", "after", ""))


def _short(value: str | None) -> str:
    return "–" if value is None else clip(value, 48)


def _judgement(change: Change) -> str:
    if change.delta is None:
        return ""
    arrow = "▲" if change.delta > 0 else "▼" if change.delta < 0 else "="
    word = {True: " better", False: " worse", None: ""}[change.better]
    return f"{arrow} {number(abs(change.delta))}{word}"


def _outcome(row: RunRow) -> str:
    if row.error:
        return clip(row.error, 60)
    return clip("  ".join(f"{k} {number(v)}" for k, v in list(row.metrics.items())[:4]), 60)


def _pairs(label: str, values: dict[str, str]) -> list[str]:
    if not values:
        return []
    return [f"{label:<8} " + "  ".join(f"{k} {clip(v, 60)}" for k, v in values.items())]
