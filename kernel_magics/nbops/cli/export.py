"""``nbops export``."""

from __future__ import annotations

import argparse
import sys

from nbops.cli.options import common, print_json, workspace_of

OUT_OF_DATE = 4


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    export = commands.add_parser(
        "export",
        help="write a pipeline for another engine",
        epilog="Exit codes: 0 written or up to date, 4 with --check: the file is not what would be written.",
    )
    common(export)
    export.add_argument("target", help="github, gitlab, jenkins, airflow, kubeflow, prefect or make")
    export.add_argument("file", help="pipeline.toml, or the name of a pipeline in nbops.toml")
    export.add_argument(
        "--output", default="", metavar="PATH", help="where it goes (default: the usual place); - prints it"
    )
    export.add_argument("--check", action="store_true", help="write nothing, say whether the file is up to date")
    export.add_argument("--python", default="3.11", metavar="VERSION", help="version of Python (default: 3.11)")
    export.add_argument("--image", default="", help="image of containers that jobs run in")
    export.add_argument("--schedule", default="", metavar="CRON", help="also by the clock, such as '0 4 * * 1'")
    export.add_argument("--branch", default="main", help="branch that others are merged into (default: main)")
    export.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="variable that jobs get as a secret; repeatable"
    )
    export.add_argument(
        "--set", action="append", default=[], metavar="[STAGE.]NAME=VALUE", help="parameter for the runs; repeatable"
    )
    export.add_argument("--single", action="store_true", help="one job for all stages")
    export.set_defaults(func=_export)


def _export(options: argparse.Namespace) -> int:
    from nbops.pipelines.exports import export_pipeline

    done = export_pipeline(
        options.target,
        options.file,
        output=options.output,
        check=options.check,
        python=options.python,
        image=options.image,
        schedule=options.schedule,
        branch=options.branch,
        secrets=options.secret,
        parameters=options.set,
        single=options.single,
        workspace=workspace_of(options) if options.folder else None,
    )
    if options.json:
        print_json(
            {
                "target": done.target,
                "path": str(done.path),
                "current": done.current,
                "written": not (options.check or options.output == "-" or done.current),
                "jobs": done.jobs,
                "text": done.text,
            }
        )
    elif options.output == "-":
        print(done.text, end="")
    elif options.check:
        print(
            f"{done.path} is up to date" if done.current else f"{done.path} is not what would be written",
            file=sys.stderr,
        )
    else:
        print(f"{done.path}: {'unchanged' if done.current else 'written'}")
    return OUT_OF_DATE if options.check and not done.current else 0
