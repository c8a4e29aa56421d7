"""``%monitor ACTION …``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.magics.actions import ANY, Action, act, one, whole
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show

_GRAMMAR = Grammar(
    "%monitor",
    'Watch models and data: %monitor add churn@champion --cron "0 6 * * *" --check drift --check "performance accuracy>=0.8"\n'
    "Actions: add NAME, change NAME, list, show NAME, run NAME, history [NAME], incidents [NAME], report LOOK, pause NAME, resume NAME, "
    "mute NAME, unmute NAME, acknowledge INCIDENT, remove NAME, apply.",
    [
        Option("model", "the model; @champion where no target is said", "NAME[@TARGET]"),
        Option("source", "predictions, or a file, folder or pattern", "SOURCE"),
        Option("reference", "what is compared with; by default the profile of the model's version", "FILE"),
        Option("time", "the column of a file that windows go by", "COLUMN"),
        Option("window", "1d, 7d, 1h, 1 month, 1000 rows or all", "LENGTH"),
        Option("cron", 'when it looks: "0 6 * * *"; without it when asked to', "EXPRESSION"),
        Option("timezone", "of --cron and of times without one", "ZONE"),
        Option("check", 'such as drift or "performance accuracy>=0.8"; repeatable', "CHECK", repeat=True),
        Option("route", "lab, webhook:NAME, slack:NAME, email or email:ADDRESS; repeatable", "WHERE", repeat=True),
        Option("remind", "remind of an open incident so often; 0 for never", "HOURS"),
        Option("paused", "begin paused"),
        Option("at", "of run: as at this time", "TIME"),
        Option("for", "of mute: such as 8h or 2 days", "TIME"),
        Option("until", "of mute: such as 2026-07-01T08:00", "TIME"),
        Option("reason", "of mute and acknowledge", "TEXT"),
        Option("purge", "of remove: what it found, too"),
        Option("prune", "of apply: remove what is no longer declared"),
        Option("open", "of incidents: only those that are not over"),
        Option("n", "of history and incidents: so many", "N"),
    ],
    words="action name",
)
_TEXTS = ("model", "source", "reference", "time", "window", "cron", "timezone")


def monitor(line: str) -> None:
    """Do what the line says.

    Raises
    ------
    UsageError
        The line names no action, or something of a monitor cannot be used.
    NotFoundError
        There is no such monitor, model or incident.
    """
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    act("%monitor", _ACTIONS, call)


def _given(call: Call) -> dict[str, Any]:
    from nbops.monitoring.monitors.declared import from_folder

    given: dict[str, Any] = {key: text for key in _TEXTS if (text := call.arguments.one(key))}
    for key in ("source", "reference"):
        if key in given:
            given[key] = from_folder(call.workspace, Path.cwd(), given[key])
    if checks := call.arguments.all("check"):
        given["checks"] = checks
    if routes := call.arguments.all("route"):
        given["routes"] = routes
    if call.arguments.flag("paused"):
        given["paused"] = True
    if text := call.arguments.one("remind"):
        try:
            given["remind_hours"] = float(text)
        except ValueError:
            raise UsageError(f"--remind must be a number of hours, not {text!r}.") from None
    return given


def _add(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import add_monitor
    from nbops.monitoring.monitors.building import build
    from nbops.views.monitors import told_text

    show(told_text(add_monitor(call.workspace, build(words[0], _given(call)))))


def _change(call: Call, words: list[str]) -> None:
    from nbops.monitoring import monitors
    from nbops.monitoring.monitors.building import changed
    from nbops.views.monitors import told_text

    before = monitors.monitor(call.workspace, words[0])
    show(told_text(monitors.update_monitor(call.workspace, changed(before, _given(call)))))


def _list(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import summaries
    from nbops.scheduling.retraining import with_retraining

    _show_all(with_retraining(call.workspace, summaries(call.workspace)))


def _show_one(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import incidents, monitor_runs, summary
    from nbops.scheduling.retraining import with_retraining
    from nbops.views.monitors import monitor_html, monitor_text, monitors_mime

    workspace, name = call.workspace, words[0]
    (found,) = with_retraining(workspace, [summary(workspace, name)])
    seen = found, monitor_runs(workspace, name, 10), incidents(workspace, name, limit=10)
    _display(monitor_text(*seen), monitor_html(*seen), monitors_mime([found]))


def _run(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import run_monitor
    from nbops.monitoring.monitors.moments import moment_of

    at = call.arguments.one("at")
    run_monitor(call.workspace, words[0], moment_of(at) if at else None)
    _show_one(call, words)


def _history(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import monitor_runs
    from nbops.views.monitors import runs_text

    limit = whole("--n", call.arguments.one("n", "20"))
    show(runs_text(monitor_runs(call.workspace, words[0] if words else "", limit)))


def _incidents(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import incidents
    from nbops.views.monitors import incidents_text

    limit = whole("--n", call.arguments.one("n", "20"))
    opened = call.arguments.flag("open")
    show(incidents_text(incidents(call.workspace, words[0] if words else "", opened=opened, limit=limit)))


def _report(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import monitor_report
    from nbops.views.drift import drift_html, drift_text

    report = monitor_report(call.workspace, whole("The number of a look", words[0]))
    show(drift_text(report), drift_html(report))


def _pause(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import pause_monitor

    _tell(pause_monitor(call.workspace, words[0]))


def _resume(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import resume_monitor

    _tell(resume_monitor(call.workspace, words[0]))


def _mute(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import mute_monitor
    from nbops.monitoring.monitors.moments import until_of

    until = until_of(call.arguments.one("for"), call.arguments.one("until"), time.time())
    _tell(mute_monitor(call.workspace, words[0], until, call.arguments.one("reason")))


def _unmute(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import unmute_monitor

    _tell(unmute_monitor(call.workspace, words[0]))


def _acknowledge(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import acknowledge
    from nbops.views.monitors import incidents_text

    number = whole("The number of an incident", words[0])
    show(incidents_text([acknowledge(call.workspace, number, call.arguments.one("reason"))]))


def _remove(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors import remove_monitor

    remove_monitor(call.workspace, words[0], purge=call.arguments.flag("purge"))
    show(f"{words[0]} is removed.")


def _apply(call: Call, words: list[str]) -> None:
    from nbops.monitoring.monitors.declared import apply_declared
    from nbops.views.schedules import applied_text

    done = apply_declared(call.workspace, words, prune=call.arguments.flag("prune"))
    show(applied_text(done, "monitors"))


_ACTIONS = {
    "add": one(_add),
    "change": one(_change),
    "list": Action(_list),
    "show": one(_show_one),
    "run": one(_run),
    "history": Action(_history, most=1),
    "incidents": Action(_incidents, most=1),
    "report": one(_report),
    "pause": one(_pause),
    "resume": one(_resume),
    "mute": one(_mute),
    "unmute": one(_unmute),
    "acknowledge": one(_acknowledge),
    "remove": one(_remove),
    "apply": Action(_apply, most=ANY),
}


def _show_all(found: Sequence[Any]) -> None:
    from nbops.views.monitors import monitors_html, monitors_mime, monitors_text

    _display(monitors_text(found), monitors_html(found), monitors_mime(found))


def _tell(found: Any) -> None:
    from nbops.views.monitors import told_text

    show(told_text(found))


def _display(text: str, html: str, data: dict[str, Any]) -> None:
    from IPython.display import display

    from nbops.records import MONITOR_MIME

    display({MONITOR_MIME: data, "text/html": html, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]
