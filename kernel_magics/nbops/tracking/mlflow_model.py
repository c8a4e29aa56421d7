"""Write a model as a real MLflow model without loading it and without guessing requirements.

The bytes are those pickled once in the kernel. MLflow's own ``log_model`` would load them, and reload the model in a
subprocess to infer its requirements, which is most of what a run costs; both are known here already. No signature is
written: MLflow would refuse integers where it saw floats, and the feature names stand in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbops.records import ModelRef, Run

_DATA, _SAFE = "model.pkl", "model.skops"
_EXAMPLE = "input_example.json"
_NAMES = {"sklearn": "scikit-learn"}


def write_model(folder: Path, ref: ModelRef, data: bytes, run: Run, model_id: str, mlflow_run_id: str) -> None:
    """Write an MLmodel folder that ``mlflow.pyfunc.load_model`` and ``mlflow.sklearn.load_model`` open.

    Parameters
    ----------
    folder
        Existing empty folder.
    ref
        What was captured of the model.
    data
        Its pickled bytes.
    run
        The run it comes from, for package versions.
    model_id, mlflow_run_id
        Under which MLflow knows model and run.
    """
    (folder / _DATA).write_bytes(data)
    form = "cloudpickle" if ref.serialization == "cloudpickle" else "pickle"
    _describe(folder, ref, run, (model_id, mlflow_run_id), (_DATA, len(data), form, None))


def write_version(
    folder: Path, ref: ModelRef, files: Mapping[str, bytes], run: Run, model_id: str, mlflow_run_id: str
) -> None:
    """Write an MLmodel folder of a registered version: its skops file, or its pickle, and all others beside it.

    Parameters
    ----------
    folder
        Existing empty folder.
    ref
        What was captured of the model.
    files
        The version's files, by path; one of them is ``model.skops`` or ``model.pkl``.
    run
        The run it comes from, for package versions.
    model_id, mlflow_run_id
        Under which MLflow knows model and run.
    """
    name = _SAFE if _SAFE in files else _DATA
    for path, data in files.items():
        # MLflow has its own idea of a requirements.txt; and it looks for the model beside its own description.
        target = folder / (path if path == name else f"nbops/{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    form, types = "cloudpickle" if ref.serialization == "cloudpickle" else "pickle", None
    if name == _SAFE:
        from skops.io import get_untrusted_types

        # Registering has checked them against our own list, and the content store the bytes.
        form, types = "skops", sorted(get_untrusted_types(data=files[name]))
    size = sum(len(data) for data in files.values())
    example = write_example(folder, files)
    _describe(folder, ref, run, (model_id, mlflow_run_id), (name, size, form, types), example)


def _describe(
    folder: Path,
    ref: ModelRef,
    run: Run,
    ids: tuple[str, str],
    data: tuple[str, int, str, list[str] | None],
    example: dict[str, str] | None = None,
) -> None:
    import mlflow
    from mlflow import pyfunc
    from mlflow.models import Model

    name, size, form, types = data
    packages = dict(run.environment.packages) if run.environment else {}
    model = Model(run_id=ids[1] or None, model_id=ids[0])
    environment = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
    pyfunc.add_to_model(model, loader_module="mlflow.sklearn", model_path=name, env=environment, predict_fn="predict")
    model.add_flavor(
        "sklearn",
        pickled_model=name,
        sklearn_version=packages.get("scikit-learn") or packages.get("sklearn", ""),
        serialization_format=form,
        code=None,
        skops_trusted_types=types,
    )
    model.model_size_bytes = size
    if example is not None:
        model.saved_input_example_info = example
    model.save(str(folder / "MLmodel"))
    if form == "skops":
        packages["skops"] = version("skops")
    _write_environment(folder, requirements(packages, ref, mlflow.__version__), run)


def write_example(folder: Path, files: Mapping[str, bytes]) -> dict[str, str] | None:
    """Write the input example of a version as MLflow has it, and give what MLflow's description says of it."""
    if _EXAMPLE not in files:
        return None
    found = json.loads(files[_EXAMPLE])
    told = {"artifact_path": _EXAMPLE, "serving_input_path": "serving_input_example.json"}
    if found["kind"] == "array":
        stored: dict[str, Any] = {"inputs": found["data"]}
        serving, told = stored, {**told, "type": "ndarray", "format": "tf-serving"}
    else:
        stored = {"columns": found["columns"], "data": found["data"]}
        serving, told = {"dataframe_split": stored}, {**told, "type": "dataframe", "pandas_orient": "split"}
    (folder / _EXAMPLE).write_text(json.dumps(stored), encoding="utf-8")
    (folder / told["serving_input_path"]).write_text(json.dumps(serving), encoding="utf-8")
    return told


def requirements(packages: Mapping[str, str], ref: ModelRef, mlflow_version: str) -> list[str]:
    """Give the pip requirements of a model: MLflow, what a tabular estimator stands on, and its own package."""
    own = _NAMES.get(ref.module.partition(".")[0], ref.module.partition(".")[0])
    wanted = ["scikit-learn", "numpy", "pandas", "scipy", "cloudpickle", "skops", own]
    found = {name: packages[name] for name in wanted if name in packages}
    return [f"mlflow=={mlflow_version}", *(f"{name}=={version}" for name, version in sorted(found.items()))]


def _write_environment(folder: Path, needed: list[str], run: Run) -> None:
    import yaml

    python = (run.environment.python if run.environment else "") or "3.11"
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": needed}],
    }
    (folder / "conda.yaml").write_text(yaml.safe_dump(conda, sort_keys=False), encoding="utf-8")
    virtual = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }
    (folder / "python_env.yaml").write_text(yaml.safe_dump(virtual, sort_keys=False), encoding="utf-8")
