"""What ``nbops demo`` runs: the whole life cycle of a model on real data, as a pipeline of the shipped templates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nbops.demo.data import write_cohorts
from nbops.errors import WorkspaceError
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import write_atomically

_SETTINGS = "# The workspace of `nbops demo`: everything it makes lies in .nbops beside this file.\n"


@dataclass(frozen=True, slots=True)
class Demo:
    """A folder in which the demo can run."""

    workspace: Workspace
    pipeline: Path


def prepare(folder: Path) -> Demo:
    """Put data, pipeline file and settings into a folder; what is there already stays as it is.

    Raises
    ------
    WorkspaceError
        The folder cannot be written, or its path names a file.
    """
    folder = folder.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"{folder} is a file.", hint="Name a folder: nbops demo --workspace FOLDER")
    pipeline, settings = folder / "pipeline.toml", folder / "nbops.toml"
    if not settings.exists():
        write_atomically(settings, _SETTINGS.encode())
    if not pipeline.exists():
        write_atomically(pipeline, (Path(__file__).parent / "pipeline.toml").read_bytes())
    write_cohorts(folder / "data")
    return Demo(find_workspace(folder), pipeline)
