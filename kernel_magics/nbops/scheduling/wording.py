"""Words that a schedule may be written with."""

from __future__ import annotations

from nbops.errors import meant

__all__ = ["MEASURES", "meant"]
MEASURES = ("rows", "bytes", "files")
