"""Records to JSON-able values and back.

Floats that JSON cannot hold (NaN, infinities) travel as the strings ``"NaN"``, ``"Infinity"``, ``"-Infinity"``,
as in the JSON mapping of Protocol Buffers.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Hashable
from typing import Any, TypeVar

Record = TypeVar("Record")

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_wire(value: Any) -> Any:
    """Turn a record, or a container of records, into values that ``json.dumps(allow_nan=False)`` accepts."""
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, dict):
        return {str(k): to_wire(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(v) for v in value]
    return {name: to_wire(getattr(value, name)) for name in _names(type(value))}


def from_wire(cls: type[Record], data: dict[str, Any]) -> Record:
    """Build a record from what :func:`to_wire` gave.

    Unknown keys are ignored, so that an older nbops reads what a newer one wrote.
    """
    hints = _hints(cls)
    return cls(**{name: _parse(hints[name], data[name]) for name in hints if name in data})


@functools.cache
def _names(cls: Hashable) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(typing.cast(Any, cls)))


@functools.cache
def _hints(cls: Hashable) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {name: hints[name] for name in _names(cls)}


def _parse(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if dataclasses.is_dataclass(hint):
        return from_wire(typing.cast(type, hint), value)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _parse(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_parse(arguments[0], v) for v in value)
    if origin is dict:
        return {k: _parse(arguments[1], v) for k, v in value.items()}
    if hint is float:
        return _SPECIAL[value] if isinstance(value, str) else float(value)
    return value
