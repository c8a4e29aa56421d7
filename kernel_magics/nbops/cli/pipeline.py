"""``nbops pipeline run``."""

from __future__ import annotations

import argparse
import sys

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.pipeline import event_line, result_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    pipeline = commands.add_parser("pipeline", help="run a pipeline of notebooks")
    actions = pipeline.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="run the stages of a pipeline file that have changed")
    common(run)
    run.add_argument("file", help="pipeline.toml, or the name of a pipeline in nbops.toml")
    run.add_argument("--force", action="store_true", help="run every stage")
    run.set_defaults(func=_run)


def _run(options: argparse.Namespace) -> int:
    from nbops.pipelines.engine import execute_pipeline
    from nbops.pipelines.result import PipelineEvent

    live = sys.stderr.isatty()

    def tell(event: PipelineEvent) -> None:
        if event.kind == "cell" and not live:
            return
        start, end = ("\r\x1b[K", "") if live else ("", "\n")
        print(
            start + event_line(event),
            end="\n" if live and event.kind not in {"cell", "stage"} else end,
            file=sys.stderr,
        )

    # Without -C the workspace is that of the pipeline file, as it is in a notebook.
    chosen = workspace_of(options) if options.folder else None
    result = execute_pipeline(options.file, force=options.force, on_event=tell, workspace=chosen)
    if options.json:
        print_json(result.to_dict())
    else:
        print(result_text(result))
    if result.status == "failed":
        print(f"nbops: {result.error}", file=sys.stderr)
        return 1
    return 0
