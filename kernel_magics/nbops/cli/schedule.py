"""``nbops schedule …``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from nbops.cli.options import common, folder_of, print_json, workspace_of
from nbops.errors import UsageError
from nbops.workspace import Workspace

_Actions = argparse._SubParsersAction
_TRIGGERS = (
    ("--cron", "EXPRESSION", 'minute, hour, day of month, month, day of week: "0 6 * * 1-5"; or @daily'),
    ("--on-data", "PATTERN", "when files, a folder or a pattern have grown since the last successful run"),
    ("--on-drift", "MODEL", "when drift of a model or data set is found; * for any"),
    ("--on-performance", "MODEL", "when the performance of a model is lost; * for any"),
    ("--on-promotion", "MODEL[:TARGET]", "when another version comes to hold a stage or alias"),
    ("--after", "PIPELINE", "when a run of another pipeline has succeeded"),
)


def add_parser(commands: _Actions[argparse.ArgumentParser]) -> None:
    """Add the command."""
    schedule = commands.add_parser(
        "schedule",
        help="start pipelines by themselves: times, data, drift, promotions",
        description="Schedules run while JupyterLab is open or `nbops scheduler` runs.",
    )
    actions = schedule.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_add(actions)
    _action(actions, "list", "list the schedules", _list)
    _named(actions, "show", "show a schedule, its next times and its last runs", _show)
    following = _named(actions, "next", "when a schedule is due next", _next)
    following.add_argument("-n", type=int, default=5, metavar="N", help="so many times (default: 5)")
    history = _action(actions, "history", "what became of a schedule, or of all", _history)
    history.add_argument("name", nargs="?", default="", help="name of the schedule")
    history.add_argument("-n", type=int, default=20, metavar="N", help="so many at most (default: 20)")
    _named(actions, "pause", "let a schedule rest", _pause)
    _named(actions, "resume", "let a paused schedule count again, from now on", _resume)
    _named(actions, "run", "run a schedule's pipeline now", _run)
    _named(actions, "remove", "remove a schedule; its history stays", _remove)
    apply = _action(actions, "apply", "make schedules what [schedules.NAME] of files say", _apply)
    apply.add_argument("files", nargs="*", metavar="FILE", help="default: nbops.toml and pipeline files beside it")
    apply.add_argument("--prune", action="store_true", help="remove those that their file no longer declares")


def _add_add(actions: _Actions[argparse.ArgumentParser]) -> None:
    add = _named(actions, "add", "add a schedule", _add)
    add.add_argument("file", help="pipeline.toml, a notebook with stage tags, or a name in nbops.toml")
    trigger = add.add_argument_group("when it runs, one of").add_mutually_exclusive_group(required=True)
    for option, value, words in _TRIGGERS:
        trigger.add_argument(option, metavar=value, help=words)
    trigger.add_argument("--manual", action="store_true", help="when asked to, by hand or HTTP")
    add.add_argument("--timezone", metavar="ZONE", help="of --cron, such as Europe/Berlin (default: UTC)")
    amount = add.add_mutually_exclusive_group()
    for measure in ("rows", "bytes", "files"):
        amount.add_argument(f"--{measure}", type=int, metavar="N", help=f"of --on-data: so many new {measure}")
    add.add_argument("--missed", metavar="POLICY", help="what was missed: skip, once (default) or all")
    add.add_argument("--cap", type=int, metavar="N", help="of --missed all: at most so many (default: 10)")
    add.add_argument("--overlap", metavar="POLICY", help="while the last run goes on: skip (default), queue or allow")
    add.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter; repeatable")
    add.add_argument(
        "--alert", action="append", default=[], metavar="WHERE", help="lab, webhook:NAME or email:ADDRESS; repeatable"
    )
    add.add_argument("--paused", action="store_true", help="begin paused")


def _action(actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any) -> Any:
    parser = actions.add_parser(name, help=words, description=words)
    common(parser)
    parser.set_defaults(func=function)
    return parser


def _named(actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any) -> Any:
    parser = _action(actions, name, words, function)
    parser.add_argument("name", help="name of the schedule")
    return parser


def _add(options: argparse.Namespace) -> int:
    from nbops.scheduling import add_schedule
    from nbops.scheduling.building import KEYS, build, parameters_of
    from nbops.scheduling.places import from_here

    workspace = workspace_of(options)
    given = {key: value for key in KEYS if (value := getattr(options, key, None)) is not None}
    if options.on_data is not None:
        given["on_data"] = from_here(workspace, options.on_data, folder=folder_of(options))
    given |= {"parameters": parameters_of(options.set), "alerts": options.alert}
    file = from_here(workspace, options.file, must_be=True, folder=folder_of(options))
    schedule = build(options.name, file, given)
    code = _told(options, add_schedule(workspace, schedule))
    _say_who_leads(workspace)
    return code


def _say_who_leads(workspace: Workspace) -> None:
    from nbops.scheduling.lease import somebody_leads

    if not somebody_leads(workspace):
        hint = "open JupyterLab on the workspace, or run `nbops scheduler`"
        print(f"nbops: nobody looks after schedules here now: {hint}", file=sys.stderr)


def _list(options: argparse.Namespace) -> int:
    from nbops.scheduling import schedules
    from nbops.views.schedules import schedules_text

    workspace = workspace_of(options)
    found = schedules(workspace)
    print_json(found) if options.json else print(schedules_text(found))
    if found:
        _say_who_leads(workspace)
    return 0


def _show(options: argparse.Namespace) -> int:
    from nbops.scheduling import next_times, schedule, schedule_runs
    from nbops.views.schedules import schedule_text

    workspace = workspace_of(options)
    found = schedule(workspace, options.name)
    if options.json:
        print_json(found)
    else:
        times = () if found.problem else next_times(found, 3)
        print(schedule_text(found, times, schedule_runs(workspace, options.name, 5)))
    return 0


def _next(options: argparse.Namespace) -> int:
    from nbops.scheduling import next_times, schedule
    from nbops.views.schedules import times_text

    if options.n < 1:
        raise UsageError("-n must be at least 1.")
    found = schedule(workspace_of(options), options.name)
    times = next_times(found, options.n)
    print_json(times) if options.json else print(times_text(found, times))
    return 0


def _history(options: argparse.Namespace) -> int:
    from nbops.scheduling import schedule_runs
    from nbops.views.schedules import runs_text

    if options.n < 1:
        raise UsageError("-n must be at least 1.")
    found = schedule_runs(workspace_of(options), options.name, options.n)
    print_json(found) if options.json else print(runs_text(found))
    return 0


def _pause(options: argparse.Namespace) -> int:
    from nbops.scheduling import pause_schedule

    return _told(options, pause_schedule(workspace_of(options), options.name))


def _resume(options: argparse.Namespace) -> int:
    from nbops.scheduling import resume_schedule

    return _told(options, resume_schedule(workspace_of(options), options.name))


def _run(options: argparse.Namespace) -> int:
    from nbops.scheduling import run_now
    from nbops.views.schedules import runs_text

    run = run_now(workspace_of(options), options.name)
    print_json(run) if options.json else print(runs_text([run]))
    return 1 if run.status == "failed" else 0


def _remove(options: argparse.Namespace) -> int:
    from nbops.scheduling import remove_schedule

    remove_schedule(workspace_of(options), options.name)
    print_json({"removed": options.name}) if options.json else print(f"{options.name} is removed.")
    return 0


def _apply(options: argparse.Namespace) -> int:
    from nbops.scheduling.declared import apply_declared
    from nbops.views.schedules import applied_text

    done = apply_declared(workspace_of(options), options.files, prune=options.prune)
    print_json(done) if options.json else print(applied_text(done))
    return 0


def _told(options: argparse.Namespace, schedule: Any) -> int:
    from nbops.views.schedules import schedules_text

    print_json(schedule) if options.json else print(schedules_text([schedule]))
    return 0
