"""``nbops pipeline report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from nbops.cli.options import common, print_json, workspace_of
from nbops.workspace import Workspace


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action."""
    report = actions.add_parser("report", help="say in Markdown what a run did and how it compares, for a pull request")
    common(report)
    report.add_argument("run", nargs="?", default="last", help="id, beginning of an id, or last")
    report.add_argument(
        "--against", default="", metavar="RUN|BRANCH", help="what to compare with (default: the run before)"
    )
    report.add_argument("--output", default="", metavar="FILE", help="write it to a file instead of printing it")
    report.set_defaults(func=_report)


def write_report(workspace: Workspace, run: str, target: Path, against: str = "") -> None:
    """Write the report of a run to a file.

    Raises
    ------
    NotFoundError
        There is no such run.
    WorkspaceError
        The file cannot be written.
    """
    from nbops.governance.pipeline_report import pipeline_report
    from nbops.views.pull_request import pull_request_markdown
    from nbops.workspace.blobs import write_atomically

    report = pipeline_report(workspace, run, against)
    write_atomically(target, pull_request_markdown(report).encode("utf-8", "backslashreplace"))


def _report(options: argparse.Namespace) -> int:
    from nbops.governance.pipeline_report import pipeline_report
    from nbops.views.pull_request import pull_request_markdown

    workspace = workspace_of(options)
    if options.output:
        write_report(workspace, options.run, Path(options.output), options.against)
    if options.json:
        print_json(pipeline_report(workspace, options.run, options.against))
    elif not options.output:
        print(pull_request_markdown(pipeline_report(workspace, options.run, options.against)), end="")
    return 0
