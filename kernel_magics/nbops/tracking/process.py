"""Who runs: an identity of a process that no later process can share. Standard library only."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def process_identity(pid: int | None = None) -> str:
    """Give ``pid:start:boot:host`` of a process, this one by default; empty when it does not exist.

    A pid alone comes back after a while; with its start time and the boot it does not.
    """
    pid = os.getpid() if pid is None else pid
    start = _start_time(pid)
    return f"{pid}:{start}:{_boot()}:{platform.node()}" if start else ""


def is_alive(identity: str) -> bool:
    """Whether the process of ``identity`` still runs. A process of another machine counts as alive: nobody here can know."""
    pid, _, rest = identity.partition(":")
    start, _, rest = rest.partition(":")
    boot, _, host = rest.partition(":")
    if not pid.isdigit() or host != platform.node():
        return True
    if boot != _boot():
        return False
    return _start_time(int(pid)) == start


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()[:8]
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    try:
        # Fields after the command, which may itself hold blanks and brackets; a zombie is dead to us.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[19]
    except (OSError, IndexError):
        return _start_time_elsewhere(pid)


def _start_time_elsewhere(pid: int) -> str:
    if _BOOT.exists():
        return ""
    try:
        import psutil

        return str(psutil.Process(pid).create_time())
    except Exception:
        return ""
