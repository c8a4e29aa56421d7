"""``nbops foreign``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.errors import NbopsError, TrackingError, UsageError
from nbops.records import ForeignChange, to_wire
from nbops.views.registry import foreign_text
from nbops.workspace import Workspace


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "foreign",
        help="what others changed in MLflow's registry; put ours back",
        description="Looks at MLflow's registry now. Exit code 0 only if it stands there as it was written.",
    )
    common(parser)
    parser.add_argument("model", nargs="?", default="", help="only this model")
    parser.add_argument("--restore", action="store_true", help="put back there what stands in the registry")
    parser.add_argument("--reason", default="", help="why it is put back; goes into the audit log")
    parser.set_defaults(func=_foreign)


def _foreign(options: argparse.Namespace) -> int:
    from nbops.registry import get_model
    from nbops.tracking.courier import ensure_running
    from nbops.tracking.registry_foreign import foreign_changes
    from nbops.tracking.registry_restore import restore
    from nbops.workspace.identity import who

    workspace = workspace_of(options)
    if options.restore and not options.reason.strip():
        raise UsageError("--restore needs --reason: what was there is overwritten.")
    if options.model:
        get_model(workspace, options.model)
    _look(workspace)
    undone: tuple[ForeignChange, ...] = ()
    if options.restore:
        undone = restore(workspace, who(workspace), reason=options.reason, model=options.model)
        ensure_running(workspace)
    found = foreign_changes(workspace, options.model)
    if options.json:
        print_json({"foreign": to_wire(found), "restoring": to_wire(undone)})
    else:
        print(foreign_text(found, undone))
    return 1 if len(found) > len(undone) else 0


def _look(workspace: Workspace) -> None:
    from nbops.tracking import mlflow_store, registry_foreign
    from nbops.tracking.mirror import describe

    if not mlflow_store.exists(workspace):
        return
    mlflow_store.prepare_environment()
    try:
        registry_foreign.look(workspace, mlflow_store.client(workspace))
    except NbopsError:
        raise
    except Exception as error:
        # MLflow raises what it likes; a person gets one line.
        raise TrackingError(f"MLflow's registry does not answer: {describe(error)}") from error
