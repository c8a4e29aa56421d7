"""``nbops monitor …``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from nbops.cli.options import common, folder_of, print_json, workspace_of
from nbops.errors import UsageError
from nbops.workspace import Workspace

_Actions = argparse._SubParsersAction
_TROUBLE = ("alert", "error")
_CHECKS = """checks:
  drift                                the calibrated verdict; or a limit: drift effect<=0.2, drift columns<=2
  drift columns=age,income alpha=0.05  only these columns, other settings of `nbops drift`
  quality                              rules inferred from the reference; or rules=FILE
  performance accuracy>=0.8            by the labels that have arrived
  estimate accuracy>=0.8               before they have arrived
  volume rows>=1000, volume labelled>=0.5
  infrastructure latency_p95<=0.2, infrastructure errors<=0.01
  every check takes warning=VALUE, name=NAME and recover=N (good windows until an incident is over)
"""


def add_parser(commands: _Actions[argparse.ArgumentParser]) -> None:
    """Add the command."""
    monitor = commands.add_parser(
        "monitor",
        help="watch models and data: drift, quality, performance, and who is told",
        description="Monitors look while JupyterLab is open or `nbops scheduler` runs.",
    )
    actions = monitor.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, words, function in (("add", "add a monitor", _add), ("change", "change what is given", _change)):
        _add_facts(_named(actions, name, words, function))
    _action(actions, "list", "list the monitors, the most troubled first", _list)
    _named(actions, "show", "show a monitor, its last looks and its incidents", _show)
    run = _named(actions, "run", "look now", _run)
    run.add_argument("--at", default="", metavar="TIME", help="as at this time: the window ends then")
    run.add_argument("--fail", action="store_true", help="exit with 1 on an alert or an error, for gates")
    history = _action(actions, "history", "what looks have found, of a monitor or of all", _history)
    history.add_argument("name", nargs="?", default="", help="name of the monitor")
    history.add_argument("-n", type=int, default=20, metavar="N", help="so many at most (default: 20)")
    incidents = _action(actions, "incidents", "list incidents, of a monitor or of all", _incidents)
    incidents.add_argument("name", nargs="?", default="", help="name of the monitor")
    incidents.add_argument("--open", action="store_true", help="only those that are not over")
    report = _action(actions, "report", "show the drift report of a look", _report)
    report.add_argument("look", type=int, help="number of the look")
    report.add_argument("--html", metavar="FILE", help="write it there as well")
    _named(actions, "pause", "let a monitor rest", _pause)
    _named(actions, "resume", "let a paused monitor look again, from now on", _resume)
    mute = _named(actions, "mute", "tell nobody of a monitor's incidents for a while; it goes on looking", _mute)
    mute.add_argument("--for", dest="span", default="", metavar="TIME", help="such as 8h or 2 days")
    mute.add_argument("--until", default="", metavar="TIME", help="such as 2026-07-01T08:00")
    mute.add_argument("--reason", default="", help="why")
    _named(actions, "unmute", "tell of a monitor's incidents again", _unmute)
    known = _action(actions, "acknowledge", "say that you see to an incident: nobody is reminded of it", _acknowledge)
    known.add_argument("incident", type=int, help="its number")
    known.add_argument("--reason", default="", help="what is done about it")
    remove = _named(actions, "remove", "remove a monitor; what it found stays", _remove)
    remove.add_argument("--purge", action="store_true", help="remove what it found, too")
    apply = _action(actions, "apply", "make monitors what [monitors.NAME] of files say", _apply)
    apply.add_argument("files", nargs="*", metavar="FILE", help="default: nbops.toml")
    apply.add_argument("--prune", action="store_true", help="remove those that their file no longer declares")
    _action(actions, "work", "do the looks that are due, and end", _work)


def _add_facts(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _CHECKS
    facts = (
        ("model", "NAME[@TARGET]", "the model; @champion where no target is said"),
        ("source", "SOURCE", "predictions (default), or a file, folder or pattern"),
        ("reference", "FILE", "what is compared with; by default the profile of the model's version"),
        ("time", "COLUMN", "the column of a file that windows go by"),
        ("window", "LENGTH", "1d, 7d, 1h, 1 month, 1000 rows or all"),
        ("cron", "EXPRESSION", 'when it looks: "0 6 * * *"; without it when asked to'),
        ("timezone", "ZONE", "of --cron and of times without one (default: UTC)"),
    )
    for name, value, words in facts:
        parser.add_argument(f"--{name}", metavar=value, help=words)
    parser.add_argument("--check", action="append", dest="checks", metavar="CHECK", help="what is checked; repeatable")
    parser.add_argument(
        "--route",
        action="append",
        dest="routes",
        metavar="WHERE",
        help="lab (default), webhook:NAME, slack:NAME, email or email:ADDRESS; repeatable",
    )
    parser.add_argument(
        "--remind", type=float, dest="remind_hours", metavar="HOURS", help="remind so often (24); 0 for never"
    )
    parser.add_argument("--paused", action="store_true", default=None, help="begin paused")


def _action(actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any) -> Any:
    parser = actions.add_parser(name, help=words, description=words)
    common(parser)
    parser.set_defaults(func=function)
    return parser


def _named(actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any) -> Any:
    parser = _action(actions, name, words, function)
    parser.add_argument("name", help="name of the monitor")
    return parser


def _given(options: argparse.Namespace, workspace: Workspace) -> dict[str, Any]:
    from nbops.monitoring.monitors.building import KEYS
    from nbops.monitoring.monitors.declared import from_folder

    given = {key: value for key in KEYS if (value := getattr(options, key, None)) is not None}
    return {
        key: from_folder(workspace, folder_of(options), value) if key in ("source", "reference") else value
        for key, value in given.items()
    }


def _add(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import add_monitor
    from nbops.monitoring.monitors.building import build

    workspace = workspace_of(options)
    added = add_monitor(workspace, build(options.name, _given(options, workspace)))
    code = _told(options, added)
    if added.cron:
        _say_who_leads(workspace)
    return code


def _change(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import monitor, update_monitor
    from nbops.monitoring.monitors.building import changed

    workspace = workspace_of(options)
    before = monitor(workspace, options.name)
    return _told(options, update_monitor(workspace, changed(before, _given(options, workspace))))


def _say_who_leads(workspace: Workspace) -> None:
    from nbops.scheduling.lease import somebody_leads

    if not somebody_leads(workspace):
        hint = "open JupyterLab on the workspace, or run `nbops scheduler`"
        print(f"nbops: nobody looks after monitors here now: {hint}", file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import summaries
    from nbops.scheduling.retraining import with_retraining
    from nbops.views.monitors import monitors_text

    workspace = workspace_of(options)
    found = with_retraining(workspace, summaries(workspace))
    print_json(found) if options.json else print(monitors_text(found))
    if any(one.monitor.cron for one in found):
        _say_who_leads(workspace)
    return 0


def _show(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import incidents, monitor_runs, summary
    from nbops.scheduling.retraining import with_retraining
    from nbops.views.monitors import monitor_text

    workspace = workspace_of(options)
    (found,) = with_retraining(workspace, [summary(workspace, options.name)])
    if options.json:
        print_json(found)
    else:
        print(
            monitor_text(found, monitor_runs(workspace, options.name, 5), incidents(workspace, options.name, limit=5))
        )
    return 0


def _run(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import run_monitor
    from nbops.monitoring.monitors.moments import moment_of
    from nbops.views.monitors import look_text

    at = moment_of(options.at) if options.at else None
    run = run_monitor(workspace_of(options), options.name, at)
    print_json(run) if options.json else print(look_text(run))
    return 1 if options.fail and run.state in _TROUBLE else 0


def _history(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import monitor_runs
    from nbops.views.monitors import runs_text

    if options.n < 1:
        raise UsageError("-n must be at least 1.")
    found = monitor_runs(workspace_of(options), options.name, options.n)
    print_json(found) if options.json else print(runs_text(found))
    return 0


def _incidents(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import incidents
    from nbops.views.monitors import incidents_text

    found = incidents(workspace_of(options), options.name, opened=options.open)
    print_json(found) if options.json else print(incidents_text(found))
    return 0


def _report(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import monitor_report
    from nbops.views.document import write_document
    from nbops.views.drift import drift_page, drift_text

    report = monitor_report(workspace_of(options), options.look)
    if options.html:
        write_document(Path(options.html), drift_page(report))
    print_json(report) if options.json else print(drift_text(report))
    return 0


def _pause(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import pause_monitor

    return _told(options, pause_monitor(workspace_of(options), options.name))


def _resume(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import resume_monitor

    return _told(options, resume_monitor(workspace_of(options), options.name))


def _mute(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import mute_monitor
    from nbops.monitoring.monitors.moments import until_of

    until = until_of(options.span, options.until, time.time())
    return _told(options, mute_monitor(workspace_of(options), options.name, until, options.reason))


def _unmute(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import unmute_monitor

    return _told(options, unmute_monitor(workspace_of(options), options.name))


def _acknowledge(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import acknowledge
    from nbops.views.monitors import incidents_text

    found = acknowledge(workspace_of(options), options.incident, options.reason)
    print_json(found) if options.json else print(incidents_text([found]))
    return 0


def _remove(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors import remove_monitor

    remove_monitor(workspace_of(options), options.name, purge=options.purge)
    print_json({"removed": options.name}) if options.json else print(f"{options.name} is removed.")
    return 0


def _apply(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors.declared import apply_declared
    from nbops.views.schedules import applied_text

    done = apply_declared(workspace_of(options), options.files, prune=options.prune)
    print_json(done) if options.json else print(applied_text(done, "monitors"))
    return 0


def _work(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors.running import work
    from nbops.views.monitors import runs_text

    found = work(workspace_of(options))
    print_json(found) if options.json else print(runs_text(found))
    return 0


def _told(options: argparse.Namespace, monitor: Any) -> int:
    from nbops.views.monitors import told_text

    print_json(monitor) if options.json else print(told_text(monitor))
    return 0
