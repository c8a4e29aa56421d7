"""Gates that run something: the model against the clock, a function, a notebook, the version's own notebook again."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.errors import DataError, NotFoundError, UsageError
from nbops.records import GateResult, Run
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.sample import Contender, read_sample

if TYPE_CHECKING:
    from nbops.registry.gates.judging import Bench

# Where nbops.output puts what a stage gives away; the pipelines' room is on this floor and cannot be asked.
_OUTPUTS = "NBOPS_STAGE_OUTPUTS"
_RESULT = "gate"


def latency(check: Check, bench: Bench) -> GateResult:
    """The time of a prediction of one row, in milliseconds, at a percentile of many."""
    from nbops.registry.gates.judging import limited

    percentile = float(check.options.get("percentile", 99))
    repeats = int(check.options.get("repeats", 200))
    if not 0 < percentile <= 100 or not 10 <= repeats <= 100_000:
        raise UsageError("percentile must be up to 100, repeats from 10 to 100000")
    sample = read_sample(bench.workspace, check)

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


def reproduces(check: Check, bench: Bench) -> GateResult:
    """The notebook of the version's run, executed again, gives the same metrics within a tolerance.

    Raises
    ------
    DataError
        The run has no notebook, has no metrics, or its cell is no longer in the notebook.
    """
    from nbops.tracking.search import get_run

    version = bench.candidate.version
    run = get_run(bench.workspace, version.run_id)
    names = [str(name) for name in check.options.get("metrics", [])] or sorted(version.metrics)
    notebook = Path(run.cell.notebook) if run.cell.notebook else None
    if notebook is None or notebook.suffix != ".ipynb" or not notebook.is_file():
        raise DataError("the version's run has no notebook that could be executed again")
    if not names:
        raise DataError("the version's run has no metrics to compare")
    again = _run_again(bench, run, notebook)
    unknown = [name for name in names if name not in version.metrics or name not in again.metrics]
    if unknown:
        raise DataError(f"the metric {unknown[0]} is not there in both runs")
    gaps = {name: abs(again.metrics[name] - version.metrics[name]) for name in names}
    tolerance = float(check.options.get("tolerance", 0.001))
    worst = max(gaps, key=lambda name: (math.isnan(gaps[name]), gaps[name]))
    passed = math.isfinite(gaps[worst]) and gaps[worst] <= tolerance
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if passed else "failed",
        value=gaps[worst],
        limit=f"≤ {tolerance:g}",
        message="" if passed else f"{worst} was {version.metrics[worst]:g} and is {again.metrics[worst]:g}",
        evidence={"run": again.run_id, "metrics": {name: again.metrics[name] for name in names}},
    )


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


def notebook(check: Check, bench: Bench) -> GateResult:
    """Any notebook; it gives its answer as ``nbops.output("gate", …)``: a truth value, a number or a mapping."""
    path = bench.workspace.root / Path(str(check.options["notebook"]))
    if not path.is_file():
        raise NotFoundError(f"there is no notebook {check.options['notebook']}")
    version, held = bench.candidate.version, bench.champion
    parameters = {
        "model": version.model,
        "version": version.version,
        "champion": 0 if held is None else held.version.version,
        **dict(check.options.get("parameters", {})),
    }
    with tempfile.TemporaryDirectory(prefix="nbops-gate-") as folder:
        os.environ[_OUTPUTS] = folder
        try:
            _execute(path, parameters)
        finally:
            del os.environ[_OUTPUTS]
        answer = Path(folder) / f"{_RESULT}.json"
        if not answer.is_file():
            raise DataError(f'the notebook gave no answer: let it call nbops.output("{_RESULT}", …)')
        return read_answer(check, json.loads(answer.read_text(encoding="utf-8"))["value"])


def read_answer(check: Check, answer: Any) -> GateResult:
    """Make a result of what a person's function or notebook says.

    Raises
    ------
    DataError
        It says nothing that can be a verdict.
    """
    from nbops.registry.gates.judging import limited

    message, evidence, verdict = "", {}, None
    if isinstance(answer, Mapping):
        message, evidence = str(answer.get("message", "")), dict(answer.get("evidence", {}))
        verdict, answer = answer.get("passed"), answer.get("value", answer.get("passed"))
    if isinstance(answer, (bool, np.bool_)) and verdict is None:
        verdict, answer = bool(answer), None
    if isinstance(answer, (int, float, np.integer, np.floating)) and not isinstance(answer, bool):
        if verdict is None and "min" not in check.options and "max" not in check.options:
            raise DataError("it returned a number, and the gate has no limit: set min or max")
        found = limited(check, float(answer), evidence, about=message)
        if verdict is not None and not verdict:
            from dataclasses import replace

            return replace(found, verdict="failed")
        return found
    if not isinstance(verdict, (bool, np.bool_)):
        raise DataError(f"it returned {type(answer).__name__}, which is no verdict")
    return GateResult(
        name=check.name,
        kind=check.kind,
        verdict="passed" if verdict else "failed",
        message=message,
        evidence=evidence,
    )


def _offered(check: Check, bench: Bench) -> dict[str, Callable[[], Any]]:
    held = bench.champion
    return {
        "model": lambda: bench.candidate.model,
        "champion": lambda: None if held is None else held.model,
        "version": lambda: bench.candidate.version,
        "frame": lambda: read_sample(bench.workspace, check).frame,
        "features": lambda: read_sample(bench.workspace, check).features(bench.candidate),
        "truth": lambda: read_sample(bench.workspace, check).truth,
        "workspace": lambda: bench.workspace,
    }


def _find(bench: Bench, named: str) -> Callable[..., Any]:
    where, _, name = named.rpartition(":")
    if not where:
        raise UsageError(f"{named!r} names no function", hint="Write file.py:name or module:name.")
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
        sys.path.insert(0, str(bench.workspace.root))
        module = importlib.import_module(where)
    found = getattr(module, name, None)
    if not callable(found):
        raise NotFoundError(f"{where} has no function {name!r}")
    return found  # type: ignore[no-any-return]


def _run_again(bench: Bench, run: Run, notebook: Path) -> Run:
    from nbops.tracking.delivery import deliver
    from nbops.tracking.search import get_run, search_runs

    started = time.time()
    parameters: dict[str, Any] = {}
    _execute(notebook, parameters)
    deliver(bench.workspace)
    for row in search_runs(bench.workspace, limit=500).runs:
        if row.started_at >= started and row.kind == "cell":
            found = get_run(bench.workspace, row.run_id)
            if found.code_digest == run.code_digest and found.status == "FINISHED":
                return found
    raise DataError(f"{notebook.name} was executed again, but the cell of the version's run is not in it any more")


def _execute(path: Path, parameters: Mapping[str, Any]) -> None:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    # A kernel does not know its notebook by itself.
    os.environ["NBOPS_NOTEBOOK"] = str(path)
    with tempfile.TemporaryDirectory(prefix="nbops-gate-") as folder:
        try:
            papermill.execute_notebook(
                str(path),
                str(Path(folder) / path.name),
                parameters=dict(parameters) or None,
                cwd=str(path.parent),
                progress_bar=False,
                kernel_name=_kernel(path),
                language="python",
            )
        except PapermillExecutionError as error:
            raise DataError(f"{path.name} failed: {error.ename}: {error.evalue}"[:500]) from error


def _kernel(path: Path) -> str:
    """Give the kernel a notebook names; a quarter of real notebooks name none."""
    metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
    return str(metadata.get("kernelspec", {}).get("name") or "python3")
