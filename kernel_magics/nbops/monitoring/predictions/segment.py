"""The file that one writer adds to: nobody else does, and it is flushed to disk before anybody is told."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.errors import WorkspaceError
from nbops.monitoring.predictions.framing import MAGIC, PROFILE, ROWS, SCHEMA, framed
from nbops.workspace.durability import flush_folder
from nbops.workspace.locks import HeldLock, try_lock

if TYPE_CHECKING:
    import pyarrow as pa

ENDING = ".segment"


class Segment:
    """A new segment in a folder, held by a lock that is free once this process has ended.

    Whoever makes one holds the lock of the journal: who finds a segment without a holder takes its writer for dead.

    Parameters
    ----------
    folder
        Where it lies; made if absent.

    Raises
    ------
    WorkspaceError
        It cannot be written.

    Attributes
    ----------
    path : Path
        The file; names sort by the time they were begun.
    size : int
        How many bytes are on disk.
    rows : int
        How many rows.
    broken : bool
        Whether something could not be written: what is there stays good, and the next goes to a new segment.
    """

    def __init__(self, folder: Path) -> None:
        name = f"{time.time_ns() // 1000:016x}-{os.getpid():x}-{secrets.token_hex(4)}"
        self.path = folder / f"{name}{ENDING}"
        self.size, self.rows, self.broken = 0, 0, False
        self._schema: pa.Schema | None = None
        held: HeldLock | None = None
        try:
            held = try_lock(self.path)
            # Nobody else knows the name.
            assert held is not None
            self._held: HeldLock = held
            self._write(MAGIC)
            flush_folder(folder)
        except OSError as error:
            if held is not None:
                # Nowhere can a file be removed that is open, but on POSIX.
                held.release()
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            raise unwritten(self.path, error) from error

    def append(self, table: pa.Table | None, profiles: list[bytes]) -> None:
        """Add rows and profiles, and come back when they are on disk.

        Raises
        ------
        WorkspaceError
            They could not be written, and nothing of them is there.
        """
        parts = [framed(PROFILE, profile) for profile in profiles]
        if table is not None:
            if self._schema is None or not table.schema.equals(self._schema):
                self._schema = table.schema
                parts.append(framed(SCHEMA, table.schema.serialize()))
            parts += [framed(ROWS, batch.serialize()) for batch in table.to_batches()]
        try:
            self._write(b"".join(parts))
        except OSError as error:
            self._undo()
            raise unwritten(self.path, error) from error
        self.rows += table.num_rows if table is not None else 0

    def close(self) -> None:
        """Let go of it; twice is harmless."""
        self._held.release()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._held.descriptor, view) :]
        getattr(os, "fdatasync", os.fsync)(self._held.descriptor)
        self.size += len(data)

    def _undo(self) -> None:
        """Cut off what was written in part. Where a flush has failed, what it was to flush cannot be trusted any more."""
        self.broken = True
        with contextlib.suppress(OSError):
            os.ftruncate(self._held.descriptor, self.size)


def abandoned(path: Path) -> HeldLock | None:
    """Take a segment whose writer has ended, under the lock of the journal; ``None`` when it has not, or when it is gone."""
    try:
        return try_lock(path, make=False)
    except OSError:
        return None


def unwritten(path: Path, error: OSError) -> WorkspaceError:
    """Say that a file could not be written."""
    return WorkspaceError(
        f"{path} cannot be written: {error.strerror or error}.", hint="Check free space and permissions."
    )
