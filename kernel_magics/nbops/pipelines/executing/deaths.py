"""How a kernel ended, from what its process left behind."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

_SIGKILL = 9


def death(status: int | None, out_of_memory: bool) -> str:
    """Say how a kernel died, by the exit status of its process where that is known."""
    if status == -_SIGKILL:
        return f"the kernel was killed{': out of memory' if out_of_memory else ' (SIGKILL; out of memory?)'}"
    if status is not None and status < 0:
        return f"the kernel was killed ({_signal(-status)})"
    if status:
        return f"the kernel ended with exit status {status}"
    return "the kernel died (out of memory?)"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def oom_kills() -> int:
    """Give how often the kernel of Linux has killed a process of this control group for want of memory."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/sys/fs/cgroup/memory.events").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
