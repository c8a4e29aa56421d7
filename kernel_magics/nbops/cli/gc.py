"""``nbops gc``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import UsageError
from nbops.views.text import seconds, size, table


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    gc = commands.add_parser("gc", help="list or remove what nothing refers to")
    common(gc)
    gc.add_argument("--delete", action="store_true", help="remove it")
    gc.add_argument("--older", type=float, default=24.0, metavar="HOURS", help="only what is older (default: 24)")
    gc.set_defaults(func=_gc)


def _gc(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from nbops.registry.gc import find_leftovers, remove

    if options.older < 0:
        raise UsageError("--older must not be negative.")
    found = find_leftovers(workspace_of(options), older=options.older * 3600)
    freed = remove(found) if options.delete else 0
    if options.json:
        print_json({"leftovers": [asdict(leftover) for leftover in found], "freed": freed})
    elif not found:
        print("Nothing is left over.")
    else:
        rows = [(leftover.path, leftover.kind, size(leftover.size), seconds(leftover.age)) for leftover in found]
        print(table(rows, ("file", "kind", "size", "age")))
        print(f"{size(freed)} freed." if options.delete else "Remove them with: nbops gc --delete")
    return 0
