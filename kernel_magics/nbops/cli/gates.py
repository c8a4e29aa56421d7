"""``nbops gates``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.gates import gates_text

if TYPE_CHECKING:
    from nbops.records import GateReport
    from nbops.workspace import Workspace

REFUSED = 4


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    gates = commands.add_parser(
        "gates",
        help="judge a version by the declared gates",
        epilog="Exit codes: 0 all pass, 4 some do not, or --last is about other data, gates or another holder.",
    )
    common(gates)
    gates.add_argument("name", help="registered model")
    gates.add_argument("version", help="number or alias")
    chosen = gates.add_mutually_exclusive_group()
    chosen.add_argument("--stage", choices=("Staging", "Production"), help="for this stage (default: Production)")
    chosen.add_argument("--alias", help="for this alias")
    gates.add_argument("--last", action="store_true", help="show the last report instead of judging again")
    gates.set_defaults(func=_gates)


def _gates(options: argparse.Namespace) -> int:
    from nbops.registry.gates import run_gates

    workspace, target = workspace_of(options), str(options.stage or options.alias or "Production")
    stale = ""
    if options.last:
        report, stale = _last(workspace, options, target)
    else:
        report = run_gates(workspace, options.name, options.version, target)
    if options.json:
        print_json(report)
    else:
        print(gates_text(report))
    if stale:
        print(f"! {stale}; run them again", file=sys.stderr)
    return 0 if report.passed and not stale else REFUSED


def _last(workspace: Workspace, options: argparse.Namespace, target: str) -> tuple[GateReport, str]:
    """Give the last report, and why it is not about what is now."""
    from nbops.errors import NotFoundError
    from nbops.ledger import open_ledger
    from nbops.registry import get_version
    from nbops.registry.examination import examine
    from nbops.registry.placing import current_holder
    from nbops.registry.targets import target_name

    target, found = target_name(target), get_version(workspace, options.name, options.version)
    with open_ledger(workspace).connect() as connection:
        looked = examine(connection, workspace, found, target, current_holder(connection, options.name, target))
    if looked.report is None:
        raise NotFoundError(f"The gates of {options.name} version {found.version} have not been run for {target}.")
    return looked.report, looked.stale
