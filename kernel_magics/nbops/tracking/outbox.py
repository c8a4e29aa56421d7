"""The outbox: what was captured is one committed row here before anything else happens. Standard library only.

A SQLite file in WAL mode beside the project. Entries are only ever added; delivery (another module, any process)
marks them once they are in the ledger, and removes them once MLflow has the run too. Beside the entries the outbox
keeps the last runs of each cell, so that a card can say what changed without asking the ledger.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbops.errors import TrackingError
from nbops.records import ArtifactRef, HistoryPoint, MetricPoint, Run, from_wire, to_wire
from nbops.tracking.outbox_file import _VERSION, connect, create
from nbops.workspace import Workspace
from nbops.workspace.blobs import put_bytes
from nbops.workspace.locks import file_lock
from nbops.workspace.profiles import KIND as PROFILE
from nbops.workspace.profiles import remember

HISTORY = 20
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

_boxes: dict[str, Outbox] = {}
_giving = threading.Lock()
_KEPT_OPEN = 32
_inherited: list[sqlite3.Connection] = []


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: ``kind`` is ``start``, ``metric`` or ``finish``; ``payload`` the wire form of a run or point."""

    seq: int
    run_id: str
    kind: str
    at: float
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Family:
    """Earlier runs of the same cell: the one before (without code and texts), its history, and how many there were."""

    previous: Run | None = None
    history: tuple[HistoryPoint, ...] = ()
    count: int = 0


