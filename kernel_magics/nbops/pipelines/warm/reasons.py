"""Why a kernel cannot be forked."""

from __future__ import annotations


class Unforkable(Exception):
    """A kernel cannot be forked; its text is the reason, told after ``normal:``. Never reaches a user as an error."""
