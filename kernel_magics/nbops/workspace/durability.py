"""Bring what was written to disk, on every operating system."""

from __future__ import annotations

import os
from pathlib import Path


def flush_file(path: str | os.PathLike[str]) -> None:
    """Bring the content of a file to disk that another library has written and closed."""
    # Open for writing: Windows flushes no file that is open for reading only.
    with open(path, "r+b") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders, and needs it not
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
