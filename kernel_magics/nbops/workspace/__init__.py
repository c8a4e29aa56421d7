"""Where things live: project root, settings, identity, paths. Standard library only.

One function, :func:`find_workspace`, answers for the kernel, the Jupyter server and the command line alike,
always with absolute paths, because server and kernel have different working directories.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbops.workspace.location import Workspace, find_workspace
    from nbops.workspace.settings import Setting

__all__ = ["Setting", "Workspace", "find_workspace"]


def __getattr__(name: str) -> object:
    # Late: `nbops pipeline run` with nothing to do asks for the root alone.
    if name not in __all__:
        raise AttributeError(f"module 'nbops.workspace' has no attribute {name!r}")
    from nbops.workspace import location, settings

    value = getattr(settings if name == "Setting" else location, name)
    globals()[name] = value
    return value
