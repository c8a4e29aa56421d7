"""Which workspaces this user lets start things by themselves, kept outside of any workspace.

A workspace may come from somebody else, with its ledger and the schedules in it. Opening such a folder must not run them.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from nbops.errors import WorkspaceError
from nbops.workspace.blobs import write_atomically
from nbops.workspace.location import Workspace
from nbops.workspace.ownership import workspace_id


def trust(workspace: Workspace) -> None:
    """Note that this user has set something up here that is to run by itself."""
    if not is_trusted(workspace):
        # Where nothing can be noted, nothing runs by itself: the schedule is kept all the same.
        with contextlib.suppress(OSError, WorkspaceError):
            path = _mark(workspace)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(path, f"{workspace.root}\n".encode("utf-8", "surrogateescape"))


def is_trusted(workspace: Workspace) -> bool:
    """Whether this user has set something up in this workspace, at this place."""
    return _mark(workspace).is_file()


def _mark(workspace: Workspace) -> Path:
    import platformdirs

    name = f"{workspace.root}\0{workspace_id(workspace)}"
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    return Path(platformdirs.user_state_dir("nbops")) / "trusted" / digest
