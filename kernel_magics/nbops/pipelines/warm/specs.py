"""The kernel "nbops fast Python": IPython's own, forked from the warm parent where that can be."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from nbops.errors import NotFoundError, WorkspaceError

NAME = "nbops-python"
DISPLAY = "nbops fast Python"
PROVISIONER = "nbops-forked"


def install_spec(*, user: bool = False, display: str = DISPLAY) -> Path:
    """Install the kernel spec; give its folder.

    Parameters
    ----------
    user
        For all notebook servers of this user, instead of those of this Python environment.
    display
        What launchers call it.

    Raises
    ------
    WorkspaceError
        Its folder cannot be written.
    """
    from ipykernel.kernelspec import get_kernel_dict, write_kernel_spec
    from jupyter_client.kernelspec import KernelSpecManager

    metadata = {**get_kernel_dict()["metadata"], "kernel_provisioner": {"provisioner_name": PROVISIONER}}
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / NAME
        write_kernel_spec(spec, {"display_name": display, "metadata": metadata})
        try:
            return Path(
                KernelSpecManager().install_kernel_spec(str(spec), NAME, user=user, prefix=None if user else sys.prefix)
            )
        except OSError as error:
            raise WorkspaceError(
                f"the kernel spec cannot be written: {error.strerror or error} ({error.filename}).",
                hint="" if user else "Install it for yourself with --user.",
            ) from error


def remove_spec() -> Path:
    """Remove the kernel spec, wherever Jupyter finds it; give the folder where it was.

    Raises
    ------
    NotFoundError
        It is not installed.
    WorkspaceError
        It cannot be removed.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    found = KernelSpecManager().find_kernel_specs().get(NAME)
    if found is None:
        raise NotFoundError(f"the kernel {NAME!r} is not installed.")
    try:
        shutil.rmtree(found)
    except OSError as error:
        raise WorkspaceError(f"{found} cannot be removed: {error.strerror or error}.") from error
    return Path(found)
