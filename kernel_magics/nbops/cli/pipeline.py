"""``nbops pipeline run``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.pipeline import event_line, result_text

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineEvent


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    pipeline = commands.add_parser("pipeline", help="run a pipeline of notebooks")
    actions = pipeline.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = actions.add_parser("run", help="run the stages of a pipeline file that have changed")
    common(run)
    run.add_argument("file", help="pipeline.toml, or the name of a pipeline in nbops.toml")
    run.add_argument("--force", action="store_true", help="run every stage")
    run.set_defaults(func=_run)


class Progress:
    """Tells on stderr how a pipeline goes on: one line that changes in a terminal, else a line per stage."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._open = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        # What is said next, perhaps of an interrupt, stands on a line of its own.
        if self._open:
            print(file=sys.stderr)

    def tell(self, event: PipelineEvent) -> None:
        """Say what happened."""
        if not self._live:
            if event.kind != "cell":
                print(event_line(event), file=sys.stderr, flush=True)
            return
        self._open = event.kind in {"stage", "cell"}
        print(f"\r\x1b[K{event_line(event)}", end="" if self._open else "\n", file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> int:
    from nbops.pipelines.engine import execute_pipeline

    # Without -C the workspace is that of the pipeline file, as it is in a notebook.
    chosen = workspace_of(options) if options.folder else None
    with Progress() as progress:
        result = execute_pipeline(options.file, force=options.force, on_event=progress.tell, workspace=chosen)
    if options.json:
        print_json(result.to_dict())
    else:
        print(result_text(result))
    if result.failure is not None:
        print(f"nbops: {result.error}", file=sys.stderr)
        return 1
    return 0
