"""Words that a schedule may be written with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MEASURES = ("rows", "bytes", "files")


def meant(word: str, known: Iterable[str]) -> str:
    """Ask whether the closest of the known words was meant."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else ""
