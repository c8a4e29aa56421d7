"""Thresholds and weights as they are typed on a line: ``psi=0.2,tenure.wasserstein=0.3``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbops.errors import UsageError


def typed_thresholds(text: str) -> dict[str, Any]:
    """Read ``statistic=number`` and ``column.statistic=number``, separated by commas, as :func:`nbops.drift` takes them.

    Raises
    ------
    UsageError
        It is nothing of the kind.
    """
    found: dict[str, Any] = {}
    for name, value in _pairs(text, "--fixed"):
        column, dot, statistic = name.rpartition(".")
        if dot:
            found.setdefault(column, {})[statistic] = value
        else:
            found[name] = value
    return found


def typed_weights(text: str) -> dict[str, float]:
    """Read ``column=weight``, separated by commas, or the JSON file of that name that maps columns to weights.

    Raises
    ------
    UsageError
        It is nothing of the kind.
    """
    if not text.endswith(".json"):
        return dict(_pairs(text, "--importance"))
    try:
        found = json.loads(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"--importance: {text} cannot be read ({type(problem).__name__}).") from None
    if not isinstance(found, dict):
        raise UsageError(f"--importance: {text} does not map columns to weights.", hint='Write {"tenure": 0.3, …}.')
    return found


def _pairs(text: str, option: str) -> list[tuple[str, float]]:
    found = []
    for part in text.split(","):
        name, equals, value = part.rpartition("=")
        try:
            if not equals or not name.strip():
                raise ValueError
            found.append((name.strip(), float(value)))
        except ValueError:
            raise UsageError(f"{option} takes NAME=NUMBER, separated by commas, not {part.strip()!r}.") from None
    return found
