"""Where warm parents live: a folder of this user alone, with short paths, because a socket's address has 108 bytes."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from nbops.pipelines.warm.reasons import Unforkable

RUNTIME = "NBOPS_RUNTIME"
# What we add to the folder's path, the longest being a kernel's socket, stays within the 108 bytes.
_LONGEST = 72
_MOMENT = 600.0


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one warm parent."""

    folder: Path
    name: str

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / f"{self.name}.sock"

    @property
    def lock(self) -> Path:
        """Held by it as long as it lives."""
        return self.folder / f"{self.name}.lock"

    @property
    def log(self) -> Path:
        """What it has to say."""
        return self.folder / f"{self.name}.log"

    @property
    def failure(self) -> Path:
        """Why the last one ended before it could listen."""
        return self.folder / f"{self.name}.failed"


def sweep(folder: Path) -> None:
    """Remove sockets on which nobody listens any more, because a kernel was killed together with whoever looked after it."""
    listened = set()
    for path in folder.glob("k*-*"):
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(FileNotFoundError):
            try:
                probe.connect(str(path))
                listened.add(path.name.partition("-")[0])
            except ConnectionRefusedError:
                # One that was made a moment ago may be bound and not yet listened on.
                if time.time() - path.stat().st_mtime > _MOMENT:
                    path.unlink()
    for path in folder.glob("k*.json"):
        with contextlib.suppress(FileNotFoundError):
            if path.stem not in listened and time.time() - path.stat().st_mtime > _MOMENT:
                path.unlink()


def runtime_folder() -> Path:
    """Give the folder of this user's warm parents and kernels' sockets; make it if it is not there.

    ``NBOPS_RUNTIME`` names it; else it is ``nbops`` in the session's runtime folder, else ``nbops-UID`` beside other
    temporary files.

    Raises
    ------
    Unforkable
        It cannot be made, its path is too long, or others than this user may write there.
    """
    folder = _chosen()
    if len(os.fsencode(folder)) > _LONGEST:
        raise Unforkable(f"the path {folder} is too long for sockets")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise Unforkable(f"{folder} cannot be made: {error.strerror or error}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Unforkable(f"{folder} is not a folder of this user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise Unforkable(f"{folder} is open to others (mode {stat.S_IMODE(found.st_mode):o})")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unforkable(f"{folder} cannot be written")
    return folder


def _chosen() -> Path:
    given = os.environ.get(RUNTIME)
    if given:
        return Path(given).expanduser().absolute()
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and Path(session).is_dir():
        return Path(session).absolute() / "nbops"
    return Path(tempfile.gettempdir()).absolute() / f"nbops-{os.getuid()}"
