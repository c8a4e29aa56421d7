"""Where the root of a workspace is. Imports next to nothing, because it is asked before anything else."""

from __future__ import annotations

import os

FILE_NAME = "nbops.toml"


def root_of(folder: str) -> tuple[str, str]:
    """Give the root of the workspace that a folder belongs to, and how it was found.

    Parameters
    ----------
    folder
        An absolute path; it need not exist.

    Returns
    -------
    tuple
        The root, and ``nbops.toml``, ``git`` or ``folder``.
    """
    for marker, origin in ((FILE_NAME, "nbops.toml"), (".git", "git")):
        candidate = folder
        while True:
            if os.path.exists(os.path.join(candidate, marker)):
                return candidate, origin
            above = os.path.dirname(candidate)
            if above == candidate:
                break
            candidate = above
    return folder, "folder"
