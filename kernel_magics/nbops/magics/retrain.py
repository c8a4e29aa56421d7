"""``%retrain ACTION …``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.magics.actions import Action, act, one, whole
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show

_WHOLE = ("volume", "budget")
_NUMBERS = ("holdout", "min-gain", "confidence", "cool-down-hours", "budget-days")
_TEXTS = ("cron", "timezone", "time", "label", "window", "data-parameter", "metric", "target")
_GRAMMAR = Grammar(
    "%retrain",
    "Train models anew: %retrain set churn --pipeline pipeline.toml --on drift --window 90d\n"
    "Actions: set MODEL, policies, list [MODEL], show NUMBER, now MODEL, pause MODEL, resume MODEL, remove MODEL, apply.",
    [
        Option("pipeline", "what trains it", "FILE"),
        Option("on", "drift, performance, schedule or volume; repeatable", "CAUSE", repeat=True),
        Option("cron", "with --on schedule", "EXPRESSION"),
        Option("timezone", "of --cron", "ZONE"),
        Option("volume", "with --on volume: so many newly labelled rows", "N"),
        Option("source", "predictions, or a file, folder or pattern", "SOURCE"),
        Option("time", "of a file: the column that orders the rows", "COLUMN"),
        Option("label", "what is to be predicted", "COLUMN"),
        Option("window", "how much of the newest labelled rows: 90d, 10000 rows or all", "LENGTH"),
        Option("data-parameter", "the parameter by which the pipeline gets the file", "NAME"),
        Option("parameter", "NAME=VALUE of the pipeline; repeatable", "NAME=VALUE", repeat=True),
        Option("holdout", "share of the newest rows that judge", "SHARE"),
        Option("metric", "that decides", "NAME"),
        Option("min-gain", "least gain that counts", "N"),
        Option("confidence", "of the interval of the gain", "SHARE"),
        Option("target", "what a better one is for", "TARGET"),
        Option("promote", "promote a better one by itself, instead of asking for approval"),
        Option("cool-down-hours", "none within so many hours after the last", "N"),
        Option("budget", "at most so many", "N"),
        Option("budget-days", "in so many days", "N"),
        Option("reason", "of now", "TEXT"),
        Option("detach", "of now: do not wait for it"),
        Option("prune", "of apply: remove what is no longer declared"),
    ],
    words="action model",
)


def retrain(line: str) -> None:
    """Do what the line says.

    Raises
    ------
    UsageError
        The line names no action, or something of a policy cannot be used.
    NotFoundError
        There is no such model, policy or decision.
    """
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    act("%retrain", _ACTIONS, call)


def _set(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import build, set_policy
    from nbops.views.retraining import policy_sentence

    print(policy_sentence(set_policy(call.workspace, build(words[0], _given(call)))))


def _policies(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import policies
    from nbops.views.retraining import policies_text

    print(policies_text(policies(call.workspace)))


def _list(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import decisions
    from nbops.views.retraining import decisions_html, decisions_text

    found = decisions(call.workspace, words[0] if words else "")
    show(decisions_text(found), decisions_html(found))


def _show(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import decision
    from nbops.views.retraining import decision_text

    print(decision_text(decision(call.workspace, whole("The number of a decision", words[0]))))


def _now(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import carry_out, launch_retraining, retrain_now
    from nbops.views.retraining import decision_text

    workspace = call.workspace
    decided = retrain_now(workspace, words[0], call.arguments.one("reason"))
    if decided.outcome == "queued" and call.arguments.flag("detach"):
        launch_retraining(workspace, decided.id)
    elif decided.outcome == "queued":
        decided = carry_out(workspace, decided.id)
    print(decision_text(decided))


def _pause(call: Call, words: list[str]) -> None:
    _rest(call, words[0], paused=True)


def _resume(call: Call, words: list[str]) -> None:
    _rest(call, words[0], paused=False)


def _rest(call: Call, model: str, *, paused: bool) -> None:
    from nbops.scheduling.retraining import pause_policy
    from nbops.views.retraining import policy_sentence

    print(policy_sentence(pause_policy(call.workspace, model, paused=paused)))


def _remove(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import remove_policy

    remove_policy(call.workspace, words[0])
    print(f"{words[0]} is not trained anew by itself any more.")


def _apply(call: Call, words: list[str]) -> None:
    from nbops.scheduling.retraining import apply_policies

    found = apply_policies(call.workspace, prune=call.arguments.flag("prune"))
    print("\n".join(f"{model}: {what}" for model, what in found.items()) or "nbops.toml declares no retraining.")


_ACTIONS = {
    "set": one(_set),
    "policies": Action(_policies),
    "list": Action(_list, most=1),
    "show": one(_show),
    "now": one(_now),
    "pause": one(_pause),
    "resume": one(_resume),
    "remove": one(_remove),
    "apply": Action(_apply),
}


def _given(call: Call) -> dict[str, Any]:
    from nbops.monitoring.monitors.declared import from_folder
    from nbops.pipelines.running.options import given_parameters
    from nbops.scheduling.places import from_here

    arguments, workspace = call.arguments, call.workspace
    given: dict[str, Any] = {name: text for name in _TEXTS if (text := arguments.one(name))}
    given |= {name: _number(name, text) for name in _NUMBERS if (text := arguments.one(name))}
    given |= {name: whole(f"--{name}", text) for name in _WHOLE if (text := arguments.one(name))}
    given = {name.replace("-", "_"): value for name, value in given.items()}
    # What was typed is from the working directory, what is kept from the root of the workspace.
    if pipeline := arguments.one("pipeline"):
        given["pipeline"] = from_here(workspace, pipeline, must_be=True)
    if source := arguments.one("source"):
        given["source"] = from_folder(workspace, Path.cwd(), source)
    if arguments.all("on"):
        given["on"] = list(arguments.all("on"))
    if arguments.all("parameter"):
        given["parameters"] = given_parameters(arguments.all("parameter"))
    return given | {"mode": "promote" if arguments.flag("promote") else "approval"}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"%retrain: --{name} takes a number, not {text!r}.") from None
