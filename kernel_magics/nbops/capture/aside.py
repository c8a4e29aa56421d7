"""Programs that run beside the user's code without being children of its process.

A cell that calls ``os.wait()`` must neither get the end of a program of ours nor wait for it. On POSIX a shell starts
the program and is gone before the cell begins, so that the program belongs to nobody here.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

_SHELL = "/bin/sh"


class Aside:
    """A program that has been started and whose answer is read when it is there.

    Parameters
    ----------
    command
        Program and arguments.
    environ
        Its environment.

    Raises
    ------
    OSError
        It cannot be started.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        # Closed with the answer, perhaps by a later cell.
        self._answer: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._status = -1
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "win32":  # pragma: no cover
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._answer, stderr=subprocess.DEVNULL, env=dict(environ)
            )
            return
        self._status, told = os.pipe()
        try:
            # The exit status comes through the shell's stderr; the program's own goes nowhere.
            script = '{ "$@" 2>/dev/null; echo $? >&2; } &'
            subprocess.run(
                [_SHELL, "-c", script, _SHELL, *command],
                stdin=subprocess.DEVNULL,
                stdout=self._answer,
                stderr=told,
                env=dict(environ),
                check=False,
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(told)

    def done(self, wait: float = 0.0) -> bool:
        """Whether the program has ended, after waiting for it so many seconds at most."""
        if self._process is not None:  # pragma: no cover
            try:
                self._process.wait(wait)
            except subprocess.TimeoutExpired:
                return False
            return True
        return bool(select.select([self._status], [], [], wait)[0])

    def take(self, limit: int) -> bytes | None:
        """Give what it wrote, once it is :meth:`done`, up to a limit; nothing if it failed."""
        if self._process is not None:  # pragma: no cover
            good = self._process.returncode == 0
        else:
            good = os.read(self._status, 16).strip() == b"0"
        self._answer.seek(0)
        written = self._answer.read(limit) if good else None
        self.close()
        return written

    def close(self) -> None:
        """Let go of the answer."""
        self._answer.close()
        if self._status >= 0:
            os.close(self._status)
            self._status = -1
