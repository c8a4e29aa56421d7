"""What ``[warm]`` of ``nbops.toml`` and the environment say about warm kernels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nbops.errors import SettingsError
from nbops.workspace import find_workspace
from nbops.workspace.settings import FILE_NAME, read_tables

_OFF = frozenset({"0", "false", "no", "off"})
# In this order, so that what others build on is there first.
MODULES = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "scipy",
    "joblib",
    "sklearn",
    "sklearn.compose",
    "sklearn.datasets",
    "sklearn.ensemble",
    "sklearn.impute",
    "sklearn.inspection",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "mlflow",
    "mlflow.sklearn",
    "nbops",
    "nbops.magics",
    "nbops.pipelines.outputs",
    "nbops.pipelines.tabular.task",
)


@dataclass(frozen=True, slots=True)
class Choices:
    """Whether kernels may be forked, what their parent imports, after how many idle seconds it ends, how long to wait for it."""

    enabled: bool = True
    modules: tuple[str, ...] = MODULES
    idle: float = 600.0
    wait: float = 0.0


def read_choices(folder: Path, environ: Mapping[str, str] | None = None) -> Choices:
    """Read what holds for kernels that start in ``folder``.

    ``NBOPS_WARM=false`` switches them off, ``NBOPS_WARM_WAIT`` is the number of seconds to wait for a parent.

    Raises
    ------
    SettingsError
        The table or a variable cannot be used.
    """
    environ = os.environ if environ is None else environ
    table = read_tables(find_workspace(folder).root).get("warm", {})
    choices = _from_table(table)
    if environ.get("NBOPS_WARM", "").strip().lower() in _OFF:
        choices = replace(choices, enabled=False)
    given = environ.get("NBOPS_WARM_WAIT")
    if given:
        try:
            choices = replace(choices, wait=max(0.0, float(given)))
        except ValueError as error:
            raise SettingsError(f"NBOPS_WARM_WAIT must be a number of seconds, not {given!r}.") from error
    return choices


def _from_table(table: Any) -> Choices:
    if not isinstance(table, dict):
        raise SettingsError(f"warm in {FILE_NAME} must be a table.")
    known: dict[str, Any] = {"enabled": bool, "modules": list, "idle": (int, float), "wait": (int, float)}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(
                f"[warm] of {FILE_NAME} has an unknown key {key!r}.", hint=f"Known: {', '.join(known)}."
            )
        if not isinstance(value, known[key]) or (key in {"idle", "wait"} and (isinstance(value, bool) or value < 0)):
            raise SettingsError(f"{key} in [warm] of {FILE_NAME} cannot be {value!r}.")
    modules = table.get("modules", list(MODULES))
    if not all(isinstance(name, str) and all(part.isidentifier() for part in name.split(".")) for name in modules):
        raise SettingsError(f"modules in [warm] of {FILE_NAME} must be names of modules.")
    return Choices(
        table.get("enabled", True), tuple(modules), float(table.get("idle", 600)), float(table.get("wait", 0))
    )
