"""A forked kernel as the process that asked for it sees it: not its child, and yet it knows when and how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time

from nbops.pipelines.warm import wire

# What is told of a kernel whose parent was killed before it: it has ended, and nobody knows how.
_UNKNOWN = 1
# A kernel lives as long as this process, not as long as somebody here still thinks of it.
_OPEN: set[socket.socket] = set()


class ForkedProcess:
    """What of ``subprocess.Popen`` a kernel provisioner needs.

    Parameters
    ----------
    pid
        The kernel.
    connection
        To the warm parent, which tells the exit status. The kernel watches its other end: when this process dies, so does it.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        self._lock = threading.Lock()
        _OPEN.add(connection)
        try:
            self._handle = os.pidfd_open(pid)
        except OSError:
            # It is gone already; the parent tells how it went.
            self._handle = -1

    def poll(self) -> int | None:
        """Give the exit status, or ``None`` while it runs."""
        with self._lock:
            if self.returncode is None and (self._handle < 0 or _readable(self._handle, 0)):
                self.returncode = self._told()
                self._close()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and give the exit status.

        Raises
        ------
        subprocess.TimeoutExpired
            It did not end in time.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            time.sleep(0.005)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel alone."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _told(self) -> int:
        # The parent has the exit status at once, unless it is busy or gone itself.
        with contextlib.suppress(OSError, ValueError):
            if _readable(self._connection.fileno(), 1000):
                message, files = wire.hear(self._connection)
                wire.close(files)
                if message is not None:
                    return int(message.get("exit", _UNKNOWN))
        return _UNKNOWN

    def _close(self) -> None:
        _OPEN.discard(self._connection)
        self._connection.close()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _readable(descriptor: int, milliseconds: int) -> bool:
    watched = select.poll()
    watched.register(descriptor, select.POLLIN)
    return bool(watched.poll(milliseconds))
