"""``nbops versions`` and ``nbops history``."""

from __future__ import annotations

import argparse
from datetime import datetime

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import UsageError
from nbops.records import to_wire
from nbops.views.registry import history_text, versions_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    versions = commands.add_parser("versions", help="list the versions of a model")
    common(versions)
    versions.add_argument("name", help="registered model")
    versions.set_defaults(func=_versions)
    history = commands.add_parser("history", help="who held a lifecycle stage or alias, when and why")
    common(history)
    history.add_argument("name", help="registered model")
    history.add_argument("--target", "--stage", "--alias", default="", help="only this lifecycle stage or alias")
    history.add_argument("--at", metavar="DATE", help="only what held then: 2026-11-03 or 2026-11-03T14:30, local time")
    history.set_defaults(func=_history)


def moment_of(text: str | None, option: str) -> float | None:
    """Read a date or time given on the command line, in local time unless it names a zone.

    Raises
    ------
    UsageError
        It is neither.
    """
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except ValueError:
        raise UsageError(f"{option} {text}: write a date as 2026-11-03 or a time as 2026-11-03T14:30.") from None


def _versions(options: argparse.Namespace) -> int:
    from nbops.registry import get_model
    from nbops.registry.facts import facts_of

    workspace = workspace_of(options)
    found = get_model(workspace, options.name)
    if options.json:
        print_json([to_wire(version) | facts_of(workspace, version) for version in found.versions])
    else:
        print(versions_text(found))
    return 0


def _history(options: argparse.Namespace) -> int:
    from nbops.registry import history

    at = moment_of(options.at, "--at")
    found = history(workspace_of(options), options.name, target=options.target, at=at)
    if options.json:
        print_json(found)
    else:
        print(history_text(found))
    return 0
