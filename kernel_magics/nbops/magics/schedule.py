"""``%schedule ACTION …``."""

from __future__ import annotations

from collections.abc import Sequence

from nbops.magics.actions import ANY, Action, act, one, whole
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show
from nbops.records import Schedule

_GRAMMAR = Grammar(
    "%schedule",
    'Start pipelines by themselves: %schedule add nightly pipeline.toml --cron "0 6 * * 1-5"\n'
    "Actions: add NAME FILE, list, show NAME, next NAME, history [NAME], pause NAME, resume NAME, run NAME, remove NAME, "
    "apply.",
    [
        Option("cron", 'minute, hour, day of month, month, day of week: "0 6 * * 1-5"; or @daily', "EXPRESSION"),
        Option("timezone", "of --cron, such as Europe/Berlin", "ZONE"),
        Option("on-data", "when files, a folder or a pattern have grown", "PATTERN"),
        Option("rows", "of --on-data: so many new rows", "N"),
        Option("bytes", "of --on-data: so many new bytes", "N"),
        Option("files", "of --on-data: so many new files", "N"),
        Option("on-drift", "when drift of a model or data set is found", "MODEL"),
        Option("on-performance", "when the performance of a model is lost", "MODEL"),
        Option("on-promotion", "when another version comes to hold a stage or alias", "MODEL[:TARGET]"),
        Option("after", "when a run of another pipeline has succeeded", "PIPELINE"),
        Option("manual", "when asked to, by hand or HTTP"),
        Option("missed", "what was missed: skip, once or all", "POLICY"),
        Option("cap", "of --missed all: at most so many", "N"),
        Option("overlap", "while the last run goes on: skip, queue or allow", "POLICY"),
        Option("set", "set a parameter; repeatable", "NAME=VALUE", repeat=True),
        Option("alert", "lab, webhook:NAME or email:ADDRESS; repeatable", "WHERE", repeat=True),
        Option("paused", "begin paused"),
        Option("prune", "of apply: remove what is no longer declared"),
        Option("n", "of next and history: so many", "N"),
    ],
    words="action name",
)
_FLAGS, _NUMBERS = ("manual", "paused"), ("rows", "bytes", "files", "cap")


def schedule(line: str) -> None:
    """Do what the line says.

    Raises
    ------
    UsageError
        The line names no action, or something of a schedule cannot be used.
    NotFoundError
        There is no such schedule or pipeline.
    """
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    act("%schedule", _ACTIONS, call)


def _add(call: Call, words: list[str]) -> None:
    from nbops.scheduling import add_schedule
    from nbops.scheduling.building import KEYS, build, parameters_of
    from nbops.scheduling.places import from_here

    given: dict[str, object] = {}
    for key in KEYS:
        option = key.replace("_", "-")
        if option in _FLAGS:
            given[key] = call.arguments.flag(option)
        elif text := call.arguments.one(option):
            given[key] = whole(f"--{option}", text) if option in _NUMBERS else text
    workspace = call.workspace
    if "on_data" in given:
        given["on_data"] = from_here(workspace, str(given["on_data"]))
    given["parameters"] = parameters_of(call.arguments.all("set"))
    given["alerts"] = call.arguments.all("alert")
    name, file = words
    added = add_schedule(workspace, build(name, from_here(workspace, file, must_be=True), given))
    _show_all([added])


def _list(call: Call, words: list[str]) -> None:
    from nbops.scheduling import schedules

    _show_all(schedules(call.workspace))


def _show_one(call: Call, words: list[str]) -> None:
    from nbops import scheduling
    from nbops.views.schedules import schedule_text

    found = scheduling.schedule(call.workspace, words[0])
    times = () if found.problem else scheduling.next_times(found, 3)
    show(schedule_text(found, times, scheduling.schedule_runs(call.workspace, words[0], 5)))


def _next(call: Call, words: list[str]) -> None:
    from nbops import scheduling
    from nbops.views.schedules import times_text

    found = scheduling.schedule(call.workspace, words[0])
    show(times_text(found, scheduling.next_times(found, whole("--n", call.arguments.one("n", "5")))))


def _history(call: Call, words: list[str]) -> None:
    from nbops.scheduling import schedule_runs
    from nbops.views.schedules import runs_text

    limit = whole("--n", call.arguments.one("n", "20"))
    show(runs_text(schedule_runs(call.workspace, words[0] if words else "", limit)))


def _pause(call: Call, words: list[str]) -> None:
    from nbops.scheduling import pause_schedule

    _show_all([pause_schedule(call.workspace, words[0])])


def _resume(call: Call, words: list[str]) -> None:
    from nbops.scheduling import resume_schedule

    _show_all([resume_schedule(call.workspace, words[0])])


def _run(call: Call, words: list[str]) -> None:
    from nbops.scheduling import run_now
    from nbops.views.schedules import runs_text

    show(runs_text([run_now(call.workspace, words[0])]))


def _remove(call: Call, words: list[str]) -> None:
    from nbops.scheduling import remove_schedule

    remove_schedule(call.workspace, words[0])
    show(f"{words[0]} is removed.")


def _apply(call: Call, words: list[str]) -> None:
    from nbops.scheduling.declared import apply_declared
    from nbops.views.schedules import applied_text

    show(applied_text(apply_declared(call.workspace, words, prune=call.arguments.flag("prune"))))


_ACTIONS = {
    "add": Action(_add, 2, 2, "a name and a file"),
    "list": Action(_list),
    "show": one(_show_one),
    "next": one(_next),
    "history": Action(_history, most=1),
    "pause": one(_pause),
    "resume": one(_resume),
    "run": one(_run),
    "remove": one(_remove),
    "apply": Action(_apply, most=ANY),
}


def _show_all(found: Sequence[Schedule]) -> None:
    from nbops.views.schedules import schedules_html, schedules_text

    show(schedules_text(found), schedules_html(found))
