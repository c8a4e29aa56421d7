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
