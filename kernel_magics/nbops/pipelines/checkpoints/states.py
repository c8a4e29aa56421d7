"""The kept states of one execution: the one it goes on from, and those it leaves."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from nbops.errors import WorkspaceError
from nbops.pipelines.checkpoints.keeping import Keeper, Subject
from nbops.pipelines.checkpoints.manifest import copy, remove
from nbops.pipelines.checkpoints.resuming import StartAgain, restore, resumption


class Spoilt(Exception):
    """A state was not restored whole, so the kernel is not to be used for the notebook."""


class States:
    """Keeps and restores states for one execution.

    Parameters
    ----------
    keep
        Folder for states; none to keep nothing.
    resume
        Folder of a kept state to go on from, if any.
    subject
        What is executed.

    Attributes
    ----------
    resumed
        How the notebook went on, in words; empty when it was not to.
    """

    def __init__(self, keep: Path | None, resume: Path | None, subject: Subject) -> None:
        self._keep, self._from, self._subject = keep, resume, subject
        self._keeper: Keeper | None = None
        self._carried = 0
        self.resumed = ""

    @property
    def number(self) -> int:
        """The cell from which can be gone on after this execution; 0 when nothing is kept."""
        return (self._keeper.number if self._keeper is not None else 0) or self._carried

    @property
    def problem(self) -> str:
        """Why there is no state of before the cell that failed."""
        return self._keeper.problem if self._keeper is not None else ""

    def begin(self, started: Any) -> None:
        """Begin to look after a kernel in which no cell has run."""
        if self._keep is not None:
            self._keeper = Keeper(self._keep, self._subject, started.client, started.manager)
            self._keeper.begin()

    async def resume(self, started: Any) -> int:
        """Restore a state if that can be; give the position of the first cell to execute.

        Raises
        ------
        Spoilt
            Restoring has failed on the way: it takes another kernel.
        """
        if self._from is None:
            return 0
        try:
            found = resumption(self._from, self._subject)
        except StartAgain as error:
            self.resumed = f"from the start: {error}"
            return 0
        try:
            await restore(found, self._subject, started.client, started.manager)
        except StartAgain as error:
            self.resumed = f"from the start: {error}"
            raise Spoilt from error
        self.resumed = f"from cell {found.number}"
        if self._keep is not None:
            # Until there is a later one.
            with contextlib.suppress(WorkspaceError):
                copy(self._from, self._keep)
                self._carried = found.number
        return found.first

    async def after(self, index: int, succeeded: bool) -> None:
        """Keep what is to be kept after a cell."""
        if self._keeper is not None:
            await self._keeper.after(index, succeeded)

    def remove(self) -> None:
        """Remove what was kept: nobody needs it any more."""
        if self._keep is not None:
            remove(self._keep)
        self._keeper, self._carried = None, 0
