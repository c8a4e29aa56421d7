"""Heads of the audit log kept outside the ledger, so that a cut tail is found.

After every change the head is added to ``.nbops/audit-heads``, a line ``SEQ MAC`` each. The log may run ahead of it
(a process can die between the two) but never fall behind.
"""

from __future__ import annotations

import contextlib
import os
import re

from nbops.errors import WorkspaceError
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.locks import file_lock

FILE_NAME = "audit-heads"
_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")
_LONGEST, _KEPT = 2_000_000, 1000


def note(workspace: Workspace, seq: int, mac: str) -> None:
    """Add a head. That it cannot be written must not undo what is committed already."""
    path = workspace.data / FILE_NAME
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "ab") as file:
            file.write(f"{seq} {mac}\n".encode())
        if path.stat().st_size > _LONGEST:
            _shorten(workspace)


def known(workspace: Workspace) -> list[tuple[int, str]]:
    """Give the heads noted here; a line that was being written when a machine died is left out."""
    try:
        text = (workspace.data / FILE_NAME).read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return [(int(match[1]), match[2]) for match in found if match]


def parse(text: str) -> tuple[int, str] | None:
    """Read a head as it is written in reports and MLflow's tags, ``SEQ:MAC``."""
    match = _LINE.fullmatch(text.strip().replace(":", " ", 1))
    return (int(match[1]), match[2]) if match else None


def _shorten(workspace: Workspace) -> None:
    with contextlib.suppress(OSError, WorkspaceError), file_lock(workspace.locks / "audit-heads.lock", timeout=1):
        last = sorted(set(known(workspace)))[-_KEPT:]
        text = "".join(f"{seq} {mac}\n" for seq, mac in last)
        write_atomically(workspace.data / FILE_NAME, text.encode())
