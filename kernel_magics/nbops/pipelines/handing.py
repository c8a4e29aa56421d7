"""What the cells do that nbops adds to the stages of one notebook: take the variables of stages before, give one's own.

What is taken is the object itself, made again from the file or value that stands for it. Which cells wrote and read a
variable comes with the parameters, so that an error can name both.
"""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, UsageError
from nbops.pipelines.kinds import object_kind_of
from nbops.pipelines.outputs import FOLDER, GIVEN, save


def take(namespace: dict[str, Any], *names: str) -> None:
    """Bind variables that stages before this one gave.

    Raises
    ------
    UsageError
        A stage that should have given one did not, or what it gave is gone.
    """
    given = namespace.get(GIVEN, {})
    for name in names:
        if name not in given.get("kinds", {}):
            raise UsageError(
                f"the variable {name!r} did not come from the stage before.",
                hint="It is assigned there on some ways only; assign it on all.",
            )
        namespace[name] = made(name, given["values"][name], given["kinds"][name])


def give(namespace: Mapping[str, Any], *names: str) -> None:
    """Keep variables for the stages that read them; those that were never assigned are left out.

    Raises
    ------
    UsageError
        One cannot be passed on.
    """
    folder, places = os.environ.get(FOLDER), namespace.get(GIVEN, {}).get("places", {})
    if not folder:
        return
    for name in names:
        if name not in namespace:
            continue
        value = namespace[name]
        try:
            save(Path(folder), name, value, object_kind_of(name, value))
        except NbopsError as error:
            raise UsageError(_told(name, value, places.get(name, {}), error), hint=error.hint) from error


def made(name: str, value: Any, described: Mapping[str, Any]) -> Any:
    """Make the object that a value stands for. A model is unpickled, which runs code: it is of this workspace.

    Parameters
    ----------
    described
        What :meth:`~nbops.pipelines.outputs.Output.described` gives.

    Raises
    ------
    UsageError
        It cannot be made: its file is gone.
    """
    kind, form = described["kind"], described.get("form", {})
    try:
        if kind == "table":
            return _table(value, form)
        if kind == "array":
            import numpy as np

            return np.load(value, allow_pickle=False)
        if kind == "model":
            from nbops.workspace import find_workspace
            from nbops.workspace.blobs import read

            return pickle.loads(read(find_workspace(), described["digest"]))
        if kind == "literal":
            return ast.literal_eval(value)
        return Path(value) if kind == "file" or form.get("type") == "path" else value
    except OSError as error:
        raise UsageError(
            f"the variable {name!r} cannot be read: {error}.", hint="Run the stage that gives it."
        ) from error


def _table(path: str, form: Mapping[str, Any]) -> Any:
    import pandas as pd

    frame = pd.read_parquet(path)
    if not form:
        return frame
    column = frame.iloc[:, 0]
    column.name = form["name"]
    return column if form["type"] == "series" else pd.Index(column, name=form["name"])


def _told(name: str, value: Any, places: Mapping[str, Any], error: NbopsError) -> str:
    made_in = f", assigned in cell {places['cell']}," if "cell" in places else ""
    readers = ", ".join(f"stage {stage!r} reads it in cell {cell}" for stage, cell in places.get("readers", ()))
    why = "" if "cannot be passed on" in error.message else f" ({error.message.rstrip('.')})"
    return (
        f"the variable {name!r} ({type(value).__name__}){made_in} cannot be passed on{why}; {readers}".rstrip("; ")
        + "."
    )
