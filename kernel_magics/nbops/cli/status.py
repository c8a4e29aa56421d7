"""``nbops status``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.status import status_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("status", help="show what is in force in this workspace and where it comes from")
    common(parser)
    parser.set_defaults(func=_status)


def _status(options: argparse.Namespace) -> int:
    from nbops.tracking.status import status

    found = status(workspace_of(options))
    if options.json:
        print_json(found)
    else:
        print(status_text(found))
    return 0
