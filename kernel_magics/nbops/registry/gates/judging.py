"""Judge a gate: whatever raises, or is no finite figure, fails it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from nbops.errors import NbopsError
from nbops.records import GateResult
from nbops.registry.gates import measured_kinds, notebook_kinds, running_kinds, stored_kinds
from nbops.registry.gates.bench import Bench
from nbops.registry.gates.declaration import Check

Judge = Callable[[Check, Bench], GateResult]

_JUDGES: dict[str, Judge] = {
    "metric": measured_kinds.metric,
    "champion": measured_kinds.champion,
    "slices": measured_kinds.slices,
    "fairness": measured_kinds.fairness,
    "calibration": measured_kinds.calibration,
    "latency": running_kinds.latency,
    "function": running_kinds.function,
    "notebook": notebook_kinds.notebook,
    "reproduces": notebook_kinds.reproduces,
    "size": stored_kinds.size,
    "validation": stored_kinds.validation,
    "card": stored_kinds.card,
}
# Evidence is looked at, not computed with.
_ITEMS, _TEXT, _DEPTH = 200, 2000, 6


def judge(check: Check, bench: Bench) -> GateResult:
    """Judge one gate. Every error becomes the verdict ``error``; a figure that is not finite never passes."""
    started = time.perf_counter()
    bench.begin(check)
    try:
        found = _JUDGES[check.kind](check, bench)
        found = replace(found, evidence={**_plain(found.evidence), **bench.seen(check)}, message=_text(found.message))
    except NbopsError as error:
        found = _errored(check, str(error))
    except Exception as error:  # whatever it was, the gate must not pass
        found = _errored(check, f"{type(error).__name__}: {error}"[:500])
    figures = (found.value, found.champion, found.low, found.high)
    if found.verdict == "passed" and any(value is not None and not math.isfinite(value) for value in figures):
        found = _errored(check, "it measured something that is not a finite number")
    return replace(found, data=bench.looked_at(), duration=time.perf_counter() - started)


def _errored(check: Check, message: str) -> GateResult:
    return GateResult(name=check.name, kind=check.kind, verdict="error", message=_text(message))


def _plain(value: Any, depth: int = 0) -> Any:
    """Give what a report can hold of anything a person's function calls its evidence."""
    if hasattr(value, "tolist") and getattr(value, "size", _ITEMS + 1) <= _ITEMS:
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth < _DEPTH and isinstance(value, Mapping):
        return {_text(str(key)): _plain(item, depth + 1) for key, item in islice(value.items(), _ITEMS)}
    if depth < _DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in islice(value, _ITEMS)]
    return _text(str(value))


def _text(value: str) -> str:
    return value[:_TEXT].encode("utf-8", "replace").decode()
