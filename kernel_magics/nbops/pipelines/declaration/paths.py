"""Paths in a declaration, so that they can be compared."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path


def located(folder: Path, name: str) -> str:
    """Give a path from a folder, where it lies in there, else whole; without ``.`` and ``..`` where that can be."""
    path = os.path.normpath(os.path.join(folder, os.path.expanduser(name)))
    inside = f"{folder}{os.sep}"
    return path.removeprefix(inside)


def is_pattern(name: str) -> bool:
    """Tell whether a name stands for several files."""
    return any(sign in name for sign in "*?[")


def covers(name: str, path: str) -> bool:
    """Tell whether a name (a file, a folder, a pattern) means a path; both as :func:`located` gives them."""
    if not is_pattern(name):
        return path == name or path.startswith(name + os.sep)
    return ("**" in name or name.count(os.sep) == path.count(os.sep)) and fnmatchcase(path, name)
