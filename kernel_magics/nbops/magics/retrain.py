"""``%retrain ACTION …``."""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError, meant
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show

_NUMBERS = ("volume", "holdout", "min_gain", "confidence", "cool_down_hours", "budget", "budget_days")
_TEXTS = ("pipeline", "cron", "timezone", "source", "time", "label", "window", "data_parameter", "metric", "target")
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
        Option("data_parameter", "the parameter by which the pipeline gets the file", "NAME"),
        Option("parameter", "NAME=VALUE of the pipeline; repeatable", "NAME=VALUE", repeat=True),
        Option("holdout", "share of the newest rows that judge", "SHARE"),
        Option("metric", "that decides", "NAME"),
        Option("min_gain", "least gain that counts", "N"),
        Option("confidence", "of the interval of the gain", "SHARE"),
        Option("target", "what a better one is for", "TARGET"),
        Option("promote", "promote a better one by itself, instead of asking for approval"),
        Option("cool_down_hours", "none within so many hours after the last", "N"),
        Option("budget", "at most so many", "N"),
        Option("budget_days", "in so many days", "N"),
        Option("reason", "of now", "TEXT"),
        Option("detach", "of now: do not wait for it"),
        Option("prune", "of apply: remove what is no longer declared"),
    ],
    words="action model",
)
# Action to the fewest and most words that it takes.
_ACTIONS = {
    "set": (1, 1),
    "policies": (0, 0),
    "list": (0, 1),
    "show": (1, 1),
    "now": (1, 1),
    "pause": (1, 1),
    "resume": (1, 1),
    "remove": (1, 1),
    "apply": (0, 0),
}


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
    action, *words = call.arguments.words or ("list",)
    if action not in _ACTIONS:
        raise UsageError(f"%retrain has no action {action!r}.", hint=meant(action, _ACTIONS) or "See %retrain -h.")
    fewest, most = _ACTIONS[action]
    if not fewest <= len(words) <= most:
        raise UsageError(f"%retrain {action} takes {'a name' if most else 'no name'}.", hint="See %retrain -h.")
    _do(call, action, words)


def _do(call: Call, action: str, words: list[str]) -> None:
    from nbops.scheduling import retraining
    from nbops.views.retraining import decision_text, decisions_html, decisions_text, policies_text, policy_sentence

    workspace = call.workspace
    if action == "set":
        print(policy_sentence(retraining.set_policy(workspace, retraining.build(words[0], _given(call)))))
    elif action == "policies":
        print(policies_text(retraining.policies(workspace)))
    elif action == "list":
        found = retraining.decisions(workspace, words[0] if words else "")
        show(decisions_text(found), decisions_html(found))
    elif action == "show":
        print(decision_text(retraining.decision(workspace, int(_number("show", words[0])))))
    elif action == "now":
        decided = retraining.retrain_now(workspace, words[0], call.arguments.one("reason"))
        if decided.outcome == "queued" and call.arguments.flag("detach"):
            retraining.launch_retraining(workspace, decided.id)
        elif decided.outcome == "queued":
            decided = retraining.carry_out(workspace, decided.id)
        print(decision_text(decided))
    elif action in ("pause", "resume"):
        print(policy_sentence(retraining.pause_policy(workspace, words[0], paused=action == "pause")))
    elif action == "remove":
        retraining.remove_policy(workspace, words[0])
        print(f"{words[0]} is not trained anew by itself any more.")
    else:
        found_by = retraining.apply_policies(workspace, prune=call.arguments.flag("prune"))
        print("\n".join(f"{model}: {what}" for model, what in found_by.items()) or "nbops.toml declares no retraining.")


def _given(call: Call) -> dict[str, Any]:
    from nbops.pipelines.running.options import given_parameters

    arguments = call.arguments
    given: dict[str, Any] = {name: text for name in _TEXTS if (text := arguments.one(name))}
    given |= {name: _number(name, text) for name in _NUMBERS if (text := arguments.one(name))}
    for name in ("volume", "budget"):
        if name in given:
            given[name] = int(given[name])
    if arguments.all("on"):
        given["on"] = list(arguments.all("on"))
    if arguments.all("parameter"):
        given["parameters"] = given_parameters(arguments.all("parameter"))
    return given | {"mode": "promote" if arguments.flag("promote") else "approval"}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"%retrain: {name} takes a number, not {text!r}.") from None
