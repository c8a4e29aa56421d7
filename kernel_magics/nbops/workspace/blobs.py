"""The content store: files named by the sha256 of their bytes. Standard library only.

A file in place is whole: bytes go to a temporary file, are flushed to disk and renamed. Nothing is ever
changed afterwards, so the same bytes are kept once however often they are written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nbops.errors import NotFoundError, WorkspaceError

if TYPE_CHECKING:
    from nbops.workspace.location import Workspace

_CHUNK = 1 << 20
_UNFINISHED = ".writing-"
# Linux: ioctl FICLONE.
_CLONE = 0x40049409
_DIGEST = re.compile(r"[0-9a-f]{64}")


def path_of(workspace: Workspace, digest: str) -> Path:
    """Where the bytes of ``digest`` lie; the file need not exist.

    Raises
    ------
    NotFoundError
        ``digest`` is not a sha256 in hexadecimal, so it cannot name a file.
    """
    if not _DIGEST.fullmatch(digest):
        raise NotFoundError(f"{digest[:80]!r} is not the sha256 of a stored file.")
    return workspace.blobs / digest[:2] / digest


def put_bytes(workspace: Workspace, data: bytes | memoryview) -> str:
    """Store ``data`` and give its sha256. When this returns, the bytes are on disk.

    Raises
    ------
    WorkspaceError
        The store cannot be written, for example because the disk is full.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = path_of(workspace, digest)
    if not _holds(path, data):
        write_atomically(path, data)
    return digest


def _holds(path: Path, data: bytes | memoryview) -> bool:
    """Whether a file has these bytes: what a fault of the disk has damaged is made good while they are at hand."""
    view = memoryview(data)
    try:
        if path.stat().st_size != view.nbytes:
            return False
        with path.open("rb") as file:
            return all(file.read(_CHUNK) == view[start : start + _CHUNK] for start in range(0, view.nbytes, _CHUNK))
    except OSError:
        return False


def put_file(workspace: Workspace, source: Path) -> str:
    """Store the bytes of a file and give their sha256. The copy shares nothing that a later edit of the file would change.

    Raises
    ------
    NotFoundError
        There is no such file.
    WorkspaceError
        The file cannot be read or the store cannot be written.
    """
    try:
        # In a folder of its own, because what it will be called is known when it is copied.
        name, digest = _copied(source, workspace.blobs / "incoming")
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {source}.") from error
    path = path_of(workspace, digest)
    try:
        path.parent.mkdir(exist_ok=True)
        os.replace(name, path)
    except OSError as error:
        raise _unwritten(path, name, error) from error
    return digest


def fetch(workspace: Workspace, digest: str, folder: Path) -> Path:
    """Copy the bytes of ``digest`` into a new file of a folder, checked; whoever asks gives it its name.

    Raises
    ------
    NotFoundError
        The store has no such bytes.
    WorkspaceError
        They have been changed since they were written, or the folder cannot be written.
    """
    path = path_of(workspace, digest)
    try:
        name, found = _copied(path, folder)
    except FileNotFoundError as error:
        raise NotFoundError(f"The content store has no {digest[:12]}.", hint=f"It should be {path}.") from error
    if found != digest:
        os.unlink(name)
        raise WorkspaceError(f"{path} has been changed since it was written.", hint="Restore it from a backup.")
    return Path(name)


def read(workspace: Workspace, digest: str) -> bytes:
    """Give the bytes of ``digest``, checked.

    Raises
    ------
    NotFoundError
        The store has no such bytes.
    WorkspaceError
        The file has been changed since it was written.
    """
    path = path_of(workspace, digest)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"The content store has no {digest[:12]}.", hint=f"It should be {path}.") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise WorkspaceError(f"{path} has been changed since it was written.", hint="Restore it from a backup.")
    return data


def write_atomically(path: Path, data: bytes | memoryview, *, mode: int = 0o644) -> None:
    """Write a file so that it is either whole or absent, also after a crash.

    Raises
    ------
    WorkspaceError
        The folder or file cannot be written.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except OSError as error:
        raise _unwritten(path, name, error) from error


def _unwritten(path: Path, name: str, error: OSError) -> WorkspaceError:
    """Remove what was written so far and say that it could not be."""
    with contextlib.suppress(OSError):
        os.unlink(name)
    return WorkspaceError(
        f"{path} cannot be written: {error.strerror or error}.", hint="Check free space and permissions."
    )


def _copied(source: Path, folder: Path) -> tuple[str, str]:
    """Copy a file into a new one of a folder, flushed to disk; give its name and the sha256 of what was copied."""
    name = ""
    with source.open("rb") as file:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=_UNFINISHED)
            with os.fdopen(descriptor, "w+b") as target:
                digest = _copy(file, target)
                target.flush()
                os.fsync(target.fileno())
            os.chmod(name, 0o644)
        except OSError as error:
            raise _unwritten(folder, name, error) from error
    return name, digest


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    shared = _shares_blocks(source, target)
    found = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        found.update(chunk)
        if not shared:
            target.write(chunk)
    return found.hexdigest()


def _shares_blocks(source: BinaryIO, target: BinaryIO) -> bool:
    """Let the file system copy when written to (Btrfs, XFS and others), which costs nothing until then."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target.fileno(), _CLONE, source.fileno())
    except OSError:
        return False
    return True
