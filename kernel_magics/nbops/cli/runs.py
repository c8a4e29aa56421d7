"""``nbops runs``, ``nbops show`` and ``nbops compare``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.runs import changes_text, run_text, runs_text


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    runs = commands.add_parser("runs", help="list and search runs")
    common(runs)
    runs.add_argument("query", nargs="*", help="words or conditions, e.g. 'auc > 0.85 and max_depth = 6'")
    runs.add_argument("--experiment", default="", help="only this experiment")
    runs.add_argument("--status", default="", help="RUNNING, FINISHED, FAILED or KILLED")
    runs.add_argument("--sort", default="started_at", metavar="FIELD", help="started_at, duration, name or a metric")
    runs.add_argument("--ascending", action="store_true", help="smallest first")
    runs.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default 20)")
    runs.add_argument("--offset", type=int, default=0, metavar="N", help="how many to pass over")
    runs.set_defaults(func=_runs)
    show = commands.add_parser("show", help="show one run")
    common(show)
    show.add_argument("run", nargs="?", default="last", help="id, its beginning, name or 'last' (default)")
    show.set_defaults(func=_show)
    compare = commands.add_parser("compare", help="compare two runs")
    common(compare)
    compare.add_argument("before", help="id, its beginning or name")
    compare.add_argument("after", nargs="?", default="last", help="the other run (default: last)")
    compare.set_defaults(func=_compare)


def _runs(options: argparse.Namespace) -> int:
    from nbops.tracking.search import search_runs

    page = search_runs(
        workspace_of(options),
        query=" ".join(options.query),
        experiment=options.experiment,
        status=options.status.upper(),
        sort=options.sort,
        descending=not options.ascending,
        offset=options.offset,
        limit=options.limit,
    )
    if options.json:
        print_json(page)
    else:
        print(runs_text(page))
    return 0


def _show(options: argparse.Namespace) -> int:
    from nbops.tracking.search import get_run

    run = get_run(workspace_of(options), options.run)
    if options.json:
        print_json(run)
    else:
        print(run_text(run))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from nbops.tracking.compare import changes
    from nbops.tracking.search import get_run

    workspace = workspace_of(options)
    before, after = get_run(workspace, options.before), get_run(workspace, options.after)
    found = changes(before, after)
    if options.json:
        print_json({"before": before.run_id, "after": after.run_id, "changes": found})
    else:
        print(changes_text(before, after, found))
    return 0
