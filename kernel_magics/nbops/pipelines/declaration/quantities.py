"""Durations and amounts of memory as people write them."""

from __future__ import annotations

import math
import re
from typing import Any

_PARTS = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z]+)\s*")
_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_BYTES = {"b": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("kmgt", 1)
    for ending, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}


def seconds_of(value: Any) -> float:
    """Read a duration: seconds as a number, or text such as ``90s``, ``10 min``, ``1h 30m``.

    Raises
    ------
    ValueError
        It is none, or below zero.
    """
    return _amount(value, _SECONDS, "seconds, or text such as '90s', '10 min' or '2h'")


def bytes_of(value: Any) -> int:
    """Read an amount of memory: bytes as a number, or text such as ``512 MB`` (decimal) or ``2 GiB`` (binary).

    Raises
    ------
    ValueError
        It is none, or below zero.
    """
    return int(_amount(value, _BYTES, "bytes, or text such as '512 MB' or '2 GiB'"))


def _amount(value: Any, units: dict[str, Any], wanted: str) -> float:
    if isinstance(value, str):
        found = _read(value.strip(), units, wanted)
    else:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        found = float(value) if number else math.nan
    if not math.isfinite(found) or found < 0:
        raise ValueError(f"must be {wanted}, and not below zero")
    return found


def _read(text: str, units: dict[str, Any], wanted: str) -> float:
    total, at = 0.0, 0
    while part := _PARTS.match(text, at):
        unit = units.get(part[2].lower())
        if unit is None:
            break
        total, at = total + float(part[1]) * unit, part.end()
    if not text or at != len(text):
        raise ValueError(f"must be {wanted}, not {text!r}")
    return total
