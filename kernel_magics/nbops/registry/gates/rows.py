"""The files that gates look at: each read once in a process, and known by the sha256 of its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.data.fingerprint import fingerprint
from nbops.data.reading import read_table
from nbops.errors import DataError
from nbops.registry.held_out import BUNDLED, digest_of_file, located
from nbops.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Rows:
    """A file that was read. ``digest`` is the sha256 of its bytes, ``fingerprint`` that of its rows, if they have one.

    ``frame`` is everybody's: whoever hands it to code that is not ours hands out a copy.
    """

    frame: pd.DataFrame
    digest: str
    fingerprint: str


class Tables:
    """The files of a workspace that gates name.

    Parameters
    ----------
    workspace
        Where they lie.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._digests: dict[str, str] = {}
        self._by_name: dict[str, Rows] = {}
        self._by_content: dict[tuple[str, tuple[str, ...]], Rows] = {}

    def digest(self, data: str) -> str:
        """Give the sha256 of a file's bytes, empty if it cannot be read; of bundled data, that of their rows."""
        if data.startswith(BUNDLED):
            return self.read(data).digest
        if data not in self._digests:
            self._digests[data] = digest_of_file(located(self._workspace, data))
        return self._digests[data]

    def known(self, data: str) -> Rows | None:
        """Give the rows of a file if it has been read."""
        return self._by_name.get(data)

    def read(self, data: str) -> Rows:
        """Give a file's rows, read once for all gates, whatever name they give to it.

        Raises
        ------
        NotFoundError
            There is no such file.
        DataError
            It cannot be read, or changes while it is.
        """
        if data not in self._by_name:
            self._by_name[data] = self._read(data)
        return self._by_name[data]

    def _read(self, data: str) -> Rows:
        path = located(self._workspace, data)
        if data.startswith(BUNDLED):
            frame = read_table(path)
            identity = fingerprint(frame)
            return Rows(frame, identity, identity)
        digest = self.digest(data)
        # Two files may hold the same bytes and be read as different kinds.
        key = (digest, tuple(Path(path).suffixes))
        if digest and key in self._by_content:
            return self._by_content[key]
        frame = read_table(path)
        if digest_of_file(path) != digest:
            raise DataError(f"{data} changed while it was read")
        self._by_content[key] = Rows(frame, digest, _identity(frame))
        return self._by_content[key]


def _identity(frame: pd.DataFrame) -> str:
    try:
        return fingerprint(frame)
    except DataError:  # cells without a stable form can still be judged on
        return ""
