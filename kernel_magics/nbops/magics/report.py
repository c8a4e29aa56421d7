"""``%report``."""

from __future__ import annotations

from typing import Any

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call

_GRAMMAR = Grammar(
    "%report",
    "Everything known of a model: NAME, NAME@champion, NAME@Staging or NAME/3.",
    [Option("html", "write it as one self-contained page", "FILE")],
    words="model",
)


def report(line: str) -> Any:
    """Show the report of a model; it is the cell's result."""
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return None
    if len(call.arguments.words) != 1:
        raise UsageError("%report takes one model.", hint="See %report -h.")
    from nbops.display.model_report import model_report

    found = model_report(call.arguments.words[0], workspace=call.workspace)
    if path := call.arguments.one("html"):
        found.to_html(path)
    return found
