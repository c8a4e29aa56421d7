"""The data that gates judge on, known by the sha256 of the file: whether a report is about the data of now."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from nbops.records import GateReport
from nbops.workspace import Workspace

# Data that come with scikit-learn are no file of the workspace that somebody could replace.
BUNDLED = "sklearn:"
# Kinds whose evidence is ours: where it names rows, a report of before gates noted files is one that cannot be checked.
_OF_ROWS = frozenset({"metric", "champion", "slices", "fairness", "calibration", "latency", "validation"})


def located(workspace: Workspace, data: str) -> str:
    """Give the path of data named in a declaration: below the workspace unless absolute; bundled data as they are."""
    return data if data.startswith(BUNDLED) else str(workspace.root / Path(data).expanduser())


def digest_of_file(path: str | Path) -> str:
    """Give the sha256 of a file, empty if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class HeldOut:
    """The held-out data as they are now.

    Each file is read once however often it is asked for, so that what was read before a transaction is not read again
    within it.

    Parameters
    ----------
    workspace
        Where the files of declarations lie.
    quick
        Do not read a file again that looks as it did; for what is shown, not for what is decided.
    """

    def __init__(self, workspace: Workspace, *, quick: bool = False) -> None:
        self._workspace, self._quick = workspace, quick
        self._now: dict[str, str] = {}

    def against(self, report: GateReport) -> str:
        """Say why a report is not about the data of now; empty if it is."""
        changed: set[str] = set()
        gone: set[str] = set()
        for gate in report.gates:
            if gate.kind in _OF_ROWS and gate.evidence.get("data") and not gate.data:
                return "its gates do not say which file they judged on"
            for data, digest in gate.data.items():
                now = digest if data.startswith(BUNDLED) else self._digest(data)
                if now != digest:
                    (changed if now else gone).add(data)
        if changed:
            return f"the held-out data changed since its gates were run ({', '.join(sorted(changed))})"
        return f"the held-out data cannot be read any more ({', '.join(sorted(gone))})" if gone else ""

    def _digest(self, data: str) -> str:
        if data not in self._now:
            read = _remembered if self._quick else digest_of_file
            self._now[data] = read(located(self._workspace, data))
        return self._now[data]


# Of files that views asked for: how the file looked, and its digest.
_SEEN: dict[str, tuple[tuple[int, ...], str]] = {}
_SETTLED = 2.0


def _remembered(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""
    looks = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    known = _SEEN.get(path)
    if known is not None and known[0] == looks:
        return known[1]
    digest = digest_of_file(path)
    # Two writes within one tick of the clock look the same.
    if time.time() - max(found.st_mtime, found.st_ctime) > _SETTLED:
        _SEEN[path] = (looks, digest)
    return digest
