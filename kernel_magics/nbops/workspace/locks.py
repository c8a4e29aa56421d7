"""Locks between processes: a lock file that the operating system frees when its holder dies."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbops.errors import WorkspaceError

try:
    import fcntl
except ModuleNotFoundError:
    # Windows. What is locked there nobody else can read, so it is a byte behind everything that a file may hold.
    _FAR = 0x7FFF_FFF0
    _windows: Any = importlib.import_module("msvcrt")

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            _windows.locking(descriptor, _windows.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


# A child that outlives us must not keep the lock; and what is written through it are bytes, no lines.
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class HeldLock:
    """A lock in our hands until :meth:`release` or the end of the process.

    Parameters
    ----------
    descriptor
        Open file that holds the lock; a process that was handed one makes its own ``HeldLock`` of it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int:
        """The open file, to be handed to a child; the lock is free once all who have it let go."""
        return self._descriptor

    def release(self) -> None:
        """Let go; doing so twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def try_lock(path: Path, *, make: bool = True) -> HeldLock | None:
    """Take the lock at ``path`` at once, or give ``None`` when somebody holds it.

    Raises
    ------
    FileNotFoundError
        There is no such file, and it is not to be made.
    """
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, _FLAGS | (os.O_CREAT if make else 0), 0o644)
    try:
        _take(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return HeldLock(descriptor)


@contextlib.contextmanager
def file_lock(path: Path, *, timeout: float = 60.0) -> Iterator[None]:
    """Hold the lock at ``path`` for a block.

    Parameters
    ----------
    path
        Lock file; made if absent, never removed (removing it would let two hold it).
    timeout
        Seconds to wait.

    Raises
    ------
    WorkspaceError
        Somebody else held it all the time.
    """
    end = time.monotonic() + timeout
    pause = 0.002
    while (held := try_lock(path)) is None:
        if time.monotonic() > end:
            raise WorkspaceError(
                f"{path} is held by another process for more than {timeout:g} s.",
                hint="See which process has it open, end it, and try again.",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    try:
        yield
    finally:
        held.release()
