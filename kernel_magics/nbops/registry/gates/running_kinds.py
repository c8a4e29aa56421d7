"""Gates that run something: the model against the clock, any Python function."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nbops.errors import DataError, NotFoundError, UsageError
from nbops.records import GateResult
from nbops.registry.gates.bench import Bench, limited
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import Contender


def latency(check: Check, bench: Bench) -> GateResult:
    """The time of a prediction of one row, in milliseconds, at a percentile of many."""
    percentile = float(check.options.get("percentile", 99))
    repeats = int(check.options.get("repeats", 200))
    if not 0 < percentile <= 100 or not 10 <= repeats <= 100_000:
        raise UsageError("percentile must be up to 100, repeats from 10 to 100000")
    sample = bench.sample(check)

    def timed(contender: Contender) -> float:
        given = sample.features(contender)
        take = given.iloc if hasattr(given, "iloc") else given
        rows = [take[i % len(sample.truth) : i % len(sample.truth) + 1] for i in range(repeats)]
        contender.model.predict(rows[0])
        taken = []
        for row in rows:
            started = time.perf_counter()
            contender.model.predict(row)
            taken.append(time.perf_counter() - started)
        return float(np.percentile(taken, percentile) * 1000)

    before = None if bench.champion is None else timed(bench.champion)
    evidence = {"unit": "ms", "percentile": percentile, "repeats": repeats}
    return limited(check, timed(bench.candidate), evidence, champion=before, most=check.options["max_ms"])


def function(check: Check, bench: Bench) -> GateResult:
    """Any Python function, ``file.py:name`` or ``module:name``; it may return a truth value, a number or a mapping."""
    call = _find(bench, str(check.options["function"]))
    offered = _offered(check, bench)
    parameters = inspect.signature(call).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        given = {name: offer() for name, offer in offered.items()}
    else:
        given = {name: offer() for name, offer in offered.items() if name in parameters}
    return read_answer(check, call(**given))


def read_answer(check: Check, answer: Any) -> GateResult:
    """Make a result of what a person's function or notebook says.

    Raises
    ------
    DataError
        It says nothing that can be a verdict.
    """
    said = dict(answer) if isinstance(answer, Mapping) else {"passed" if _is_truth(answer) else "value": answer}
    value, verdict = said.get("value"), said.get("passed")
    if _is_truth(value) and verdict is None:
        value, verdict = None, value
    if (verdict is not None and not _is_truth(verdict)) or not (value is None or _is_number(value)):
        raise DataError(f"it returned {answer!r:.200}, which is no verdict")
    message, evidence = str(said.get("message", "")), said.get("evidence", {})
    if not isinstance(evidence, Mapping):
        evidence = {"evidence": evidence}
    bounded = "min" in check.options or "max" in check.options
    if verdict is None and value is None:
        raise DataError("it said nothing: return a truth value, a number or a mapping")
    if value is None:
        if bounded:
            raise DataError("it returned no number, and the gate has a limit")
        result = GateResult(
            name=check.name, kind=check.kind, verdict="passed", message=message, evidence=dict(evidence)
        )
    elif verdict is None and not bounded:
        raise DataError("it returned a number, and the gate has no limit: set min or max")
    else:
        result = limited(check, float(value), evidence, about=message)
    return result if verdict is None or verdict else replace(result, verdict="failed", close=False)


def _is_truth(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not _is_truth(value)


def _offered(check: Check, bench: Bench) -> dict[str, Callable[[], Any]]:
    return {
        "model": lambda: bench.candidate.model,
        "champion": lambda: None if bench.champion is None else bench.champion.model,
        "version": lambda: bench.version,
        "frame": lambda: bench.sample(check).frame.copy(deep=True),
        "features": lambda: bench.sample(check).features(bench.candidate),
        "truth": lambda: bench.sample(check).truth.copy(deep=True),
        "workspace": lambda: bench.workspace,
    }


def _find(bench: Bench, named: str) -> Callable[..., Any]:
    where, _, name = named.rpartition(":")
    if not where:
        raise UsageError(f"{named!r} names no function", hint="Write file.py:name or module:name.")
    sys.path.insert(0, str(bench.workspace.root))
    if where.endswith(".py"):
        path = bench.workspace.root / Path(where)
        if not path.is_file():
            raise NotFoundError(f"there is no file {where}")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(where)
    found = getattr(module, name, None)
    if not callable(found):
        raise NotFoundError(f"{where} has no function {name!r}")
    return found  # type: ignore[no-any-return]
