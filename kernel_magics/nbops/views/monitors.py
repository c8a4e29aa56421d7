"""Monitors, what their looks found and the incidents they opened, as text and as static HTML."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from nbops.records import Incident, Monitor, MonitorRun, MonitorSummary, to_wire
from nbops.views.courses import STATE_CSS, bars, spark
from nbops.views.document import fragment
from nbops.views.html import escape
from nbops.views.text import clip, moment, number, printable, table

_MARK = {"alert": "▲", "error": "✕", "warning": "◆", "waiting": "○", "ok": "●", "paused": "‖"}
_NONE = "No monitors here. `nbops monitor add NAME --check drift …` makes one."


def monitors_mime(found: Sequence[MonitorSummary]) -> dict[str, Any]:
    """Give the table as a front end takes it."""
    return {"summaries": to_wire(list(found))}


def monitors_text(found: Sequence[MonitorSummary]) -> str:
    """List monitors, the most troubled first."""
    if not found:
        return _NONE
    rows = [
        (
            f"{_MARK[one.state]} {one.state}",
            one.monitor.name,
            _model(one),
            " ".join(bars(series) for series in one.series),
            _open(one.incidents),
            "–" if one.last is None else moment(one.last.at),
            clip(one.monitor.problem or one.sentence, 90),
        )
        for one in found
    ]
    return table(rows, ("", "monitor", "model", "checks", "open", "looked", ""))


def monitors_html(found: Sequence[MonitorSummary]) -> str:
    """List monitors, the most troubled first, with a small line for each check."""
    if not found:
        return fragment(f"<p>{escape(_NONE)}</p>")
    counts = {state: sum(one.state == state for one in found) for state in _MARK}
    told = "".join(
        f'<span><b class="{STATE_CSS[state]}">{count}</b>{escape(state)}</span>'
        for state, count in counts.items()
        if count
    )
    head = "".join(f"<th>{name}</th>" for name in ("", "monitor", "model", "checks", "open", "looked"))
    body = "".join(_line(one) for one in found)
    return fragment(f'<div class="counts">{told}</div><div class="scroll"><table><tr>{head}</tr>{body}</table></div>')


def monitor_text(summary: MonitorSummary, runs: Sequence[MonitorRun], incidents: Sequence[Incident]) -> str:
    """Show one monitor: what it is, what its checks found, its last looks and its incidents."""
    one = summary.monitor
    lines = [printable(one.name), *(f"  {name:<12}{printable(text)}" for name, text in _facts(summary).items() if text)]
    if summary.last is not None:
        lines += ["", printable(summary.sentence)]
        rows = [
            (
                f"{_MARK[check.state]} {check.state}",
                check.check,
                number(check.value),
                number(check.limit),
                clip(check.message, 100),
            )
            for check in summary.last.checks
        ]
        lines += [table(rows, ("", "check", "value", "limit", ""), right=(2, 3))]
    if runs:
        lines += ["", runs_text(runs)]
    if incidents:
        lines += ["", incidents_text(incidents)]
    return "\n".join(lines)


def monitor_html(summary: MonitorSummary, runs: Sequence[MonitorRun], incidents: Sequence[Incident]) -> str:
    """Show one monitor."""
    facts = "".join(
        f'<tr><td class="dim">{escape(name)}</td><td>{escape(text)}</td></tr>'
        for name, text in _facts(summary).items()
        if text
    )
    parts = [
        f'<p class="lead">{_state(summary.state)} <b>{escape(summary.monitor.name)}</b> {escape(summary.sentence)}</p>'
    ]
    if summary.last is not None:
        messages = {check.check: check for check in summary.last.checks}
        rows = "".join(
            f"<tr><td>{_state(series.state)}</td><td>{escape(series.check)}</td><td>{spark(series)}</td>"
            f'<td class="num">{number(messages[series.check].value)}</td><td class="num">{number(series.limit)}</td>'
            f'<td class="told">{escape(series.message)}</td></tr>'
            for series in summary.series
        )
        parts.append(
            '<div class="scroll"><table><tr><th></th><th>check</th><th></th><th class="num">value</th>'
            f'<th class="num">limit</th><th></th></tr>{rows}</table></div>'
        )
    if incidents:
        rows = "".join(
            f'<tr><td class="{_incident_css(i)}">{escape(i.state)}</td><td>{escape(i.check)}</td><td class="told">{escape(i.message)}'
            f'{_note(i)}</td><td class="when">{moment(i.opened_at)}</td><td class="when">{moment(i.recovered_at)}</td>'
            f'<td class="num">{i.windows}</td></tr>'
            for i in incidents
        )
        head = '<th></th><th>check</th><th></th><th>since</th><th>until</th><th class="num">windows</th>'
        parts.append(f'<h2>Incidents</h2><div class="scroll"><table><tr>{head}</tr>{rows}</table></div>')
    if runs:
        rows = "".join(
            f'<tr><td>{_state(run.state)}</td><td class="when">{moment(run.at)}</td><td>{_window(run)}</td>'
            f'<td class="num">{run.rows:,}</td><td class="told">{escape(run.error or run.sentence)}</td></tr>'
            for run in runs
        )
        head = '<th></th><th>looked</th><th>window</th><th class="num">rows</th><th></th>'
        opened = "" if incidents else " open"
        parts.append(
            f"<details{opened}><summary>the last {f'{len(runs)} looks' if len(runs) > 1 else 'look'}</summary>"
            f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div></details>'
        )
    parts.append(f"<details><summary>declaration</summary><table>{facts}</table></details>")
    return fragment("".join(parts))


def look_text(run: MonitorRun) -> str:
    """Say what one look found."""
    rows = [
        (f"{_MARK[one.state]} {one.state}", one.check, number(one.value), number(one.limit), clip(one.message, 100))
        for one in run.checks
    ]
    said = printable(f"{_MARK[run.state]} {run.monitor}, {run.rows:,} rows: {run.error or run.sentence}")
    return "\n".join([said, table(rows, ("", "check", "value", "limit", ""), right=(2, 3))]) if rows else said


def runs_text(runs: Sequence[MonitorRun]) -> str:
    """List looks."""
    if not runs:
        return "Nothing has been looked at yet."
    rows = [
        (
            str(run.id),
            moment(run.at),
            run.monitor,
            f"{_MARK[run.state]} {run.state}",
            f"{run.rows:,}",
            clip(run.error or run.sentence, 100),
        )
        for run in runs
    ]
    return table(rows, ("look", "at", "monitor", "", "rows", ""), right=(0, 4))


def incidents_text(found: Sequence[Incident]) -> str:
    """List incidents."""
    if not found:
        return "No incidents."
    rows = [
        (
            str(one.id),
            one.state,
            one.monitor,
            one.check,
            moment(one.opened_at),
            "–" if one.recovered_at is None else moment(one.recovered_at),
            str(one.windows),
            clip(" ".join(filter(None, (one.message, _by(one), one.undelivered))), 120),
        )
        for one in found
    ]
    return table(rows, ("incident", "", "monitor", "check", "since", "until", "windows", ""), right=(0, 6))


def _facts(summary: MonitorSummary) -> Mapping[str, str]:
    one = summary.monitor
    muted = one.muted_until is not None and one.muted_until > time.time()
    return {
        "model": _model(summary),
        "source": one.source + (f", by {one.time}" if one.time else ""),
        "reference": one.reference or ("the profile of the model's version" if one.model else ""),
        "window": one.window,
        "runs": f"{one.cron} {one.timezone}" if one.cron else "when asked to",
        "next": moment(one.next_at) if one.next_at else "",
        "told on": ", ".join(one.routes),
        "reminds": f"every {one.remind_hours:g} hours" if one.remind_hours else "never",
        "retrained": _retrained(summary),
        "state": "paused" if one.paused else "",
        "muted": f"until {moment(one.muted_until)}: {one.mute_reason}" if muted else "",
        "problem": one.problem,
        "declared in": one.origin,
        "added by": f"{one.author}, {moment(one.created_at)}" if one.author else "",
    }


def _retrained(summary: MonitorSummary) -> str:
    if summary.policy is None and summary.retrain is None:
        return ""
    when = f"on {', '.join(summary.policy.on)} by {summary.policy.pipeline}" if summary.policy is not None else ""
    last = summary.retrain
    said = f"last {moment(last.at)}, {last.outcome}: {last.message}" if last is not None else ""
    return "; ".join(filter(None, (when, said)))


def _line(one: MonitorSummary) -> str:
    said = one.monitor.problem or one.sentence
    checks = "".join(
        f'<span title="{escape(series.message)}" style="display:inline-block;margin-right:10px">'
        f'<small class="{STATE_CSS[series.state]}">{escape(series.check)}</small>{spark(series)}</span>'
        for series in one.series
    )
    looked = "–" if one.last is None else moment(one.last.at)
    return (
        f'<tr><td>{_state(one.state)}</td><td><b>{escape(one.monitor.name)}</b><br><small class="dim">{escape(said)}</small></td>'
        f'<td>{escape(_model(one))}</td><td>{checks}</td><td>{escape(_open(one.incidents))}</td><td class="dim when">{looked}</td></tr>'
    )


def _state(state: str) -> str:
    return f'<span class="{STATE_CSS[state]}">{_MARK[state]}&nbsp;{escape(state)}</span>'


def _model(one: MonitorSummary) -> str:
    model = one.monitor.model or "–"
    return f"{model} v{one.version}" if one.version is not None else model


def _open(incidents: Sequence[Incident]) -> str:
    if not incidents:
        return "–"
    known = sum(one.state == "acknowledged" for one in incidents)
    return f"{len(incidents)}" + (f", {known} acknowledged" if known else "")


def _by(one: Incident) -> str:
    return f"({one.acknowledged_by}: {one.reason})" if one.acknowledged_by else ""


def _note(one: Incident) -> str:
    said = " ".join(filter(None, (_by(one), one.undelivered)))
    return f'<br><small class="dim">{escape(said)}</small>' if said else ""


def _incident_css(one: Incident) -> str:
    return {"open": "bad", "acknowledged": "warn"}.get(one.state, "good")


def _window(run: MonitorRun) -> str:
    if run.window_start is None:
        return "–" if run.window_end is None else f"until {moment(run.window_end)}"
    return f"{moment(run.window_start)} – {moment(run.window_end)}"


def told_text(monitor: Monitor) -> str:
    """Say what became of a monitor that was changed."""
    said = f"{monitor.name} watches {monitor.source}" + (f" of {monitor.model}" if monitor.model else "")
    checks = ", ".join(check.name for check in monitor.checks)
    when = f"next at {moment(monitor.next_at)}" if monitor.next_at else "paused" if monitor.paused else "when asked to"
    return printable(f"{said}: {checks}; {when}.")
