"""Digests of files, remembered by what the file system says of them. Standard library only.

A file is read again when its size, times or inode differ. One that was changed within the last two seconds is read each
time, because another change in the same tick of the clock would leave no trace. What is remembered lies in
``.nbops/pipelines/cache.db``; without it everything is read once more and nothing is lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbops
from nbops.pipelines.staleness.witness import ABSENT, signature_of
from nbops.workspace import Workspace

FILE_NAME, CLOCK = "cache.db", "clock"
# Nanoseconds.
YOUNG = 2_000_000_000
# Folders below a folder that are nobody's data.
UNSEEN = frozenset({".nbops", ".git", ".ipynb_checkpoints", "__pycache__"})
_LARGEST = 256 << 20
# Another version may read a file in another way.
_BY = f"{nbops.__version__} {sys.version_info[0]}.{sys.version_info[1]}"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, signature TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (path TEXT PRIMARY KEY, signature TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
"""


class Digests:
    """Digests of files and folders, and which of them were looked at.

    Parameters
    ----------
    workspace
        Where digests are remembered; without one they are remembered by this object only.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        # First signature of every path that was asked for; what is not there counts too.
        self.looked: dict[str, str] = {}
        self._database = workspace.pipelines / FILE_NAME if workspace is not None else None
        self._connection: sqlite3.Connection | None = None
        self._memory: dict[str, tuple[str, str]] = {}
        self._notes: dict[str, tuple[str, Any]] = {}
        self._lock = threading.RLock()
        self._time = 0

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def stat(self, path: str | Path) -> os.stat_result | None:
        """Look at a path; none where nothing is there."""
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            found = None
        self.looked.setdefault(os.fspath(path), _signature(found))
        return found

    def is_file(self, path: str | Path) -> bool:
        """Whether there is such a file."""
        found = self.stat(path)
        return found is not None and stat.S_ISREG(found.st_mode)

    def is_dir(self, path: str | Path) -> bool:
        """Whether there is such a folder."""
        found = self.stat(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def of(self, path: str | Path) -> str:
        """Give the sha256 of a file.

        Raises
        ------
        OSError
            It cannot be read.
        """
        name, before = os.fspath(path), self.stat(path)
        signature = _signature(before)
        known = self._known(name, signature)
        if known:
            return known
        with open(name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if before is not None and signature_of(os.stat(name)) == signature:
            self._remember(name, before, signature, digest)
        return digest

    def files(self, folder: str | Path) -> Iterator[Path]:
        """Give every file below a folder, in an order of their names; links to folders are not followed."""
        self.stat(folder)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name in UNSEEN:
                    continue
                yield from self.files(entry.path)
            elif entry.is_file():
                yield Path(entry.path)

    def note(self, path: str | Path) -> Any:
        """Give what :meth:`keep_note` kept of a file or folder as it is now; none where it is not known."""
        name, signature = os.fspath(path), _signature(self.stat(path))
        if self._notes.get(name, ("",))[0] == signature:
            return self._notes[name][1]
        rows = self._ask("SELECT signature, body FROM notes WHERE path = ?", name)
        if not rows or rows[0][0] != signature:
            return None
        try:
            by, body = json.loads(rows[0][1])
        except (ValueError, TypeError):
            return None
        if by != _BY:
            return None
        self._notes[name] = (signature, body)
        return body

    def keep_note(self, path: str | Path, before: os.stat_result, body: Any) -> None:
        """Keep something that was worked out from a file or folder, looked at before it was read."""
        if self._trusted(before):
            name, signature = os.fspath(path), signature_of(before)
            self._notes[name] = (signature, body)
            self._ask("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", name, signature, json.dumps([_BY, body]))

    def settled(self) -> bool:
        """Whether nothing that was looked at is too young to be known by its signature."""
        newest = max((_newest(signature) for signature in self.looked.values()), default=0)
        return self._is_old(newest)

    def _known(self, name: str, signature: str) -> str:
        kept = self._memory.get(name)
        if kept is None:
            rows = self._ask("SELECT signature, digest FROM files WHERE path = ?", name)
            kept = self._memory[name] = rows[0] if rows else ("", "")
        return kept[1] if kept[0] == signature else ""

    def _remember(self, name: str, before: os.stat_result, signature: str, digest: str) -> None:
        if self._trusted(before):
            self._memory[name] = (signature, digest)
            self._ask("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", name, signature, digest)

    def _trusted(self, found: os.stat_result) -> bool:
        return self._is_old(max(found.st_mtime_ns, found.st_ctime_ns))

    def _is_old(self, changed: int) -> bool:
        # Looking at the clock touches a file, and what was old enough is so for ever.
        if changed >= self._time - YOUNG:
            self._time = _clock(self._database.parent if self._database is not None else None)
        return changed < self._time - YOUNG

    def _ask(self, statement: str, *values: str) -> list[Any]:
        with self._lock:
            for attempt in (1, 2):
                connection = self._opened()
                if connection is None:
                    return []
                try:
                    return connection.execute(statement, values).fetchall()
                except sqlite3.OperationalError:
                    # Busy or read-only: what is not remembered is worked out again.
                    return []
                except (sqlite3.DatabaseError, UnicodeError):
                    if attempt == 1:
                        self._start_again()
        return []

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is None and self._database is not None:
            try:
                self._connection = self._open(self._database)
            except (sqlite3.OperationalError, OSError):
                self._database = None
            except sqlite3.DatabaseError:
                self._start_again()
        return self._connection

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
            if path.stat().st_size > _LARGEST:
                connection.executescript("DELETE FROM files; DELETE FROM notes; VACUUM;")
        except BaseException:
            connection.close()
            raise
        return connection

    def _start_again(self) -> None:
        """Remove a database that cannot be read: it holds nothing that cannot be found out again."""
        self.close()
        if self._database is None:
            return
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(f"{self._database}{suffix}")
        try:
            self._connection = self._open(self._database)
        except (sqlite3.Error, OSError):
            self._database = None


def _signature(found: os.stat_result | None) -> str:
    return ABSENT if found is None else signature_of(found)


def _newest(signature: str) -> int:
    parts = signature.split()
    return max(int(parts[1]), int(parts[2])) if len(parts) == 4 else 0


def _clock(folder: Path | None) -> int:
    """Give the time by the clock that stamps files; that of a file server may be another than ours."""
    if folder is not None:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / CLOCK, os.O_CREAT | os.O_WRONLY, 0o644)
            try:
                os.utime(folder / CLOCK)
                return os.fstat(descriptor).st_mtime_ns
            finally:
                os.close(descriptor)
    return time.time_ns()
