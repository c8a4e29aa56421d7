"""``nbops pipeline …``."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.cli.options import common, print_json, workspace_of
from nbops.cli.pipeline_carrying import add_actions as add_carrying
from nbops.cli.pipeline_report import add_actions as add_report
from nbops.cli.pipeline_report import write_report
from nbops.cli.pipeline_why import add_action as add_why
from nbops.errors import NbopsError

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineEvent


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    pipeline = commands.add_parser("pipeline", help="run, explain, resume and watch pipelines of notebooks")
    actions = pipeline.add_subparsers(title="actions", metavar="ACTION", required=True)
    run = _action(actions, "run", "run the stages that have changed", _run)
    _how_to_run(run)
    run.add_argument("--resume", action="store_true", help="go on from a failed cell, where that can be done")
    run.add_argument("--dry-run", action="store_true", help="say what would run and why, and run nothing")
    resume = _action(actions, "resume", "run again from where it failed, the failed cell included", _run)
    _how_to_run(resume)
    resume.set_defaults(resume=True, dry_run=False)
    show = _action(actions, "show", "draw the graph, with what would run", _show)
    show.add_argument("file", help="pipeline.toml, a notebook with stage tags, or a name in nbops.toml")
    show.add_argument("--html", metavar="FILE", help="write the picture as a page")
    runs = _action(actions, "runs", "list the runs of pipelines", _runs)
    runs.add_argument("name", nargs="?", default="", help="of one pipeline")
    runs.add_argument("--limit", type=int, default=20, help="how many at most")
    log = _action(actions, "log", "how a run went; of a stage its executed notebook", _log)
    log.add_argument("run", nargs="?", default="last", help="id, beginning of an id, or last")
    log.add_argument("stage", nargs="?", default="", help="name of a stage")
    log.add_argument("--html", metavar="FILE", help="write the stage's executed notebook as a page")
    stop = _action(actions, "stop", "stop a run", _stop)
    stop.add_argument("run", nargs="?", default="last", help="id, beginning of an id, or last")
    _action(actions, "list", "list the pipelines of the workspace", _list)
    add_why(actions)
    add_carrying(actions)
    add_report(actions)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, function: object
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=words, description=words)
    common(parser)
    parser.set_defaults(func=function)
    return parser


def _how_to_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="pipeline.toml, a notebook with stage tags, or a name in nbops.toml")
    parser.add_argument("--force", action="store_true", help="run every stage")
    parser.add_argument("--from", dest="start", metavar="STAGE", default="", help="run this stage and all after it")
    parser.add_argument("--only", action="append", metavar="STAGE", default=[], help="run only this stage; repeatable")
    parser.add_argument("--set", action="append", metavar="NAME=VALUE", default=[], help="set a parameter; repeatable")
    parser.add_argument("--jobs", type=int, metavar="N", help="run so many stages beside each other at most")
    parser.add_argument("--on", metavar="WHERE", default="local", help="local, dask or dask://HOST:PORT")
    parser.add_argument("--keep-going", action="store_true", help="after a failure run what does not depend on it")
    parser.add_argument("--no-retries", action="store_true", help="let whoever calls see to retries")
    parser.add_argument("--cold", action="store_true", help="do not fork kernels from a warm parent")
    parser.add_argument("--report", default="", metavar="FILE.md", help="write a report in Markdown when it is over")
    parser.add_argument("--against", default="", metavar="RUN|BRANCH", help="what the report compares with")
    # For whoever started this process for a person: see nbops.pipelines.running.launching.
    for word in ("--run-id", "--trigger", "--schedule"):
        parser.add_argument(word, default="", help=argparse.SUPPRESS)


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
        from nbops.views.pipeline import event_line

        if not self._live:
            if event.kind != "cell":
                print(event_line(event), file=sys.stderr, flush=True)
            return
        self._open = event.kind in {"stage", "cell"}
        print(f"\r\x1b[K{event_line(event)}", end="" if self._open else "\n", file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> int:
    from nbops.pipelines.engine import execute_pipeline, located
    from nbops.pipelines.running.options import given_parameters

    handed = _handed() if options.run_id else {}
    if options.dry_run:
        return _foresee(options)
    # Without -C the workspace is that of the pipeline file, as it is in a notebook.
    chosen = workspace_of(options) if options.folder else None
    with Progress() as progress, _stoppable(), _refusal_kept(options):
        result = execute_pipeline(
            options.file,
            force=options.force,
            only=options.only,
            start=options.start,
            resume=options.resume,
            parameters={**handed, **given_parameters(options.set)},
            on=options.on,
            jobs=options.jobs,
            keep_going=options.keep_going,
            warm=not options.cold,
            retry=not options.no_retries,
            on_event=progress.tell,
            workspace=chosen,
            trigger=options.trigger or "manual",
            schedule=options.schedule,
            run_id=options.run_id,
        )
    if options.json:
        print_json(result.to_dict())
    else:
        from nbops.views.pipeline import result_text

        print(result_text(result))
    if options.report:
        _, workspace = located(options.file, chosen)
        write_report(workspace, result.run_id or "last", Path(options.report), options.against)
    if result.failure is not None:
        print(f"nbops: {result.error}", file=sys.stderr)
        return 1
    return 0


def _handed() -> dict[str, Any]:
    from nbops.pipelines.running.launching import taken

    return taken()


def _foresee(options: argparse.Namespace) -> int:
    from nbops.pipelines.engine import plan_pipeline
    from nbops.pipelines.running.options import given_parameters
    from nbops.views.pipeline import foreseen_text

    plan = plan_pipeline(
        options.file,
        force=options.force,
        only=options.only,
        start=options.start,
        parameters=given_parameters(options.set),
        workspace=workspace_of(options) if options.folder else None,
    )
    if options.json:
        print_json(plan)
    else:
        print(foreseen_text(plan))
    return 0


def _show(options: argparse.Namespace) -> int:
    from nbops.pipelines.engine import plan_pipeline
    from nbops.views.pipeline_graph import graph_html, graph_text

    plan = plan_pipeline(options.file, workspace=workspace_of(options) if options.folder else None)
    if options.html:
        from nbops.views.document import page, write_document

        written = write_document(options.html, page(plan.pipeline, graph_html(plan)))
        print(f"Written to {written}", file=sys.stderr)
    if options.json:
        print_json(plan)
    elif not options.html:
        print(graph_text(plan))
    return 0


def _runs(options: argparse.Namespace) -> int:
    from nbops.pipelines.running.history import pipeline_runs
    from nbops.views.pipeline import runs_text

    found = pipeline_runs(workspace_of(options), pipeline=options.name, limit=options.limit)
    if options.json:
        print_json(found)
    else:
        print(runs_text(found))
    return 0


def _log(options: argparse.Namespace) -> int:
    from nbops.pipelines.running.history import pipeline_run, stage_page
    from nbops.views.pipeline import run_text

    workspace = workspace_of(options)
    if options.html:
        from nbops.views.document import write_document

        written = write_document(options.html, stage_page(workspace, options.run, options.stage))
        print(f"Written to {written}", file=sys.stderr)
        return 0
    run = pipeline_run(workspace, options.run)
    if options.json:
        print_json(run)
    else:
        print(run_text(run, options.stage))
    return 0


def _stop(options: argparse.Namespace) -> int:
    from nbops.pipelines.running.history import stop_run

    run = stop_run(workspace_of(options), options.run)
    if options.json:
        print_json(run)
    else:
        print(f"Run {run.run_id[:8]} of {run.pipeline} was asked to stop.")
    return 0


def _list(options: argparse.Namespace) -> int:
    from nbops.pipelines.running.history import pipelines
    from nbops.views.pipeline import pipelines_text

    found = pipelines(workspace_of(options))
    if options.json:
        print_json(found)
    else:
        print(pipelines_text(found))
    return 0


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGINT and SIGTERM stop a run in an orderly way, also in a process that was started with SIGINT ignored."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _refusal_kept(options: argparse.Namespace) -> Iterator[None]:
    """Close the row of a run that was launched for a person and cannot begin."""
    try:
        yield
    except NbopsError as error:
        if options.run_id:
            from nbops.pipelines.running.history import refuse

            refuse(workspace_of(options), options.run_id, error)
        raise
