"""What it costs to keep a notebook while it executes: our engine of papermill against papermill's own, in one run."""

import logging
import statistics
import tempfile
import warnings
from pathlib import Path

import nbformat
from measure import report, seconds

_CASES = {
    "200 cells": ["pass"] * 200,
    "100 cells, 20 MB of outputs": ["print('x' * 200_000)"] * 100,
}


def _notebook(path: Path, sources: list[str]) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


def _execute(source: Path, engine: str) -> float:
    import papermill

    name = None if engine == "papermill" else engine
    target = source.with_name("out.ipynb")
    return seconds(lambda: papermill.execute_notebook(source, target, engine_name=name, progress_bar=False))


def _case(name: str, sources: list[str], folder: Path, repeats: int) -> bool:
    small, source = _notebook(folder / "one.ipynb", ["pass"]), _notebook(folder / "many.ipynb", sources)
    taken: dict[str, list[float]] = {"papermill": [], "nbops": [], "empty": []}
    for _ in range(repeats):
        for engine in ("papermill", "nbops"):
            taken["empty"].append(_execute(small, engine))
            taken[engine].append(_execute(source, engine))
    middle = {engine: statistics.median(values) for engine, values in taken.items()}
    # Starting and ending a kernel is what both do alike and neither can spare.
    theirs, ours = (middle[engine] - middle["empty"] for engine in ("papermill", "nbops"))
    reached = theirs / ours >= 5
    report(
        f"keeping a notebook of {name} while it executes",
        {
            "papermill, s": middle["papermill"],
            "papermill with the engine nbops, s": middle["nbops"],
            "a notebook of one cell, s": middle["empty"],
            "papermill / nbops": middle["papermill"] / middle["nbops"],
            "papermill / nbops, without the kernel's start": theirs / ours,
        },
        "at least 5 times faster than papermill's own way, the kernel's start aside",
        reached,
    )
    return reached


def main(repeats: int = 2) -> bool:
    """Print the figures; give whether the goal is reached for both notebooks."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        reached = [_case(name, sources, Path(folder), repeats) for name, sources in _CASES.items()]
        return all(reached)


if __name__ == "__main__":
    main()
