"""Looks in a process of their own: whoever asks, JupyterLab's server above all, imports no pandas and waits for nothing."""

from __future__ import annotations

import sys
import time
import uuid

from nbops.errors import MonitorError
from nbops.ledger import open_ledger
from nbops.monitoring.monitors.rows import QUEUED, R, monitor_of, read_one
from nbops.tracking.detached import detach
from nbops.tracking.launch import plain_environment
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of
from nbops.workspace.ownership import workspace_id

# What is logged of looks is begun anew when it is longer than this (bytes).
_LONGEST_LOG = 1_000_000


def ask_monitor(workspace: Workspace, name: str) -> int:
    """Have a monitor look soon, in another process; give the number that the look will have.

    Raises
    ------
    NotFoundError
        There is no monitor of that name.
    MonitorError
        No process can be started.
    """
    ledger, now = open_ledger(workspace), time.time()
    with ledger.begin() as connection:
        monitor = monitor_of(read_one(connection, workspace, name))
        values = {
            "workspace": workspace_id(workspace),
            "monitor": name,
            "occasion": f"manual:{uuid.uuid4().hex}",
            "at": now,
            "state": QUEUED,
            "detail": {"model": monitor.model, "by_hand": True},
        }
        key = connection.execute(R.insert().values(**values)).inserted_primary_key
        ledger.touch(connection)
    launch_work(workspace)
    return int(key[0]) if key is not None else 0


def launch_work(workspace: Workspace) -> str:
    """Start a process that does the looks that wait for their turn; give its identity.

    Raises
    ------
    MonitorError
        It cannot be started.
    """
    command = [sys.executable, "-P", "-m", "nbops", "monitor", "work", "-C", str(workspace.root)]
    file = workspace.data / "monitors.log"
    try:
        too_long = file.is_file() and file.stat().st_size > _LONGEST_LOG
        with file.open("wb" if too_long else "ab") as log:
            environment = environment_of(workspace, plain_environment())
            pid = detach(command, environment=environment, folder=workspace.root, log=log)
    except OSError as error:
        raise MonitorError(f"No process can be started to look at what is monitored: {error}.") from error
    return process_identity(pid)
