"""All that is wrong with what a person wrote, told at once. Standard library only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from nbops.errors import NbopsError


class Faults:
    """What is wrong with several fields, gathered so that whoever wrote them is told of all at once.

    Parameters
    ----------
    found
        What was found already.

    Examples
    --------
    >>> from nbops.errors import UsageError
    >>> faults = Faults()
    >>> with faults.about("share"):
    ...     raise UsageError("share must be below 1.")
    >>> with faults.about("mode"):
    ...     raise UsageError("There is no such mode.")
    >>> faults.settle()
    Traceback (most recent call last):
    nbops.errors.UsageError: share must be below 1. And 1 more is wrong: mode.
    """

    def __init__(self, found: Iterable[NbopsError] = ()) -> None:
        self._found = list(found)

    def __contains__(self, field: object) -> bool:
        return any(error.field == field for error in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    @contextlib.contextmanager
    def about(self, field: str) -> Iterator[None]:
        """Keep an error that comes in this block, about ``field`` unless it says so itself, and go on after the block."""
        try:
            yield
        except NbopsError as error:
            error.field = error.field or field
            self._found += [error, *error.further]
            error.further = ()

    def settle(self) -> None:
        """Raise the first of what was found, with the others as its ``further``.

        Raises
        ------
        NbopsError
            Anything was found.
        """
        if self._found:
            first, *further = self._found
            first.further = tuple(further)
            raise first
