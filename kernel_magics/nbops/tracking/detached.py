"""Start a process that outlives this one and is no child of it: a cell may call ``os.wait()``. Standard library only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

# Prints the number of the process it leaves behind. An interrupt from the keyboard of others is not for it, one sent to it is.
_LEAVE = '"$@" >&2 & echo $!'


def detach(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str | Path,
    log: IO[bytes],
    keep: Sequence[int] = (),
) -> int:
    """Start a process in a session of its own and give its number.

    Parameters
    ----------
    command
        Program and words.
    environment
        Its whole environment.
    folder
        Its working directory.
    log
        Where what it prints goes.
    keep
        Open files that it gets.

    Raises
    ------
    OSError
        It cannot be started.
    """
    if sys.platform == "win32":  # pragma: no cover
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=folder
        ).pid
    done = subprocess.run(
        ["/bin/sh", "-c", _LEAVE, "sh", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
        start_new_session=True,
        cwd=folder,
        pass_fds=tuple(keep),
        check=False,
    )
    said = done.stdout.strip()
    if not said.isdigit():
        raise OSError(f"{command[0]} does not start")
    return int(said)
