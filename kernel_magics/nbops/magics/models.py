"""``%models`` and ``%register``."""

from __future__ import annotations

from nbops.errors import UsageError
from nbops.magics.arguments import Grammar, Option
from nbops.magics.shown import Call, show
from nbops.views.models import models_text, version_html, version_line
from nbops.views.registry import history_text, versions_text

# Not %history: that is IPython's own.
_MODELS = Grammar(
    "%models",
    "List the registered models, or the versions of one.",
    [Option("history", "who held a lifecycle stage or alias of it, when and why")],
    words="name",
)
_REGISTER = Grammar(
    "%register",
    "The model of a run becomes the next version of NAME; by default of this notebook's last run.",
    [
        Option("run", "run id, its beginning or name", "ID"),
        Option("model", "which model, when the run has several", "NAME"),
        Option("alias", "alias to point at the version, e.g. champion", "ALIAS"),
        Option("description", "free text", "TEXT"),
    ],
    words="name",
)


def models(line: str) -> None:
    """List registered models."""
    call = Call(_MODELS, line)
    if not call.wanted:
        return
    from nbops.registry import get_model, list_models

    name = " ".join(call.arguments.words)
    if call.arguments.flag("history"):
        if not name:
            raise UsageError("%models --history takes a model's name.")
        from nbops.registry import history

        show(history_text(history(call.workspace, name)))
        return
    show(versions_text(get_model(call.workspace, name)) if name else models_text(list_models(call.workspace)))


def register(line: str) -> None:
    """Register a model."""
    call = Call(_REGISTER, line)
    if not call.wanted:
        return
    from nbops.registry import register as register_model
    from nbops.tracking.courier import ensure_running

    given = call.arguments
    if len(given.words) != 1:
        raise UsageError("%register takes one name.", hint='Put a name with blanks in quotes: %register "my model"')
    workspace = call.workspace
    version = register_model(
        given.words[0],
        run_id=given.one("run") or None,
        model=given.one("model") or None,
        alias=given.one("alias") or None,
        description=given.one("description"),
        notebook=call.notebook,
        workspace=workspace,
    )
    ensure_running(workspace)
    show(version_line(version), version_html(version))
