"""``nbops doctor``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.status import checks_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("doctor", help="check every part and say how to mend it")
    common(parser)
    parser.set_defaults(func=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from nbops.tracking.doctor import examine

    checks = examine(workspace_of(options))
    if options.json:
        print_json([check.to_dict() for check in checks])
    else:
        print(checks_text([check.to_dict() for check in checks]))
    return 1 if any(check.state == "bad" for check in checks) else 0
