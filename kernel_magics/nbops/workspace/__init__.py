"""Where things live: project root, settings, identity, paths. Standard library only.

One function, :func:`find_workspace`, answers for the kernel, the Jupyter server and the command line alike,
always with absolute paths, because server and kernel have different working directories.
"""

from nbops.workspace.location import Workspace, find_workspace
from nbops.workspace.settings import Setting

__all__ = ["Setting", "Workspace", "find_workspace"]