class Outbox:
    """The outbox of a workspace; safe to share between threads and to use after a fork."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = self._lock_pid = 0
        self._inode = 0

    def start(self, run: Run) -> None:
        """Write down that a run has begun. It survives the death of this process.

        Raises
        ------
        TrackingError
            The outbox cannot be written.
        WorkspaceError
            The workspace cannot be written.
        """
        with self._transaction(durable=False) as connection:
            _add(connection, run.run_id, "start", to_wire(run))

    def metric(self, run_id: str, point: MetricPoint) -> None:
        """Write down one point of a series. It survives the death of this process.

        Raises
        ------
        TrackingError
            The outbox cannot be written.
        """
        with self._transaction(durable=False) as connection:
            _add(connection, run_id, "metric", to_wire(point))

    def finish(self, run: Run, blobs: Sequence[tuple[ArtifactRef, bytes]] = ()) -> None:
        """Write down a run, whole. When this returns, run and files are on disk.

        Parameters
        ----------
        run
            The finished run; its artifacts and models name the digests of ``blobs``.
        blobs
            Files to put into the content store first.

        Raises
        ------
        TrackingError
            The outbox cannot be written.
        WorkspaceError
            The content store cannot be written.
        """
        for ref, data in blobs:
            digest = put_bytes(self._workspace, data)
            if ref.kind == PROFILE:
                remember(self._workspace, ref.path, digest)
        wire = to_wire(run)
        with self._transaction(durable=True) as connection:
            _add(connection, run.run_id, "finish", wire)
            if run.cell.key:
                _remember(connection, run)

    def family(self, cell_key: str) -> Family:
        """Give the earlier runs of a cell.

        Raises
        ------
        TrackingError
            The outbox cannot be read.
        """
        if not cell_key:
            return Family()
        with self._open() as connection:
            rows = connection.execute(
                "SELECT payload FROM family WHERE cell_key = ? ORDER BY seq DESC LIMIT ?", (cell_key, HISTORY)
            ).fetchall()
            count = connection.execute("SELECT runs FROM counts WHERE cell_key = ?", (cell_key,)).fetchone()
        runs = [from_wire(Run, json.loads(row[0])) for row in rows]
        history = tuple(HistoryPoint(run_id=r.run_id, name=r.name, metrics=r.metrics) for r in reversed(runs))
        return Family(runs[0] if runs else None, history, count[0] if count else 0)

    def entries(self, after: int = 0, limit: int = 500) -> list[Entry]:
        """Give entries in the order they were written.

        Raises
        ------
        TrackingError
            The outbox cannot be read.
        """
        with self._open() as connection:
            rows = connection.execute(
                "SELECT seq, run_id, kind, at, payload FROM entries WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ).fetchall()
        return [Entry(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in rows]

    def discard(self, through: Sequence[int]) -> None:
        """Remove entries that are in the ledger.

        Raises
        ------
        TrackingError
            The outbox cannot be written.
        """
        with self._transaction(durable=False) as connection:
            connection.executemany("DELETE FROM entries WHERE seq = ?", [(seq,) for seq in through])

    def set_aside(self, seq: int, reason: str) -> None:
        """Move an entry that the ledger will never take out of the way of the others; it is kept.

        Raises
        ------
        TrackingError
            The outbox cannot be written.
        """
        with self._transaction(durable=True) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO aside SELECT seq, run_id, kind, at, payload, ? FROM entries WHERE seq = ?",
                (reason, seq),
            )
            connection.execute("DELETE FROM entries WHERE seq = ?", (seq,))

    def refused(self) -> list[tuple[str, str]]:
        """Give run id and reason of each entry that was set aside, newest first.

        Raises
        ------
        TrackingError
            The outbox cannot be read.
        """
        with self._open() as connection:
            return connection.execute("SELECT run_id, reason FROM aside ORDER BY seq DESC LIMIT 100").fetchall()

    def pending(self) -> int:
        """Count the entries that are not in the ledger yet.

        Raises
        ------
        TrackingError
            The outbox cannot be read.
        """
        with self._open() as connection:
            return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            # NORMAL survives the death of the process, FULL that of the machine.
            connection.execute("PRAGMA synchronous=FULL" if durable else "PRAGMA synchronous=NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._pid not in (0, os.getpid()) and self._lock_pid != os.getpid():
            # Whoever held it when we were forked does not exist here.
            self._lock, self._lock_pid = threading.RLock(), os.getpid()
        with self._lock:
            try:
                yield self._ready()
            except sqlite3.Error as error:
                raise TrackingError(
                    f"The outbox {self._workspace.outbox} does not take this: {error}.",
                    hint="Check free space and permissions; `nbops doctor` says more.",
                ) from error

    def _ready(self) -> sqlite3.Connection:
        path = self._workspace.outbox
        try:
            inode = os.stat(path).st_ino
        except OSError:
            inode = 0
        # A connection must not cross a fork, nor outlive a file that was deleted.
        if self._connection is not None and self._pid == os.getpid() and inode == self._inode:
            return self._connection
        if self._connection is not None and self._pid != os.getpid():
            # Closing it here would meddle with the locks of the process we were forked from.
            _inherited.append(self._connection)
        self._connection = None
        self._workspace.ensure()
        connection = connect(str(path))
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            with file_lock(self._workspace.locks / "outbox.lock"):
                create(connection)
        self._connection, self._pid, self._inode = connection, os.getpid(), os.stat(path).st_ino
        return connection


def outbox_of(workspace: Workspace) -> Outbox:
    """Give this process's outbox of a workspace; those asked for longest ago let go of their files until used again."""
    with _giving:
        box = _boxes.pop(str(workspace.root), None) or Outbox(workspace)
        _boxes[str(workspace.root)] = box
        forgotten = [_boxes.pop(name) for name in list(_boxes)[:-_KEPT_OPEN]]
    for one in forgotten:
        one.close()
    return box


def _add(connection: sqlite3.Connection, run_id: str, kind: str, payload: dict[str, Any]) -> None:
    connection.execute(
        "INSERT INTO entries (run_id, kind, at, payload) VALUES (?, ?, ?, ?)",
        (run_id, kind, time.time(), _text(payload)),
    )


def _text(payload: dict[str, Any]) -> str:
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Output may hold half a surrogate pair, which no database's UTF-8 takes, or NUL, which PostgreSQL does not.
    return _NUL.sub("\\1\\\\ufffd", text.encode("utf-8", "replace").decode("utf-8"))


def _remember(connection: sqlite3.Connection, run: Run) -> None:
    slim = replace(run, code="", stdout="", stderr="", error=None, artifacts=(), names_read=(), names_written=())
    text = _text(to_wire(slim))
    key = run.cell.key
    last = connection.execute("SELECT max(seq) FROM family WHERE cell_key = ?", (key,)).fetchone()[0] or 0
    connection.execute("INSERT INTO family VALUES (?, ?, ?, ?)", (key, last + 1, run.run_id, text))
    connection.execute("DELETE FROM family WHERE cell_key = ? AND seq <= ?", (key, last + 1 - HISTORY))
    connection.execute("INSERT INTO counts VALUES (?, 1) ON CONFLICT (cell_key) DO UPDATE SET runs = runs + 1", (key,))
