"""A chain of five stages and a fan-out of two by four against papermill one after the other; a backfill of 1,000 dates."""

import contextlib
import json
import logging
import os
import tempfile
import time
import warnings
from pathlib import Path

from measure import in_turn, report

HEAVY = "import pandas, sklearn.ensemble, mlflow"
DATES = 1000


def main() -> bool:
    """Print the figures; give whether the goals are reached."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(NBOPS_COURIER="false", MLFLOW_DISABLE_TELEMETRY="true")
        return _shapes(Path(folder) / "shapes") & _backfill(Path(folder) / "dates")


def _shapes(folder: Path) -> bool:
    import papermill

    from nbops.pipelines.engine import run_pipeline
    from nbops.pipelines.warm import ensure_parent

    folder.mkdir()
    (folder / "nbops.toml").touch()
    for name, first in (("light", "x = 1"), ("heavy", HEAVY)):
        _notebook(folder / f"{name}.ipynb", [first, "y = turn + 1"])
    for weight in ("light", "heavy"):
        _file(folder / f"{weight}-chain.toml", weight, [(f"s{n}", [f"s{n - 1}"] if n else []) for n in range(5)])
        layers = [[f"a{n}" for n in range(4)], [f"b{n}" for n in range(4)]]
        stages = [(name, []) for name in layers[0]] + [(name, layers[0]) for name in layers[1]]
        _file(folder / f"{weight}-layers.toml", weight, stages)
    ensure_parent(wait=120)

    def ours(file: str) -> None:
        # A parameter that is new each time: every stage runs.
        run_pipeline(folder / file, parameters={"turn": time.time_ns()})

    def theirs(weight: str, count: int) -> None:
        with _quiet():
            for number in range(count):
                papermill.execute_notebook(
                    folder / f"{weight}.ipynb", folder / f"out-{number}.ipynb", {"turn": 1}, progress_bar=False
                )

    reached = True
    for weight in ("light", "heavy"):
        times = in_turn(
            {
                "chain": lambda w=weight: ours(f"{w}-chain.toml"),
                "papermill chain": lambda w=weight: theirs(w, 5),
                "layers": lambda w=weight: ours(f"{w}-layers.toml"),
                "papermill layers": lambda w=weight: theirs(w, 8),
            },
            3,
        )
        ratios = times["papermill chain"] / times["chain"], times["papermill layers"] / times["layers"]
        good = min(ratios) >= 5
        reached &= good
        what = "empty stages" if weight == "light" else "stages that import pandas, scikit-learn and mlflow"
        report(
            f"a chain of 5 and 2 x 4 stages, {what}, warm kernels, against papermill in sequence in one process",
            {
                "chain of 5, s": times["chain"],
                "papermill, s": times["papermill chain"],
                "times faster": ratios[0],
                "2 x 4, s": times["layers"],
                "papermill 8 in sequence, s": times["papermill layers"],
                "times faster, layers": ratios[1],
            },
            "at least 5 times faster",
            good,
        )
    return reached


def _backfill(folder: Path) -> bool:
    from nbops.pipelines.engine import execute_pipeline

    folder.mkdir()
    (folder / "nbops.toml").touch()
    _notebook(folder / "day.ipynb", ["rows = len(date)"], parameters="date = ''\nturn = 0", outputs=["rows"])
    (folder / "pipeline.toml").write_text(
        'name = "days"\n[stages.day]\nnotebook = "day.ipynb"\n'
        'foreach = { date = { from = "2021-01-01", to = "2023-09-27", step = "day" } }\n'
    )
    begun = time.perf_counter()
    seen = 0

    def half(event) -> None:
        nonlocal seen
        seen += event.kind == "succeeded"
        if seen == DATES // 2:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        execute_pipeline(folder / "pipeline.toml", on_event=half)
    first = time.perf_counter() - begun
    result = execute_pipeline(folder / "pipeline.toml")
    taken = time.perf_counter() - begun
    ran = sum(stage.status == "succeeded" for stage in result.stages)
    begun = time.perf_counter()
    execute_pipeline(folder / "pipeline.toml")
    again = time.perf_counter() - begun
    good = result.status == "succeeded" and len(result.stages) == DATES and ran <= DATES // 2 + 2
    report(
        f"a backfill of {DATES:,} dates, interrupted in the middle and resumed",
        {
            "until the interrupt, s": first,
            "whole, s": taken,
            "ms a stage": taken / DATES * 1000,
            "stages run after the interrupt": ran,
            "nothing changed, s": again,
        },
        "every date once",
        good,
    )
    return good


@contextlib.contextmanager
def _quiet():
    """What papermill's kernels say of their transport is not for whoever reads the figures."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _file(path: Path, weight: str, stages: list[tuple[str, list[str]]]) -> None:
    path.write_text(
        "".join(
            f'[stages.{name}]\nnotebook = "{weight}.ipynb"\nafter = {json.dumps(after)}\n' for name, after in stages
        )
    )


def _notebook(path: Path, cells: list[str], parameters: str = "turn = 0", outputs: list[str] | None = None) -> None:
    texts = [(parameters, ["parameters"]), *((cell, []) for cell in cells)]
    book = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": tags},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for number, (text, tags) in enumerate(texts)
    ]
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    metadata = {"kernelspec": spec, "nbops": {"outputs": outputs or []}}
    path.write_text(json.dumps({"cells": book, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
