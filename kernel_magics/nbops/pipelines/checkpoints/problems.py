"""Why a state cannot be kept or restored; in the kernel."""

from __future__ import annotations


class CannotKeep(Exception):
    """Something cannot be kept or restored; the text says what, in a few words."""


class TooMuch(CannotKeep):
    """The state is larger than it may be, or takes longer: then it is ``late``."""

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


class HoldsSecret(CannotKeep):
    """A secret would get into the file."""
