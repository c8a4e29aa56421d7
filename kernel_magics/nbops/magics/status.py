"""``%nbops``: what is in force, and whether everything works."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar
from nbops.magics.shown import Call, show
from nbops.views.status import checks_text, status_text

_GRAMMAR = Grammar(
    "%nbops",
    "Show what is in force and where it comes from; `%nbops doctor` checks every part.",
    [],
    words="status|doctor",
)


def nbops(line: str) -> None:
    """Show status or doctor."""
    call = Call(_GRAMMAR, line)
    if not call.wanted:
        return
    wanted = call.arguments.words or ("status",)
    if wanted == ("status",):
        from nbops.tracking.status import status

        show(status_text(status(call.workspace)))
    elif wanted == ("doctor",):
        from nbops.tracking.doctor import examine

        show(checks_text([check.to_dict() for check in examine(call.workspace)]))
    else:
        raise UsageError(f"%nbops does not know {' '.join(wanted)!r}.", hint="Say %nbops status or %nbops doctor.")
