"""Files that a page may name: those of the workspace."""

from __future__ import annotations

import re

from nbops.workspace import Workspace
from nbops_lab.workspaces import ForbiddenPathError

_PREDICTIONS = "predictions"
_PATTERN = re.compile(r"[*?\[]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def confine(workspace: Workspace, path: str) -> None:
    """Refuse files outside the workspace, after links are followed; of a pattern what comes before its first wildcard.

    Raises
    ------
    ForbiddenPathError
        It leads outside.
    """
    if path == _PREDICTIONS:
        return
    fixed = _PATTERN.split(path, maxsplit=1)[0]
    try:
        inside = (workspace.root / fixed).resolve().is_relative_to(workspace.root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long, a zero byte
        inside = False
    # Whoever reads it takes "~" for somebody's own folder.
    if not inside or path.startswith("~") or ".." in re.split(r"[/\\]", path) or _SCHEME.match(path):
        raise ForbiddenPathError("The path leads outside the workspace.", hint="Name files from its folder.")
