"""``nbops demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.cli.options import print_json
from nbops.cli.pipeline import Progress
from nbops.views.pipeline import result_text

if TYPE_CHECKING:
    from nbops.pipelines.result import PipelineResult
    from nbops.workspace import Workspace

_FLUSH = 120.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    demo = commands.add_parser("demo", help="run the whole life cycle on real data")
    demo.add_argument("--json", action="store_true", help="print JSON for machines")
    demo.add_argument("--workspace", "-C", default="nbops-demo", metavar="FOLDER", help="where (default ./nbops-demo)")
    demo.add_argument("--force", action="store_true", help="run every stage, also those that are unchanged")
    demo.set_defaults(func=_demo)


def _demo(options: argparse.Namespace) -> int:
    from nbops import demo
    from nbops.pipelines.engine import execute_pipeline
    from nbops.tracking.courier import flush

    ready = demo.prepare(Path(options.workspace))
    print(
        "Diabetes progression: 287 patients younger than 55 to learn from, 155 older ones come later.", file=sys.stderr
    )
    with Progress() as progress:
        result = execute_pipeline(
            ready.pipeline, force=options.force, on_event=progress.tell, workspace=ready.workspace
        )
    delivered = flush(ready.workspace, _FLUSH)
    if options.json:
        print_json({**result.to_dict(), "workspace": str(ready.workspace.root), "delivered": delivered})
    else:
        _tell(ready.workspace, result, delivered)
    if result.failure is not None:
        print(f"nbops: {result.error}", file=sys.stderr)
        return 1
    return 0


def _tell(workspace: Workspace, result: PipelineResult, delivered: bool) -> None:
    from nbops.registry import list_models
    from nbops.tracking.search import search_runs
    from nbops.views.models import models_text
    from nbops.views.runs import runs_text

    print(f"\n{result_text(result)}")
    if result.failure is not None:
        return
    ids = {stage.run_id for stage in result.stages}
    page = search_runs(workspace, kind="cell", limit=200)
    latest = tuple(run for run in page.runs if run.parent_id in ids)
    shown = type(page)(runs=latest, total=len(latest), offset=0, limit=len(latest))
    print(f"\nRuns\n{runs_text(shown)}\n\nRegistry\n{models_text(list_models(workspace))}")
    if all(stage.status == "skipped" for stage in result.stages):
        print("\nNothing has changed since the last run, so no stage ran and no version was added; --force runs all.")
    # The pipeline file belongs to the person, who may have taken stages out.
    found = {name: value for stage in result.stages for name, value in stage.outputs.items()}
    drift = found.get("drift", {}).get("sentence", "")
    lines = (found.get("verdict", ""), drift and f"Later cohort: {drift}", f"\nReport: {found.get('report', 'none')}")
    print("\n" + "\n".join(filter(None, lines)))
    if not delivered:
        print("MLflow does not have everything yet; the courier goes on. See it with: nbops courier")
    print(_next(workspace.root))


def _next(root: Path) -> str:
    folder = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
    lines = (
        (f"cd {folder}", "then"),
        ("nbops runs", "every run, the newest first"),
        ("nbops models diabetes", "versions and aliases"),
        ("nbops pipeline run pipeline.toml", "nothing runs until something has changed: edit pipeline.toml"),
        ("mlflow ui --backend-store-uri sqlite:///.nbops/mlflow.db", "the same runs, as MLflow shows them"),
        ("jupyter lab", "the sidebar; every %%track cell becomes a run"),
    )
    width = max(len(command) for command, _ in lines) + 2
    return "\nWhat to type next\n" + "\n".join(f"  {command:<{width}}{words}" for command, words in lines)
