"""Which content a profile is of: a small file for each fingerprint, that names the profile in the content store.

Standard library only. It spares the kernel a question to the ledger, which knows the same; what is lost is made again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbops.errors import NbopsError
from nbops.workspace.blobs import read, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from nbops.workspace.location import Workspace

KIND = "profile"
_PATH = re.compile(r"profiles/([0-9a-f]{64})\.json")


def path_of_profile(fingerprint: str) -> str:
    """Give the path, among the files of a run, of the profile of the data with this fingerprint."""
    return f"profiles/{fingerprint}.json"


def known(workspace: Workspace, fingerprint: str) -> bytes | None:
    """Give the stored profile of the data with this fingerprint, or nothing where there is none that is whole."""
    try:
        return read(workspace, _pointer(workspace, fingerprint).read_text(encoding="ascii"))
    except (NbopsError, OSError, UnicodeDecodeError):
        return None


def remember(workspace: Workspace, path: str, digest: str) -> None:
    """Note that the file of a run at ``path`` is the profile with this digest, if it is one.

    Raises
    ------
    WorkspaceError
        The note cannot be written.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return
    pointer = _pointer(workspace, match[1])
    # One that names what is no longer there is made good.
    if not pointer.exists() or pointer.read_bytes() != digest.encode("ascii"):
        write_atomically(pointer, digest.encode("ascii"))


def _pointer(workspace: Workspace, fingerprint: str) -> Path:
    return workspace.data / "profiles" / fingerprint[:2] / fingerprint
