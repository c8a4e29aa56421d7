"""``nbops gates``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.gates import gates_text

REFUSED = 4


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    gates = commands.add_parser(
        "gates", help="judge a version by the declared gates", epilog="Exit codes: 0 all pass, 4 some do not."
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
    from nbops.errors import NotFoundError
    from nbops.registry import get_version
    from nbops.registry.gates import run_gates

    workspace, target = workspace_of(options), str(options.stage or options.alias or "Production")
    if options.last:
        from nbops.ledger import open_ledger
        from nbops.registry.examination import newest_report
        from nbops.registry.targets import target_name

        found = get_version(workspace, options.name, options.version)
        with open_ledger(workspace).connect() as connection:
            last = newest_report(connection, found, target_name(target))
        if last is None:
            raise NotFoundError(f"The gates of {options.name} version {found.version} have not been run for {target}.")
        report = last
    else:
        report = run_gates(workspace, options.name, options.version, target)
    if options.json:
        print_json(report)
    else:
        print(gates_text(report))
    return 0 if report.passed else REFUSED
