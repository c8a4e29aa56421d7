"""Whose run it is: an id that a workspace keeps when it is moved, for ledgers that several workspaces share."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from nbops.errors import WorkspaceError
from nbops.workspace.location import Workspace
from nbops.workspace.locks import file_lock


def workspace_id(workspace: Workspace) -> str:
    """Give the id of a workspace, made when it is first asked for; empty where nothing can be written."""
    path = workspace.data / "workspace-id"
    found = _read(path)
    if found:
        return found
    try:
        workspace.ensure()
        with file_lock(workspace.locks / "workspace-id.lock"):
            # Somebody else may have made it meanwhile.
            return _read(path) or _made(path)
    except (OSError, WorkspaceError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _made(path: Path) -> str:
    made = uuid.uuid4().hex
    fresh = path.with_name(f".workspace-id-{made}")
    with fresh.open("w", encoding="ascii") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return made
