"""Start the courier from a kernel, script or server, at most one per workspace. Standard library only."""

from __future__ import annotations

import contextlib
import os
import sys

from nbops.errors import NbopsError
from nbops.tracking.detached import detach
from nbops.tracking.process import is_alive, process_identity
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of
from nbops.workspace.locks import HeldLock, try_lock

LOCK = "courier.lock"
# What a person has set for their own Python or run must not bend the courier.
_KEPT = frozenset(
    {
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONPYCACHEPREFIX",
        "PYTHONNOUSERSITE",
        "PYTHONUSERBASE",
    }
)
_DROPPED = frozenset({"MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MPLBACKEND"})


def is_running(workspace: Workspace) -> bool:
    """Whether a courier holds the lock of the workspace."""
    path = workspace.locks / LOCK
    if not path.exists():
        return False
    if _named_alive(workspace):
        return True
    lock = try_lock(path)
    if lock is None:
        return True
    lock.release()
    return False


def ensure_running(workspace: Workspace) -> bool:
    """Start a courier unless one lives; cheap, and never raises. Give whether one lives now.

    ``courier = false`` in the settings keeps it from being started.
    """
    if not workspace.courier_wanted or workspace.readonly:
        return False
    return start(workspace)


def start(workspace: Workspace, *options: str) -> bool:
    """Start a courier unless one lives, whatever the settings say. Give whether one lives now.

    The lock is taken here and handed to the new process, so that many who ask at once start one courier.
    """
    if _named_alive(workspace):
        return True
    try:
        workspace.ensure()
        lock = try_lock(workspace.locks / LOCK)
        if lock is None:
            return True
        try:
            _spawn(workspace, lock, options)
        finally:
            lock.release()
    except (OSError, NbopsError):
        return False
    return True


def name_holder(workspace: Workspace, identity: str) -> None:
    """Write into the lock file who holds it, so that others need not try the lock to know."""
    with contextlib.suppress(OSError):
        (workspace.locks / LOCK).write_text(identity, encoding="utf-8")


def plain_environment() -> dict[str, str]:
    """Give this process's environment without what a person has set for their own Python or run."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _DROPPED and (name in _KEPT or not name.startswith("PYTHON"))
    }


def _named_alive(workspace: Workspace) -> bool:
    try:
        identity = (workspace.locks / LOCK).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    # An identity of another machine always counts as alive, and cannot be relied on for this.
    return bool(identity) and identity.rpartition(":")[2] == _host() and is_alive(identity)


def _host() -> str:
    return process_identity().rpartition(":")[2]


def _spawn(workspace: Workspace, lock: HeldLock, options: tuple[str, ...]) -> None:
    environ = environment_of(workspace, plain_environment())
    # -P: a file beside the notebook must not stand in for a module of ours.
    command = [sys.executable, "-P", "-m", "nbops.tracking.courier", "--workspace", str(workspace.root), *options]
    handed: tuple[int, ...] = ()
    if sys.platform != "win32":
        handed = (lock.descriptor,)
        command += ["--lock", str(lock.descriptor)]
    else:  # pragma: no cover
        lock.release()
    with workspace.courier_log.open("ab") as log:
        pid = detach(command, environment=environ, folder="/", log=log, keep=handed)
    name_holder(workspace, process_identity(pid))
