"""``nbops retrain …``."""

from __future__ import annotations

import argparse
import time
from typing import Any

from nbops.cli.options import common, folder_of, print_json, workspace_of
from nbops.errors import UsageError

_Actions = argparse._SubParsersAction
_TEXTS = {
    "cron": ("EXPRESSION", "with --on schedule: minute, hour, day of month, month, day of week"),
    "timezone": ("ZONE", "of --cron (default: UTC)"),
    "source": ("SOURCE", "predictions (the log with the labels that came; default), or a file, folder or pattern"),
    "time": ("COLUMN", "of a file: the column that orders the rows"),
    "label": ("COLUMN", "what is to be predicted (default: target)"),
    "window": ("LENGTH", "how much of the newest labelled rows: 90d, 10000 rows or all (default)"),
    "data_parameter": ("NAME", "the parameter by which the pipeline gets the file (default: source)"),
    "metric": ("NAME", "that decides (default: roc_auc or mae)"),
    "target": ("TARGET", "what a better one is for (default: Production)"),
}
_NUMBERS = {
    "volume": (int, "with --on volume: so many newly labelled rows"),
    "holdout": (float, "share of the newest rows that judge (default: 0.25)"),
    "min_gain": (float, "least gain that counts (default: 0)"),
    "confidence": (float, "of the interval of the gain, all of which must be above 0 (default: 0.95)"),
    "cool_down_hours": (float, "none within so many hours after the last (default: 24)"),
    "budget": (int, "at most so many (default: 4)"),
    "budget_days": (float, "in so many days (default: 30)"),
}


def add_parser(commands: _Actions[argparse.ArgumentParser]) -> None:
    """Add the command."""
    retrain = commands.add_parser("retrain", help="when models are trained anew, and what was decided")
    actions = retrain.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_set(actions)
    _action(actions, "policies", "when models are trained anew", _policies)
    listed = _action(actions, "list", "what was decided, the newest first", _list)
    listed.add_argument("model", nargs="?", default="", help="only of this model")
    listed.add_argument("-n", type=int, default=20, metavar="N", help="so many at most (default: 20)")
    _numbered(actions, "show", "one decision with its evidence", _show)
    now = _named(actions, "now", "train a model anew now, whatever cool-down and budget say", _now)
    now.add_argument("--reason", default="", metavar="TEXT", help="why")
    now.add_argument("--detach", action="store_true", help="do not wait for it")
    _numbered(actions, "carry", "carry out what was decided", _carry)
    _action(actions, "decide", "decide by what has happened; what is to be trained waits for the scheduler", _decide)
    _named(actions, "pause", "let a policy rest", _pause)
    _named(actions, "resume", "let a paused policy count again, from now on", _resume)
    _named(actions, "remove", "remove a policy; what was decided stays", _remove)
    apply = _action(actions, "apply", "make policies what [retrain.MODEL] of nbops.toml says", _apply)
    apply.add_argument("--prune", action="store_true", help="remove those that the file no longer declares")


def _add_set(actions: _Actions[argparse.ArgumentParser]) -> None:
    from nbops.scheduling.retraining.checking import CAUSES

    add = _named(actions, "set", "say when a model is trained anew", _set)
    add.add_argument(
        "--pipeline", required=True, metavar="FILE", help="what trains it: pipeline.toml, or a name in nbops.toml"
    )
    add.add_argument(
        "--on", action="append", default=[], choices=CAUSES, help="what starts it (repeat; default: drift, performance)"
    )
    for name, (value, words) in _TEXTS.items():
        add.add_argument(f"--{name.replace('_', '-')}", metavar=value, help=words)
    for name, (kind, words) in _NUMBERS.items():
        add.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=words)
    add.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the pipeline (repeat)"
    )
    add.add_argument(
        "--promote", action="store_true", help="promote a better one by itself, instead of asking for approval"
    )


