"""A stage in a forked kernel against papermill in process with a normal one: an empty notebook, and one that imports much."""

import logging
import os
import tempfile
import warnings
from pathlib import Path

import nbformat
from measure import in_turn, report

HEAVY = "import pandas, sklearn.ensemble, mlflow"


def main(repeats: int = 5) -> bool:
    """Print the figures; give whether the goal is reached."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="nbops-") as folder:
        os.environ.update(
            NBOPS_RUNTIME=folder + "/r", JUPYTER_DATA_DIR=folder + "/data", MLFLOW_DISABLE_TELEMETRY="true"
        )
        os.environ.pop("NBOPS_WARM", None)
        from nbops.pipelines.warm.asking import stop_parents

        try:
            return _measured(Path(folder), repeats)
        finally:
            stop_parents()


def _measured(folder: Path, repeats: int) -> bool:
    import papermill

    from nbops.pipelines.executing.execution import Task, execute
    from nbops.pipelines.warm import ensure_parent
    from nbops.pipelines.warm.specs import NAME, install_spec

    install_spec(user=True)
    problem = ensure_parent(300, folder=folder)
    if problem:
        print(f"\n## warm kernels: not measured, {problem}")
        return False
    actions = {}
    for weight, code in (("empty", "y = x + 1"), ("heavy", f"{HEAVY}\ny = x + 1")):
        source, target = folder / f"{weight}.ipynb", folder / f"{weight}-out.ipynb"
        cells = [nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell(code)]
        spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), source)

        def plain(kernel: str, source: Path = source, target: Path = target) -> None:
            papermill.execute_notebook(source, target, {"x": 2}, kernel_name=kernel, progress_bar=False)

        def stage(source: Path = source, target: Path = target) -> None:
            task = Task(
                source=source,
                parameters={"x": 2},
                variables=(),
                folder=folder,
                target=target,
                environment={},
                on_cell=lambda _: None,
                warm=True,
            )
            assert execute(task).kernel == "forked"

        actions[f"{weight}: papermill"] = lambda plain=plain: plain("python3")
        actions[f"{weight}: papermill, forked kernel"] = lambda plain=plain: plain(NAME)
        actions[f"{weight}: stage, forked kernel"] = stage
    middle = in_turn(actions, repeats)
    empty, heavy = (middle[f"{w}: papermill"] / middle[f"{w}: stage, forked kernel"] for w in ("empty", "heavy"))
    report(
        "a stage in a forked kernel",
        {f"{name}, ms": value * 1000 for name, value in middle.items()}
        | {"empty: papermill / stage": empty, "heavy: papermill / stage": heavy},
        "at least 10 times faster than papermill in process on the heavy notebook",
        heavy >= 10,
    )
    return heavy >= 10


if __name__ == "__main__":
    main()
