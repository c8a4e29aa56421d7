"""What ``[predictions]`` of ``nbops.toml`` says."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbops.errors import SettingsError
from nbops.pipelines.declaration.quantities import bytes_of, seconds_of
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_WHERE = f"[predictions] of {FILE_NAME}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionSettings:
    """How predictions are kept.

    ``log`` says whether what is served is logged. ``rows`` keeps the inputs, else only their profile; ``leave_out`` are inputs
    that are never kept, not as profile either. At most ``max_bytes`` and ``max_days`` of each model are kept. What nobody
    waits for is written after ``flush`` seconds; ``wait`` lets an answer go out when its predictions are on disk. ``scores`` asks what is served for probabilities as well.
    ``pending_bytes`` may wait to be written before whoever logs more is held back.
    """

    log: bool = True
    rows: bool = True
    leave_out: tuple[str, ...] = ()
    max_bytes: int = 2_000_000_000
    max_days: float = 400.0
    flush: float = 0.05
    wait: bool = True
    scores: bool = True
    pending_bytes: int = 64_000_000


def read_prediction_settings(workspace: Workspace) -> PredictionSettings:
    """Read the table.

    Raises
    ------
    SettingsError
        It holds something that cannot be used.
    """
    table = read_tables(workspace.root).get("predictions", {})
    if not isinstance(table, dict):
        raise SettingsError(f"predictions in {FILE_NAME} must be a table.")
    readers: dict[str, Callable[[str, Any], Any]] = {
        "log": _flag,
        "rows": _flag,
        "wait": _flag,
        "scores": _flag,
        "leave_out": _names,
        "max_bytes": _amount(bytes_of, 1_000_000),
        "pending_bytes": _amount(bytes_of, 100_000),
        "flush": _amount(seconds_of, 0.0, 3600.0),
        "max_days": _amount(_number, 1.0),
    }
    for key in table:
        if key not in readers:
            near = difflib.get_close_matches(key, readers, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(readers)}."
            raise SettingsError(f"{_WHERE} has an unknown key {key!r}.", hint=hint)
    return PredictionSettings(**{key: readers[key](key, value) for key, value in table.items()})


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{_WHERE}: {key} must be true or false.")
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise SettingsError(f"{_WHERE}: {key} must be a list of names of columns.")
    return tuple(value)


def _number(value: Any) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number:
        raise ValueError("must be a number")
    return float(value)


def _amount(read: Callable[[Any], float], least: float, most: float = math.inf) -> Callable[[str, Any], Any]:
    def amount(key: str, value: Any) -> Any:
        try:
            found = read(value)
        except ValueError as error:
            raise SettingsError(f"{_WHERE}: {key} {error}.") from error
        if not found >= least:
            raise SettingsError(f"{_WHERE}: {key} must be at least {least:,g}.")
        if found > most:
            raise SettingsError(f"{_WHERE}: {key} must be at most {most:,g}.")
        return found

    return amount
