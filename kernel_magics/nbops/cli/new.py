"""``nbops new``."""

from __future__ import annotations

import argparse
from pathlib import Path

from nbops.cli.options import common, print_json
from nbops.errors import UsageError


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    new = commands.add_parser("new", help="make a project that runs at once")
    common(new)
    new.add_argument("name", nargs="?", help="folder of the project, which must not exist yet")
    new.add_argument("--template", default="tabular", help="what kind of project (default: tabular)")
    new.add_argument("--data", default="", metavar="FILE", help="a file to learn from (default: a sample of real data)")
    new.add_argument("--target", default="", metavar="COLUMN", help="the column to predict, with --data")
    new.add_argument("--task", default="auto", help="classification, regression or auto")
    new.add_argument("--ci", default="none", help="github, gitlab, jenkins or none: also a file for that service")
    new.add_argument("--list", action="store_true", help="list the templates")
    new.set_defaults(func=_new)


def _new(options: argparse.Namespace) -> int:
    from nbops.pipelines.scaffold import new_project, project_templates

    if options.list:
        names = list(project_templates())
        print_json(names) if options.json else print("\n".join(names))
        return 0
    if not options.name:
        raise UsageError("A project needs a name.", hint="nbops new NAME --template tabular")
    made = new_project(
        Path(options.folder or ".") / options.name,
        options.template,
        data=options.data,
        target=options.target,
        task=options.task,
        ci=options.ci,
    )
    if options.json:
        print_json(
            {
                "name": made.name,
                "folder": str(made.folder),
                "target": made.target,
                "task": made.task,
                "files": list(made.files),
            }
        )
        return 0
    folder = made.folder.relative_to(Path.cwd()) if made.folder.is_relative_to(Path.cwd()) else made.folder
    print(f"{made.name}: a {made.task} of {made.target}, {len(made.files)} files")
    print(f"\n  cd {folder}\n  nbops pipeline run pipeline.toml\n  pytest --nbval notebooks")
    return 0
