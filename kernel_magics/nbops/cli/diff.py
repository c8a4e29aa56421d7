"""``nbops diff``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.version_diff import version_diff_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    diff = commands.add_parser("diff", help="what changed between two versions of a model")
    common(diff)
    diff.add_argument("name", help="registered model")
    diff.add_argument("before", help="number or alias")
    diff.add_argument("after", help="number or alias")
    diff.add_argument("--data", metavar="FILE", help="also compare their predictions on these rows")
    diff.add_argument("--target", metavar="COLUMN", help="column that holds the truth")
    diff.add_argument("--by", metavar="COLUMN", help="for whom predictions change: count by this column")
    diff.set_defaults(func=_diff)


def _diff(options: argparse.Namespace) -> int:
    from nbops.registry.diff import version_diff

    found = version_diff(
        workspace_of(options),
        options.name,
        options.before,
        options.after,
        data=options.data,
        target=options.target,
        by=options.by,
    )
    if options.json:
        print_json(found)
    else:
        print(version_diff_text(found))
    return 0
