"""Ask the warm parent for a kernel; start the parent where there is none."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import WorkspaceError
from nbops.pipelines.warm import wire
from nbops.pipelines.warm.identity import Wanted
from nbops.pipelines.warm.places import Place, runtime_folder
from nbops.pipelines.warm.reasons import Unforkable
from nbops.workspace.locks import HeldLock, try_lock

_PATIENCE = 10.0
# A parent that has failed fails again for now, and each try costs seconds of work.
_RETRY = 120.0
_LARGEST_LOG = 1_000_000
# Prints nothing and leaves the parent behind, which is then no child of ours: a cell may call os.wait().
_LEAVE = '"$@" &'


def place_of(wanted: Wanted) -> Place:
    """Give the place of the parent that is wanted.

    Raises
    ------
    Unforkable
        There can be none.
    """
    return Place(runtime_folder(), wanted.name)


def connect(place: Place) -> socket.socket | None:
    """Connect to the parent, if it listens.

    Raises
    ------
    Unforkable
        Something else is in its place.
    """
    try:
        found = place.socket.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.getuid():
        raise Unforkable(f"{place.socket} is not a socket of this user")
    connection = socket.socket(socket.AF_UNIX, wire.KIND)
    connection.settimeout(_PATIENCE)
    try:
        connection.connect(str(place.socket))
        if wire.peer(connection)[1] != os.getuid():
            raise Unforkable(f"{place.socket} belongs to another user's process")
    except OSError:
        # Nobody listens: its parent was killed.
        connection.close()
        return None
    except Unforkable:
        connection.close()
        raise
    return connection


def ensure(wanted: Wanted, wait: float = 0.0) -> socket.socket:
    """Give a connection to the parent that is wanted; start it if it does not live.

    Parameters
    ----------
    wanted
        What it must be.
    wait
        Seconds to wait until it is ready.

    Raises
    ------
    Unforkable
        It is not ready yet, or cannot be.
    """
    place = place_of(wanted)
    end = time.monotonic() + wait
    while True:
        connection = connect(place)
        if connection is not None:
            return connection
        lock = _locked(place)
        if lock is not None:
            try:
                _start(place, wanted, lock)
            finally:
                lock.release()
        if time.monotonic() >= end:
            raise Unforkable("the warm parent is still starting")
        time.sleep(0.05)


def ask(connection: socket.socket, content: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Ask for a kernel; give what the parent answers. The connection stays open, for the kernel's exit status.

    Raises
    ------
    Unforkable
        It refuses, or does not answer.
    """
    file = wire.packed(dict(content))
    outputs = [_open(1), _open(2)]
    try:
        wire.tell(connection, {"op": "kernel", **options}, [file, *outputs])
        answer, files = wire.hear(connection)
        wire.close(files)
    except (OSError, ValueError) as error:
        raise Unforkable(f"the warm parent does not answer ({error})") from error
    finally:
        wire.close([file, *outputs])
    if answer is None:
        raise Unforkable("the warm parent has ended")
    if "refused" in answer:
        raise Unforkable(str(answer["refused"]))
    connection.settimeout(None)
    return answer


def _open(number: int) -> int:
    try:
        return os.dup(number)
    except OSError:
        return os.open(os.devnull, os.O_RDWR)


def _locked(place: Place) -> HeldLock | None:
    """Take the parent's lock, if nobody has it; whoever has it is a parent, or starts one."""
    try:
        failed = place.failure.stat().st_mtime
        if time.time() - failed < _RETRY:
            raise Unforkable(f"the warm parent cannot start ({place.failure.read_text(encoding='utf-8')[:160]})")
    except FileNotFoundError:
        pass
    try:
        return try_lock(place.lock)
    except (OSError, WorkspaceError) as error:
        raise Unforkable(f"{place.lock} cannot be locked: {error}") from error


def _start(place: Place, wanted: Wanted, lock: HeldLock) -> None:
    told = {
        "folder": str(place.folder),
        "name": place.name,
        "lock": lock.descriptor,
        "modules": wanted.choices.modules,
        "idle": wanted.choices.idle,
        "options": wanted.options,
    }
    command = [wanted.executable, *wanted.options, "-m", "nbops.pipelines.warm.server", json.dumps(told)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JPY_")}
    environment.pop("PYTEST_CURRENT_TEST", None)
    try:
        _shorten(place.log)
        with place.log.open("ab") as log:
            subprocess.run(
                ["/bin/sh", "-c", _LEAVE, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,
                pass_fds=(lock.descriptor,),
                check=False,
            )
    except OSError as error:
        raise Unforkable(f"the warm parent cannot be started: {error}") from error


def _shorten(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LARGEST_LOG:
            log.unlink()


def stop_parents() -> int:
    """End all warm parents of this user; give how many there were. Kernels that they gave out live on.

    Raises
    ------
    Unforkable
        Their folder cannot be used.
    """
    stopped = 0
    folder = runtime_folder()
    for path in folder.glob("*.sock"):
        with contextlib.suppress(Unforkable, OSError, ValueError):
            connection = connect(Place(folder, path.stem))
            if connection is not None:
                with connection:
                    wire.tell(connection, {"op": "stop"})
                    stopped += wire.hear(connection)[0] is not None
    return stopped
