"""Parse Python, also while other threads do."""

from __future__ import annotations

import ast
import threading

_lock = threading.Lock()
_TRIES = 20


def parse(source: str) -> ast.Module:
    """Give the syntax tree of a source.

    Python 3.11 counts the depth of its recursion for all threads together (cpython gh-106905), so that parsing in
    two at once now and then raises ``SystemError``. Our own threads wait for each other; others are outlasted.

    Raises
    ------
    SyntaxError, ValueError
        The source is no Python.
    """
    with _lock:
        for _ in range(_TRIES - 1):
            try:
                return ast.parse(source)
            except SystemError:
                continue
        return ast.parse(source)