def _set(options: argparse.Namespace) -> int:
    from nbops.monitoring.monitors.declared import from_folder
    from nbops.pipelines.running.options import given_parameters
    from nbops.scheduling.places import from_here
    from nbops.scheduling.retraining import build, set_policy
    from nbops.views.retraining import policy_sentence

    given: dict[str, Any] = {
        name: getattr(options, name) for name in (*_TEXTS, *_NUMBERS) if getattr(options, name) is not None
    }
    workspace, folder = workspace_of(options), folder_of(options)
    given |= {
        "pipeline": from_here(workspace, options.pipeline, must_be=True, folder=folder),
        "mode": "promote" if options.promote else "approval",
    }
    if "source" in given:
        given["source"] = from_folder(workspace, folder, given["source"])
    if options.on:
        given["on"] = options.on
    if options.set:
        given["parameters"] = given_parameters(options.set)
    policy = set_policy(workspace, build(options.model, given))
    _say(options, policy, policy_sentence(policy))
    return 0


def _policies(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import policies
    from nbops.views.retraining import policies_text

    found = policies(workspace_of(options))
    _say(options, found, policies_text(found))
    return 0


def _list(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import decisions
    from nbops.views.retraining import decisions_text

    if options.n < 1:
        raise UsageError("-n must be at least 1.")
    found = decisions(workspace_of(options), options.model, limit=options.n)
    _say(options, found, decisions_text(found))
    return 0


def _show(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import decision
    from nbops.views.retraining import decision_text

    found = decision(workspace_of(options), options.number)
    _say(options, found, decision_text(found))
    return 0


def _now(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import carry_out, launch_retraining, retrain_now
    from nbops.views.retraining import decision_text

    workspace = workspace_of(options)
    found = retrain_now(workspace, options.model, options.reason)
    if found.outcome == "queued" and options.detach:
        launch_retraining(workspace, found.id)
    elif found.outcome == "queued":
        found = carry_out(workspace, found.id)
    _say(options, found, decision_text(found))
    return 1 if found.outcome in ("failed", "busy") else 0


def _carry(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import carry_out
    from nbops.views.retraining import decision_text

    found = carry_out(workspace_of(options), options.number)
    _say(options, found, decision_text(found))
    return 1 if found.outcome == "failed" else 0


def _decide(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import decide_due
    from nbops.views.retraining import decisions_text

    found = decide_due(workspace_of(options), time.time())
    _say(options, found, decisions_text(found) if found else "Nothing is to be trained.")
    return 0


def _pause(options: argparse.Namespace) -> int:
    return _rest(options, paused=True)


def _resume(options: argparse.Namespace) -> int:
    return _rest(options, paused=False)


def _rest(options: argparse.Namespace, *, paused: bool) -> int:
    from nbops.scheduling.retraining import pause_policy
    from nbops.views.retraining import policy_sentence

    found = pause_policy(workspace_of(options), options.model, paused=paused)
    _say(options, found, policy_sentence(found))
    return 0


def _remove(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import remove_policy

    remove_policy(workspace_of(options), options.model)
    _say(options, {"removed": options.model}, f"{options.model} is not trained anew by itself any more.")
    return 0


def _apply(options: argparse.Namespace) -> int:
    from nbops.scheduling.retraining import apply_policies

    found = apply_policies(workspace_of(options), prune=options.prune)
    _say(
        options,
        found,
        "\n".join(f"{model}: {what}" for model, what in found.items()) or "nbops.toml declares no retraining.",
    )
    return 0


def _say(options: argparse.Namespace, value: Any, text: str) -> None:
    if options.json:
        print_json(value)
    else:
        print(text)


def _action(
    actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words)
    common(parser)
    parser.set_defaults(func=function)
    return parser


def _named(actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any) -> argparse.ArgumentParser:
    parser = _action(actions, name, words, function)
    parser.add_argument("model", help="registered model")
    return parser


def _numbered(
    actions: _Actions[argparse.ArgumentParser], name: str, words: str, function: Any
) -> argparse.ArgumentParser:
    parser = _action(actions, name, words, function)
    parser.add_argument("number", type=int, help="number of the decision")
    return parser
