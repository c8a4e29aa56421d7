"""Turn the pickle of a run into the files a version is stored in.

``python -P -m nbops.registry.formats.convert`` does it in a process of its own, for whoever must not unpickle: the
Jupyter server, and a kernel whose state is the user's.
"""

from __future__ import annotations

import importlib
import json
import pickle
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import RegistryError
from nbops.records import ModelRef, VersionFile
from nbops.registry.formats import onnx_format, skops_format
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import put_bytes, read

PICKLE_FILE = "model.pkl"
_TIMEOUT = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The files of the model itself. ``problem`` says why it had to stay a pickle, ``notes`` why there is no ONNX."""

    serialization: str
    files: tuple[VersionFile, ...]
    problem: str = ""
    note: str = ""


def convert(workspace: Workspace, ref: ModelRef, folder: str = "", *, isolated: bool = False) -> Converted:
    """Convert here, or where this process is not to unpickle, in one of its own.

    Parameters
    ----------
    workspace
        Whose content store has the pickle and gets the files.
    ref
        The model as a run captured it.
    folder
        Folder of the notebook or script, where modules beside it are found.
    isolated
        In a process of its own in any case, as a server must; a kernel, whose state is the user's, does so by itself.

    Raises
    ------
    RegistryError
        The process died.
    """
    if isolated or _in_kernel():
        return _elsewhere(workspace, ref, folder)
    return convert_here(workspace, ref)


def convert_here(workspace: Workspace, ref: ModelRef) -> Converted:
    """Convert in this process. The pickle is one that this workspace's own kernels wrote; its digest is checked."""
    pickled = read(workspace, ref.digest)
    kept = VersionFile(path=PICKLE_FILE, digest=ref.digest, size=len(pickled))
    try:
        model = _unpickled(pickled, ref.serialization)
        data = skops_format.dump(model)
        _same(model, skops_format.load(data))
    except RegistryError as error:
        return Converted(serialization=ref.serialization, files=(kept,), problem=error.message)
    except Exception as error:  # a model's own code may raise anything
        problem = f"it cannot be loaded to be converted: {type(error).__name__}: {error}"[:300]
        return Converted(serialization=ref.serialization, files=(kept,), problem=problem)
    files = [_stored(workspace, skops_format.FILE, data)]
    note = ""
    if onnx_format.available():
        try:
            files.append(_stored(workspace, onnx_format.FILE, onnx_format.dump(model)))
        except RegistryError as error:
            note = f"no ONNX: {error.message}"
    return Converted(serialization="skops", files=tuple(files), note=note)


def main() -> int:
    """Convert what the standard input asks for; print the result."""
    asked = json.loads(sys.stdin.read())
    # As in the notebook: modules beside it can be imported.
    if asked["folder"]:
        sys.path.append(asked["folder"])
    workspace = find_workspace(asked["workspace"])
    said = sys.stdout
    sys.stdout = sys.stderr
    ref = ModelRef(name="", class_name="", digest=asked["digest"], serialization=asked["serialization"])
    found = convert_here(workspace, ref)
    files = [{"path": file.path, "digest": file.digest, "size": file.size} for file in found.files]
    answer = {"serialization": found.serialization, "files": files, "problem": found.problem, "note": found.note}
    said.write(json.dumps(answer) + "\n")
    return 0


def _in_kernel() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")


def _elsewhere(workspace: Workspace, ref: ModelRef, folder: str) -> Converted:
    asked = {
        "workspace": str(workspace.root),
        "digest": ref.digest,
        "serialization": ref.serialization,
        "folder": folder if folder and Path(folder).is_dir() else "",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "nbops.registry.formats.convert"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise RegistryError(
            f"The process that converts the model gave no answer: {error}"[:300],
            hint="Try again; `nbops register` on the command line shows more.",
        ) from error
    files = tuple(VersionFile(**file) for file in answer.pop("files"))
    return Converted(files=files, **answer)


def _unpickled(data: bytes, serialization: str) -> Any:
    if serialization == "cloudpickle":
        importlib.import_module("cloudpickle")
    return pickle.loads(data)


def _stored(workspace: Workspace, path: str, data: bytes) -> VersionFile:
    return VersionFile(path=path, digest=put_bytes(workspace, data), size=len(data))


def _same(model: Any, again: Any) -> None:
    """Refuse a copy that does not say what the model says, on rows drawn around nought where it takes such."""
    import numpy as np

    columns = getattr(model, "n_features_in_", None)
    if type(model) is not type(again):
        raise RegistryError("skops gives another type back")
    if not isinstance(columns, int) or not hasattr(model, "predict"):
        return
    rows: Any = np.abs(np.random.default_rng(0).normal(size=(50, columns)))
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        import pandas as pd

        rows = pd.DataFrame(rows, columns=list(names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = np.asarray(model.predict(rows))
        except Exception:  # it takes no such rows: texts, categories
            return
        found = np.asarray(again.predict(rows))
    # Arrays laid out otherwise in memory are summed in another order, which the last bits show.
    numbers = np.issubdtype(expected.dtype, np.floating)
    equal = np.allclose(found, expected, rtol=1e-9, equal_nan=True) if numbers else np.array_equal(found, expected)
    if not equal:
        raise RegistryError("the copy that skops gives back predicts otherwise")


if __name__ == "__main__":
    sys.exit(main())
