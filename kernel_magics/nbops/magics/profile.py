"""``%profile``."""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option, data_of
from nbops.magics.shown import Call

_GRAMMAR = Grammar(
    "%profile",
    "Show what the columns of a data set are, and what to look at: the name of a frame, a file, run:WHICH/FRAME, or an {expression}.",
    [
        Option("columns", "only these, separated by commas", "NAMES"),
        Option("target", "say which columns alone tell this one", "COLUMN"),
    ],
    words="data",
)


def profile(line: str) -> Any:
    """Profile a data set; the profile is the cell's result."""
    call = Call(_GRAMMAR, line, texts=False)
    if not call.wanted:
        return None
    from nbops.display.profile_report import profile as shown

    given = call.arguments.words
    if len(given) != 1:
        raise UsageError("%profile takes one data set.", hint="See %profile -h.")
    data = data_of(given[0], call.namespace)
    columns = [name.strip() for name in call.arguments.one("columns").split(",") if name.strip()] or None
    return shown(data, columns=columns, target=call.arguments.one("target"), workspace=call.workspace)
