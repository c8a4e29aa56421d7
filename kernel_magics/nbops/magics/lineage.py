"""``%lineage`` and ``%card``."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show

_LINEAGE = Grammar(
    "%lineage",
    "What something came from and what came from it.",
    [Option("direction", "both (the default), before or after", "WAY")],
    words="start",
)
_CARD = Grammar(
    "%card",
    "Show the model card of a version, with a form to write in.",
    [Option("text", "show it without the form")],
    words="name version",
)


def lineage(line: str) -> None:
    """Show a lineage."""
    call = Call(_LINEAGE, line)
    if not call.wanted:
        return
    from nbops.governance.lineage import Direction
    from nbops.governance.lineage import lineage as find
    from nbops.views.lineage import lineage_html, lineage_text

    ways: dict[str, Direction] = {"both": "both", "before": "before", "after": "after"}
    way = call.arguments.one("direction", "both")
    if way not in ways:
        raise UsageError(f"%lineage: --direction {way}: write both, before or after.")
    found = find(call.workspace, " ".join(call.arguments.words), direction=ways[way])
    show(lineage_text(found), lineage_html(found))


def card(line: str) -> None:
    """Show a model card."""
    call = Call(_CARD, line)
    if not call.wanted:
        return
    from nbops.display import card as show_card

    if len(call.arguments.words) != 2:
        raise UsageError("%card takes a model's name and a version.", hint="See %card -h.")
    name, version = call.arguments.words
    show_card(name, version, form=not call.arguments.flag("text"), workspace=call.workspace)
