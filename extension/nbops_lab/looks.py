"""Looks of monitors that were asked for here: each in a process of its own, which goes on when this server ends."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nbops.tracking.launch import plain_environment
from nbops.workspace import Workspace
from nbops.workspace.environment import environment_of

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]
Key = tuple[Path, str]
_TAIL = 4000
_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Looking:
    """A look that was asked for: whether it goes on, and why the last one came to nothing."""

    running: bool = False
    failure: str = ""


class Looks:
    """Looks under way and how the last of each monitor ended; none is begun twice at the same time.

    Parameters
    ----------
    log
        The server's log.
    moved
        Told the root of a workspace whenever there is something new to say of a look in it; from any thread.
    """

    def __init__(self, log: Log, moved: Callable[[Path], None]) -> None:
        self._log, self._moved = log, moved
        self._lock = threading.Lock()
        self._known: dict[Key, Looking] = {}

    def start(self, workspace: Workspace, name: str) -> None:
        """Begin a look unless one of this monitor goes on."""
        key = (workspace.root, name)
        with self._lock:
            if self._known.get(key, Looking()).running:
                return
            self._known.pop(key, None)
            self._known[key] = Looking(running=True)
            for old in [old for old, one in self._known.items() if not one.running][:-_REMEMBERED]:
                del self._known[old]
        threading.Thread(target=self._look, args=(workspace, name), name="nbops-look", daemon=True).start()

    def outcome(self, workspace: Workspace, name: str) -> Looking:
        """Give how the last look that was asked for here stands."""
        with self._lock:
            return self._known.get((workspace.root, name), Looking())

    def _look(self, workspace: Workspace, name: str) -> None:
        self._moved(workspace.root)
        words = ["monitor", "run", "-C", str(workspace.root), "--", name]
        try:
            with tempfile.TemporaryFile() as said:
                code = _begin(workspace, words, said).wait()
                failure = "" if code == 0 else _last_line(said) or f"The process ended with {code}."
        except OSError as error:
            failure = f"It cannot be started: {error}."
        if failure:
            self._log.warning("nbops: the look of %s: %s", name, failure)
        with self._lock:
            self._known[workspace.root, name] = Looking(failure=failure)
        self._moved(workspace.root)


def _begin(workspace: Workspace, words: Sequence[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "nbops", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
        env=environment_of(workspace, plain_environment()),
        cwd=workspace.root,
        start_new_session=True,
    )


def _last_line(said: IO[bytes]) -> str:
    """Give the last thing that a process said; its error stands there in one line."""
    with contextlib.suppress(OSError):
        size = said.seek(0, 2)
        said.seek(max(0, size - _TAIL))
        lines = said.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""
