"""Of which kind a value is that a stage gives away, and what of it is written down."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import UsageError

# Kinds whose value is the path of a file.
FILES = frozenset({"table", "array", "file"})
_DEEPEST = 50
_HINT = "Pass numbers, texts, lists, dictionaries with text keys, DataFrames, arrays, files or fitted estimators."
_OBJECT_HINT = (
    "Tables, Series, arrays, plain values and fitted models can be; make it one, or make it where it is used."
)


def kind_of(name: str, value: Any) -> str:
    """Give ``json``, ``table``, ``array``, ``file`` or ``model``.

    Raises
    ------
    UsageError
        The value is none of these.
    """
    if isinstance(value, os.PathLike):
        if not Path(value).expanduser().is_file():
            raise UsageError(f"the output {name!r} names {value}, which is no file.")
        return "file"
    if isinstance(value, str) and (os.sep in value or "." in value) and len(value) < 4096 and os.path.isfile(value):
        return "file"
    if kind := _large(value):
        return kind
    plain(name, value)
    return "json"


def object_kind_of(name: str, value: Any) -> str:
    """Do as :func:`kind_of` does for a value that is to be the same in a later stage: ``literal`` too, and text stays text.

    Raises
    ------
    UsageError
        The value cannot be made again.
    """
    if kind := _large(value):
        return kind
    if isinstance(value, os.PathLike) and Path(value).is_file():
        return "file"
    if isinstance(value, os.PathLike) or same(value, _plain_or_none(name, value)):
        return "json"
    if same(value, _read_back(repr(value))):
        return "literal"
    raise UsageError(f"{name} is a {type(value).__name__}, which cannot be passed on.", hint=_OBJECT_HINT)


def plain(name: str, value: Any, depth: int = 0) -> Any:
    """Give a value as JSON has it.

    Raises
    ------
    UsageError
        It cannot be told in JSON.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if depth < _DEEPEST:
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {str(key): plain(name, item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(name, item, depth + 1) for item in value]
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return plain(name, value.item(), depth + 1)
    if isinstance(value, os.PathLike):
        return str(value)
    raise UsageError(f"the output {name!r} holds a {type(value).__name__}, which cannot be passed on.", hint=_HINT)


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal and of the same types, deep down; numbers of numpy are like those of Python."""
    if type(one).__module__ == "numpy" and getattr(one, "shape", None) == ():
        one = one.item()
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one) and all(map(_is_key, one))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (set, frozenset)):
        return bool(one == other) and all(map(_is_key, one))
    return bool(one == other) or (isinstance(one, float) and one != one and other != other)


def _is_key(value: Any) -> bool:
    """Whether a value is one that Python's literals make; anything may call itself equal."""
    if isinstance(value, tuple):
        return all(map(_is_key, value))
    return value is None or type(value) in {str, int, float, bool, bytes, complex}


def _large(value: Any) -> str:
    kind = type(value)
    if kind.__module__.partition(".")[0] == "pandas" and hasattr(kind, "to_parquet" if _columns(value) else "to_frame"):
        return "table"
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray" and not value.dtype.hasobject and value.ndim:
        return "array"
    if hasattr(kind, "fit") and (hasattr(kind, "predict") or hasattr(kind, "transform")):
        return "model"
    return ""


def _columns(value: Any) -> bool:
    return getattr(value, "ndim", 0) == 2


def _plain_or_none(name: str, value: Any) -> Any:
    try:
        return plain(name, value)
    except UsageError:
        return None


def _read_back(text: str) -> Any:
    # Of values that are no literals this is the text itself, which no other value is the same as.
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
