"""Values as runs keep them: numbers for metrics, short texts for parameters. Nothing is imported for it."""

from __future__ import annotations

import sys
from typing import Any

MAX_TEXT = 250
_SCALARS = (bool, int, float, complex, str, type(None))


def as_metric(value: Any, *, forced: bool = False) -> float | None:
    """Give a float for a value that can be a metric, else None.

    Floats of Python and numpy count by themselves; whole numbers, booleans excepted, and arrays or tensors of a
    single element only when ``forced``.
    """
    if isinstance(value, float):
        return float(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.floating):
        return float(value)
    if not forced or isinstance(value, (bool, str, bytes)):
        return None
    if isinstance(value, int) or (numpy is not None and isinstance(value, numpy.integer)):
        return float(value)
    if getattr(value, "shape", None) in ((), (1,)) and callable(getattr(value, "item", None)):
        return as_metric(value.item(), forced=isinstance(value.item(), (int, float)))
    return None


def as_param(value: Any) -> str | None:
    """Give the text of a scalar, or of a small container of scalars, else None."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT and "\n" not in value else None
    if isinstance(value, _SCALARS):
        return str(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return str(value.item()) if value.dtype.kind in "biufU" else None
    if type(value) in (tuple, list, set, dict) and len(value) <= 50 and _plain(value):
        text = repr(value)
        return text if len(text) <= MAX_TEXT else None
    return None


def clip(text: str, limit: int = MAX_TEXT) -> str:
    """Cut a text to ``limit`` characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, _SCALARS):
        return True
    if depth > 3:
        return False
    if type(value) is dict:
        return all(_plain(k, depth + 1) and _plain(v, depth + 1) for k, v in value.items())
    return type(value) in (tuple, list, set) and all(_plain(item, depth + 1) for item in value)
