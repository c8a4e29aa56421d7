"""Paths as they are typed, from the working directory, and as schedules keep them, from the root of the workspace."""

from __future__ import annotations

import os
from pathlib import Path

from nbops.workspace import Workspace


def from_here(workspace: Workspace, typed: str, *, must_be: bool = False, folder: Path | None = None) -> str:
    """Give a path that was typed as it is to be kept.

    Parameters
    ----------
    workspace
        Whose root it is then relative to, if it lies in it.
    typed
        A path or pattern, from the working directory.
    must_be
        Leave a word that is no file there as it is: it may be a name.
    folder
        Another folder than the working directory.
    """
    path = Path(os.path.normpath((folder or Path.cwd()) / Path(typed).expanduser()))
    if must_be and not path.is_file():
        return typed
    return path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)
