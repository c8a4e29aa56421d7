"""Pieces of Python source."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any


def literal(value: Any) -> str:
    """Give a literal as people write it: texts in double quotes."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def beside(target: PurePosixPath) -> str:
    """Give an expression for the root of the repository, from where the file lies in it."""
    if target.is_absolute():
        return "os.getcwd()"
    return f"str(Path(__file__).resolve().parents[{len(target.parts) - 1}])"


def _text(value: str) -> str:
    shown = repr(value)
    if shown.startswith("'"):
        # repr escapes what it must; only the quotes are turned.
        shown = '"' + shown[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
    return shown
