"""Which workspace a request means, and which workspaces this server knows.

The rule: ``path`` names a notebook or folder relative to the server's root folder and must stay inside it, also
after symbolic links are followed. The workspace is then found by walking up from there, as the kernel does, so its
root may lie above the server's root (JupyterLab started in a subfolder of a git checkout). Only the user's own
settings (``NBOPS_WORKSPACE``, ``nbops.toml``) can point elsewhere, never a request.
"""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from nbops.errors import UsageError
from nbops.workspace import Workspace, find_workspace
from nbops_lab.live import Watcher
from nbops_lab.scheduling import Schedulers

_COURIER_PAUSE = 5.0


class ForbiddenPathError(UsageError):
    """A path leads outside the server's root folder."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a request is about: a workspace and, where it named one, the notebook's absolute path."""

    workspace: Workspace
    notebook: str

    @property
    def empty(self) -> bool:
        """Whether nothing was ever tracked here, so that looking must not create a ledger."""
        setting = self.workspace.settings["ledger_uri"]
        return setting.source == "default" and not self.workspace.data.exists()


class Workspaces:
    """The workspaces below (or around) one server's root folder.

    Parameters
    ----------
    root
        The server's root folder.
    watcher
        Told about every workspace that is asked for.
    threads
        Where blocking calls run.
    schedulers
        Look after the schedules of every workspace that is asked for.
    """

    def __init__(self, root: Path, watcher: Watcher, threads: ThreadPoolExecutor, schedulers: Schedulers) -> None:
        self.root = Path(os.path.normpath(root.expanduser().absolute()))
        self.threads = threads
        self.watcher = watcher
        self._schedulers = schedulers
        self._asked: dict[Path, float] = {}

    def locate(self, path: str) -> Place:
        """Find what ``path`` means. Touches the disk: call it in a thread.

        Raises
        ------
        ForbiddenPathError
            ``path`` is absolute, climbs with ``..`` or leaves the root through a symbolic link.
        UsageError
            ``path`` cannot be looked at.
        """
        full = self.confined(path)
        try:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.lstat(full)
            workspace = find_workspace(full)
        except OSError as error:  # a name too long, a folder that may not be entered
            raise UsageError(f"That path cannot be looked at: {error.strerror}.") from error
        return Place(workspace, full.as_posix() if path else "")

    def attend(self, place: Place) -> None:
        """Watch the workspace, see to it that its courier runs and its schedules are kept. Call it in a thread."""
        workspace = place.workspace
        self.watcher.watch(workspace)
        if place.empty:
            return
        now = time.monotonic()
        if now - self._asked.get(workspace.root, -_COURIER_PAUSE) < _COURIER_PAUSE:
            return
        self._asked[workspace.root] = now
        if workspace.writable:
            from nbops.tracking import courier

            courier.ensure_running(workspace)
            self._schedulers.attend(workspace)

    def confined(self, path: str) -> Path:
        """Give the file that a path below the server's root folder names.

        Raises
        ------
        ForbiddenPathError
            ``path`` is absolute, climbs with ``..`` or leaves the root through a symbolic link.
        """
        windows = PureWindowsPath(path)
        climbs = ".." in PurePosixPath(path).parts or ".." in windows.parts
        if "\0" in path or climbs or path.startswith(("/", "\\")) or windows.drive or windows.root:
            raise ForbiddenPathError(
                "The path must be relative to the server's root folder.",
                hint="Name a notebook as the file browser does.",
            )
        full = self.root / path
        try:
            inside = full.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # a loop of links, a name too long
            inside = False
        if not inside:
            raise ForbiddenPathError("The path leads outside the server's root folder.")
        return full
