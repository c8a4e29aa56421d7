"""Records to JSON-able values and back.

Floats that JSON cannot hold (NaN, infinities) travel as the strings ``"NaN"``, ``"Infinity"``, ``"-Infinity"``,
as in the JSON mapping of Protocol Buffers.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, TypeVar

Record = TypeVar("Record")

# Type hints of each record, which are slow to work out.
_seen: dict[type, dict[str, Any]] = {}
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


def _names(cls: type) -> tuple[str, ...]:
    return tuple(_hints(cls))


def _hints(cls: type) -> dict[str, Any]:
    if cls not in _seen:
        hints = typing.get_type_hints(cls)
        _seen[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    return _seen[cls]


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
