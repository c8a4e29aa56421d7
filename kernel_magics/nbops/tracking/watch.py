"""Notice that another connection has committed to a SQLite file, at the cost of one pragma."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path


class Watch:
    """Tells whether a SQLite file has been written since it was last asked; the first answer is yes.

    ``PRAGMA data_version`` moves exactly when another connection commits. The file may come, go and come back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None
        self._asked = False

    def changed(self) -> bool:
        """Whether somebody has committed since the last call."""
        now = self._look()
        changed = now != self._seen or not self._asked
        self._seen, self._asked = now, True
        return changed

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _look(self) -> tuple[int, int] | None:
        try:
            inode = os.stat(self._path).st_ino
            if self._seen is not None and self._seen[0] != inode:
                self.close()
            if self._connection is None:
                uri = f"{self._path.as_uri()}?mode=ro"
                self._connection = sqlite3.connect(uri, uri=True, timeout=0.2, check_same_thread=False)
            return inode, int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except FileNotFoundError:
            self.close()
            return None
        except (OSError, sqlite3.Error):
            # Busy or half made: what was last seen stands until it answers again.
            self.close()
            return self._seen


class LedgerWatch(Watch):
    """Tells whether anything that people can see has changed in a ledger that is a SQLite file; the first answer is yes.

    Not everything that is written there is to be seen: a scheduler renews its lease, a run gives a sign of life. Only when
    the file has been written is the ledger's revision asked for.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._revision: int | None = None

    def changed(self) -> bool:
        """Whether there is something new to see since the last call."""
        if not super().changed():
            return False
        before, self._revision = self._revision, self._read_revision()
        return before is None or self._revision is None or self._revision != before

    def _read_revision(self) -> int | None:
        try:
            found = self._connection and self._connection.execute("SELECT value FROM revision WHERE id = 1").fetchone()
        except sqlite3.Error:  # busy, or it has no tables yet
            return None
        return int(found[0]) if found else None
