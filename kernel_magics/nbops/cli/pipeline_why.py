"""``nbops pipeline why``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action."""
    words = "say what differs from the last good run of each stage"
    why = actions.add_parser("why", help=words, description=words)
    common(why)
    why.add_argument("file", help="pipeline.toml, a notebook with stage tags, or a name in nbops.toml")
    why.add_argument("stage", nargs="?", default="", help="only this stage")
    why.add_argument("--set", action="append", metavar="NAME=VALUE", default=[], help="set a parameter; repeatable")
    why.set_defaults(func=_why)


def _why(options: argparse.Namespace) -> int:
    from nbops.pipelines.running.options import given_parameters
    from nbops.pipelines.staleness.explain import why
    from nbops.views.explanation import explanation_text

    workspace = workspace_of(options) if options.folder else None
    found = why(options.file, options.stage, parameters=given_parameters(options.set), workspace=workspace)
    if options.json:
        print_json(found)
    else:
        print(explanation_text(found))
    return 0
