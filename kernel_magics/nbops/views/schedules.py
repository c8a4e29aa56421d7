"""Schedules and what became of them, as text and as static HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from nbops.records import AppliedSchedules, Schedule, ScheduleRun
from nbops.views.document import fragment
from nbops.views.text import clip, moment, printable, seconds, table

_MARK = {"succeeded": "●", "failed": "✕", "lost": "✕", "running": "◐", "queued": "·", "stopped": "■"}
_CSS = {"succeeded": "good", "failed": "bad", "lost": "bad", "missed": "warn"}
_HEADER = ("schedule", "pipeline", "runs", "next", "last", "")
_NONE = "No schedules here. `nbops schedule add NAME FILE --cron …` makes one."


def schedules_text(found: Sequence[Schedule]) -> str:
    """List schedules."""
    return table([_row(one) for one in found], _HEADER) if found else _NONE


def schedules_html(found: Sequence[Schedule]) -> str:
    """List schedules."""
    if not found:
        return fragment(f"<p>{escape(_NONE)}</p>")
    head = "".join(f"<th>{escape(name)}</th>" for name in _HEADER)
    body = "".join(_line(one) for one in found)
    return fragment(f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>')


def schedule_text(schedule: Schedule, times: Sequence[float], runs: Sequence[ScheduleRun]) -> str:
    """Show one schedule with its next times and its last runs."""
    facts = {
        "pipeline": schedule.pipeline,
        "runs": schedule.words,
        "state": "paused" if schedule.paused else "",
        "problem": schedule.problem,
        "missed": f"all, at most {schedule.missed_cap}" if schedule.missed == "all" else schedule.missed,
        "overlap": schedule.overlap,
        "set": ", ".join(f"{name}={value}" for name, value in schedule.parameters.items()),
        "alerts": ", ".join(schedule.alerts),
        "declared in": schedule.origin,
        "added by": f"{schedule.author}, {moment(schedule.created_at)}",
    }
    lines = [printable(schedule.name), *(f"  {name:<12}{printable(text)}" for name, text in facts.items() if text)]
    if times:
        lines += ["", times_text(schedule, times)]
    if runs:
        lines += ["", runs_text(runs)]
    return "\n".join(lines)


def times_text(schedule: Schedule, times: Sequence[float]) -> str:
    """List times in the zone of the schedule."""
    if not times:
        return "paused" if schedule.paused else f"{schedule.words}: that is at no time that is known before."
    zone = ZoneInfo(schedule.timezone)
    return "\n".join(datetime.fromtimestamp(at, zone).strftime("%a %Y-%m-%d %H:%M %Z") for at in times)


def runs_text(runs: Sequence[ScheduleRun]) -> str:
    """List what became of schedules."""
    if not runs:
        return "Nothing has come due yet."
    rows = [
        (
            moment(run.due_at),
            run.schedule,
            f"{_MARK.get(run.status, '○')} {run.status}",
            run.run_id[:8] or "–",
            seconds(run.ended_at - run.started_at) if run.ended_at and run.started_at else "–",
            clip(run.error or run.evidence, 100),
        )
        for run in runs
    ]
    return table(rows, ("due", "schedule", "", "run", "took", "because"))


def applied_text(done: AppliedSchedules, noun: str = "schedules") -> str:
    """Say what applying declarations has done."""
    facts = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged, "removed": done.removed}
    lines = [f"{what}: {', '.join(names)}" for what, names in facts.items() if names]
    if done.left:
        lines.append(f"no longer declared, still there: {', '.join(done.left)}; --prune removes them")
    return printable("\n".join(lines) or f"No {noun} are declared.")


def _row(one: Schedule) -> tuple[str, ...]:
    last = f"{_MARK.get(one.last.status, '○')} {one.last.status} {moment(one.last.due_at)}" if one.last else "–"
    next_at = "paused" if one.paused else moment(one.next_at)
    return (one.name, one.pipeline, one.words, next_at, last, clip(one.problem, 100))


def _line(one: Schedule) -> str:
    cells = [escape(printable(text)) for text in _row(one)]
    css = _CSS.get(one.last.status, "dim") if one.last else "dim"
    cells[4] = f'<span class="{css}">{cells[4]}</span>'
    cells[5] = f'<span class="bad">{cells[5]}</span>'
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
