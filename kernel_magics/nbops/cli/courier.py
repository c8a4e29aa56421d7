"""``nbops courier``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import TrackingError


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("courier", help="see the courier, or deliver everything now")
    common(parser)
    parser.add_argument("--flush", action="store_true", help="wait until the ledger and MLflow have everything")
    parser.add_argument(
        "--timeout", type=float, default=120.0, metavar="SECONDS", help="how long to wait (default 120)"
    )
    parser.set_defaults(func=_courier)


def _courier(options: argparse.Namespace) -> int:
    from nbops.tracking.courier import flush
    from nbops.tracking.status import courier_status

    workspace = workspace_of(options)
    if options.flush and not flush(workspace, timeout=options.timeout):
        raise TrackingError(
            f"Not everything was delivered within {options.timeout:g} s.", hint=f"See {workspace.courier_log}."
        )
    found = courier_status(workspace)
    if options.json:
        print_json(found)
    else:
        state = "running" if found["running"] else "not running"
        print(f"courier {state}, {found['pending']} waiting" + (f", {found['error']}" if found["error"] else ""))
    return 0
