"""Leftovers in the content store: what a killed process had written and nothing refers to."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from nbops.ledger import open_ledger, tables
from nbops.tracking.delivery import deliver
from nbops.tracking.outbox import outbox_of
from nbops.workspace import Workspace
from nbops.workspace.caching import cache_settings, is_expired, manifests

# Whoever is about to refer to a file has written it a moment ago.
YOUNGEST = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A file nothing refers to; ``kind`` is ``blob``, ``unfinished`` or ``result``, ``age`` in seconds."""

    path: str
    size: int
    age: float
    kind: str


def find_leftovers(workspace: Workspace, *, older: float = YOUNGEST) -> tuple[Leftover, ...]:
    """List files of the content store that no run, version, look of a monitor, kept result or queued entry refers to.

    Results of stages that nobody has used for as long as ``[cache] keep_days`` says are left over, too.

    Parameters
    ----------
    workspace
        Whose store.
    older
        Only files that were written longer ago than so many seconds.

    Raises
    ------
    LedgerError, TrackingError
        Ledger or outbox do not answer; then nobody knows what is referred to.
    """
    if not workspace.blobs.is_dir():
        return ()
    deliver(workspace)
    settings = cache_settings(workspace)
    results = {path: is_expired(path, settings) for path in sorted(manifests(workspace))}
    needed = _needed(workspace) | _needed_by(path for path, expired in results.items() if not expired)
    now = time.time()
    found = []
    for path in (path for path, expired in results.items() if expired):
        stat = path.stat()
        found.append(Leftover(path=str(path), size=stat.st_size, age=now - stat.st_mtime, kind="result"))
    for path in sorted(workspace.blobs.glob("*/*")):
        stat = path.stat()
        unfinished = path.name.startswith(".writing-")
        if now - stat.st_mtime > older and (unfinished or path.name not in needed):
            kind = "unfinished" if unfinished else "blob"
            found.append(Leftover(path=str(path), size=stat.st_size, age=now - stat.st_mtime, kind=kind))
    return tuple(found)


def remove(leftovers: tuple[Leftover, ...]) -> int:
    """Remove leftovers; give the bytes that were freed."""
    for leftover in leftovers:
        Path(leftover.path).unlink(missing_ok=True)
    return sum(leftover.size for leftover in leftovers)


def _needed(workspace: Workspace) -> set[str]:
    v, artifacts, runs = tables.model_versions, tables.artifacts, tables.runs
    needed: set[str] = set()
    with open_ledger(workspace).connect() as connection:
        needed |= set(connection.scalars(select(artifacts.c.digest)))
        for row in connection.execute(select(v.c.digest, v.c.files, v.c.detail)):
            needed |= {row.digest, row.detail.get("captured", ""), *(file["digest"] for file in row.files)}
        for kept in (runs.c.detail, tables.monitor_runs.c.detail, tables.incidents.c.detail):
            for detail in connection.scalars(select(kept)):
                needed |= set(_digests(detail))
    if workspace.outbox.exists():
        for entry in outbox_of(workspace).entries(limit=1_000_000):
            needed |= set(_digests(entry.payload))
    return needed


def _needed_by(results: Iterable[Path]) -> set[str]:
    needed: set[str] = set()
    for path in results:
        # One that cannot be read refers to nothing that could be put back.
        with contextlib.suppress(OSError, ValueError):
            needed |= set(_digests(json.loads(path.read_text(encoding="utf-8"))))
    return needed


def _digests(value: Any) -> Iterator[str]:
    """Give every text that could be a sha256, wherever it stands."""
    if isinstance(value, str):
        if len(value) == 64:
            yield value
        elif value[:1] in "{[":
            try:
                yield from _digests(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        for item in value.values():
            yield from _digests(item)
    elif isinstance(value, list):
        for item in value:
            yield from _digests(item)
