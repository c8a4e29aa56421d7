"""``nbops models`` and ``nbops register``."""

from __future__ import annotations

import argparse

from nbops.cli.options import common, print_json, workspace_of
from nbops.views.models import models_text, version_line


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    models = commands.add_parser("models", help="list registered models")
    common(models)
    models.add_argument("name", nargs="?", help="only this model")
    models.set_defaults(func=_models)
    register = commands.add_parser("register", help="register the model of a run")
    common(register)
    register.add_argument("name", help="name of the registered model")
    register.add_argument("--run", default=None, metavar="ID", help="run id, its beginning or name (default: last)")
    register.add_argument("--model", default=None, metavar="NAME", help="which model, when the run has several")
    register.add_argument("--alias", default=None, help="alias to point at the version, e.g. champion")
    register.add_argument("--description", default="", help="free text")
    register.set_defaults(func=_register)


def _models(options: argparse.Namespace) -> int:
    from nbops.registry import get_model, list_models

    workspace = workspace_of(options)
    found = (get_model(workspace, options.name),) if options.name else list_models(workspace)
    if options.json:
        print_json(found)
    else:
        print(models_text(found))
    return 0


def _register(options: argparse.Namespace) -> int:
    from nbops.registry import register
    from nbops.tracking.courier import ensure_running

    workspace = workspace_of(options)
    version = register(
        options.name,
        run_id=options.run,
        model=options.model,
        alias=options.alias,
        description=options.description,
        workspace=workspace,
    )
    ensure_running(workspace)
    if options.json:
        print_json(version)
    else:
        print(version_line(version))
    return 0
