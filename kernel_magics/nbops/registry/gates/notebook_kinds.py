"""Gates that execute a notebook: any that judges, and the version's own once more."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbops.errors import DataError, NotFoundError
from nbops.records import GateResult, Run
from nbops.registry.gates.bench import Bench
from nbops.registry.gates.declaration import Check
from nbops.registry.gates.running_kinds import read_answer
from nbops.workspace import find_workspace

# Where nbops.output puts what a stage gives away; the pipelines' room is on this floor and cannot be asked.
_OUTPUTS = "NBOPS_STAGE_OUTPUTS"
_RESULT = "gate"
_MOST_RUNS = 1000
# What leads to the real ledger, the real MLflow and the right to decide; a notebook on trial gets none of it.
_REAL = ("NBOPS_LEDGER_URI", "NBOPS_MLFLOW_ARTIFACTS", "NBOPS_AUDIT_KEY", "NBOPS_TOKEN", "MLFLOW_TRACKING_URI")


def reproduces(check: Check, bench: Bench) -> GateResult:
    """The notebook of the version's run, executed again, gives the same metrics within a tolerance.

    It is executed in a workspace of its own that is thrown away: a notebook that registers or promotes must not do so
    because it is looked at.

    Raises
    ------
    DataError
        The run has no notebook, has no metrics, or its cell is no longer in the notebook.
    """
    from nbops.tracking.search import get_run

    version = bench.version
    run = get_run(bench.workspace, version.run_id)
    names = [str(name) for name in check.options.get("metrics", [])] or sorted(version.metrics)
    notebook = Path(run.cell.notebook) if run.cell.notebook else None
    if notebook is None or notebook.suffix != ".ipynb" or not notebook.is_file():
        raise DataError("the version's run has no notebook that could be executed again")
    if not names:
        raise DataError("the version's run has no metrics to compare")
    again = _run_again(run, notebook)
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
        evidence={"metrics": {name: {"then": version.metrics[name], "now": again.metrics[name]} for name in names}},
    )


def notebook(check: Check, bench: Bench) -> GateResult:
    """Any notebook; it gives its answer as ``nbops.output("gate", …)``: a truth value, a number or a mapping.

    Raises
    ------
    NotFoundError
        There is no such notebook.
    DataError
        It fails or gives no answer.
    """
    path = bench.workspace.root / Path(str(check.options["notebook"]))
    if not path.is_file():
        raise NotFoundError(f"there is no notebook {check.options['notebook']}")
    version, held = bench.version, bench.held
    parameters = {
        "model": version.model,
        "version": version.version,
        "champion": 0 if held is None else held.version,
        **dict(check.options.get("parameters", {})),
    }
    with tempfile.TemporaryDirectory(prefix="nbops-gate-") as folder, _environment({_OUTPUTS: folder}):
        _execute(path, parameters)
        answer = Path(folder) / f"{_RESULT}.json"
        if not answer.is_file():
            raise DataError(f'the notebook gave no answer: let it call nbops.output("{_RESULT}", …)')
        return read_answer(check, json.loads(answer.read_text(encoding="utf-8"))["value"])


def _run_again(run: Run, path: Path) -> Run:
    from nbops.tracking.delivery import deliver
    from nbops.tracking.search import get_run, search_runs

    with (
        tempfile.TemporaryDirectory(prefix="nbops-gate-") as folder,
        _environment({**dict.fromkeys(_REAL), "NBOPS_WORKSPACE": folder}),
    ):
        _execute(path, {})
        trial = find_workspace()
        deliver(trial)
        for row in search_runs(trial, limit=_MOST_RUNS, include_mlflow=False).runs:
            found = get_run(trial, row.run_id) if row.kind == "cell" else None
            if found is not None and found.code_digest == run.code_digest and found.status == "FINISHED":
                return found
    raise DataError(f"{path.name} was executed again, but the cell of the version's run is not in it any more")


def _execute(path: Path, parameters: Mapping[str, Any]) -> None:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    # A kernel does not know its notebook by itself.
    with tempfile.TemporaryDirectory(prefix="nbops-gate-") as folder, _environment({"NBOPS_NOTEBOOK": str(path)}):
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


@contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
