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
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_SHELL = "/bin/sh"
# The answer has a file, the exit status comes through the shell's stderr, and the number of what is left behind is said.
_LEAVE = '{ "$@" >"$0" 2>/dev/null; echo $? >&2; } >&2 & echo $!'
# One that was left behind, and when. Where it is there long after its end, as in a container whose first process reaps
# nobody, all others would stay too; programs are children then.
_left: list[tuple[str, float]] = []
_LONG = 5.0


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
        if sys.platform == "win32" or _stays():
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._answer, stderr=subprocess.DEVNULL, env=dict(environ)
            )
            return
        self._status, told = os.pipe()
        try:
            answer = self._answer.fileno()
            started = subprocess.run(
                [_SHELL, "-c", _LEAVE, f"/dev/fd/{answer}", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=told,
                env=dict(environ),
                pass_fds=(answer,),
                check=False,
            )
            if not _left:
                _left.append((started.stdout.decode("ascii", "replace").strip(), time.monotonic()))
        except BaseException:
            self.close()
            raise
        finally:
            os.close(told)

    def done(self, wait: float = 0.0) -> bool:
        """Whether the program has ended, after waiting for it so many seconds at most."""
        if self._process is not None:
            try:
                self._process.wait(wait)
            except subprocess.TimeoutExpired:
                return False
            return True
        if not hasattr(select, "poll"):  # pragma: no cover
            return bool(select.select([self._status], [], [], wait)[0])
        # A process with more than a thousand open files can only be polled.
        ended = select.poll()
        ended.register(self._status, select.POLLIN)
        return bool(ended.poll(wait * 1000))

    def take(self, limit: int) -> bytes | None:
        """Give what it wrote, once it is :meth:`done`, up to a limit; nothing if it failed."""
        if self._process is not None:
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


def _stays() -> bool:
    for number, since in _left:
        try:
            state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            _left.clear()
            return False
        return state.rpartition(")")[2].split()[:1] == ["Z"] and time.monotonic() - since > _LONG
    return False
