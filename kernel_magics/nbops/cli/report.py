"""``nbops report``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    report = commands.add_parser("report", help="everything known of a model, as one page for a meeting")
    common(report)
    report.add_argument(
        "model", metavar="MODEL[@TARGET|/VERSION]", help="churn, churn@champion, churn@Staging or churn/3"
    )
    report.add_argument("--html", metavar="FILE", help="write it as one self-contained page")
    report.set_defaults(func=_report)


def _report(options: argparse.Namespace) -> int:
    from nbops.display.model_report import model_report

    found = model_report(options.model, workspace=workspace_of(options))
    if options.html:
        found.to_html(options.html)
    if options.json:
        print_json(found.values)
    elif options.html:
        print(f"Written to {options.html}")
    else:
        print(found)
    return 0
