"""``%runs`` and ``%compare``."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show
from nbops.views.runs import changes_text, runs_text

_RUNS = Grammar(
    "%runs",
    "List runs; words and conditions choose, e.g. %runs auc > 0.85 and max_depth = 6",
    [
        Option("here", "only runs of this notebook"),
        Option("experiment", "only this experiment", "NAME"),
        Option("status", "RUNNING, FINISHED, FAILED or KILLED", "STATUS"),
        Option("sort", "started_at, duration, name or a metric", "FIELD"),
        Option("ascending", "smallest first"),
        Option("limit", "how many (20)", "N"),
    ],
    words="query",
    quoted=True,
)
_COMPARE = Grammar(
    "%compare", "Say what differs between two runs (ids, their beginnings or names).", [], words="run run"
)


def runs(line: str) -> None:
    """List runs."""
    call = Call(_RUNS, line)
    if not call.wanted:
        return
    from nbops.tracking.search import search_runs

    given = call.arguments
    limit = given.one("limit", "20")
    if not limit.isdigit() or int(limit) < 1:
        raise UsageError(f"%runs: --limit must be a whole number from 1, not {limit!r}.")
    page = search_runs(
        call.workspace,
        query=" ".join(given.words),
        notebook=call.notebook if given.flag("here") else "",
        experiment=given.one("experiment"),
        status=given.one("status").upper(),
        sort=given.one("sort", "started_at"),
        descending=not given.flag("ascending"),
        limit=int(limit),
    )
    show(runs_text(page))


def compare(line: str) -> None:
    """Compare two runs; with one, the last is compared with it."""
    call = Call(_COMPARE, line)
    if not call.wanted:
        return
    from nbops.tracking.compare import changes
    from nbops.tracking.search import get_run

    if not 1 <= len(call.arguments.words) <= 2:
        raise UsageError("%compare takes one run or two.", hint="See %compare -h.")
    first, second = (*call.arguments.words, "last")[:2]
    workspace = call.workspace
    before, after = get_run(workspace, first), get_run(workspace, second)
    show(changes_text(before, after, changes(before, after)))
