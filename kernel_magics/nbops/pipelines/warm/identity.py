"""Which parent a kernel needs: one per interpreter, installed packages, modules, and whatever a forked process inherits."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbops
from nbops.pipelines.warm.choices import Choices
from nbops.pipelines.warm.command import Command
from nbops.pipelines.warm.reasons import Unforkable
from nbops.pipelines.warm.variables import ANYWAY

# Read by the interpreter or a library before any code of ours could change them, or kept by modules as they are imported.
_EARLY = (
    *("PYTHON", "LD_", "LC_", "GLIBC_", "MALLOC_", "MIMALLOC_", "ARROW_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_"),
    *("BLIS_", "VECLIB_", "NUMEXPR_", "NUMBA_", "CUDA_", "NVIDIA_", "NPY_", "NUMPY_", "PANDAS_", "SCIPY_", "SKLEARN_"),
    *("JOBLIB_", "LOKY_", "MPL", "MATPLOTLIB", "IPYTHON", "XDG_", "MLFLOW_CONFIGURE_", "MLFLOW_LOGGING_"),
)
_EARLY_NAMES = frozenset(
    {
        *("HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_PATH", "JUPYTER_PLATFORM_DIRS", "JUPYTER_RUNTIME_DIR"),
    }
)
_LIMITS = [name for name in sorted(dir(resource)) if name.startswith("RLIMIT_")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The parent that a kernel needs; ``name`` is the same for all that can share one."""

    name: str
    executable: str
    options: tuple[str, ...]
    choices: Choices


def wanted(command: Command, choices: Choices, environment: Mapping[str, str]) -> Wanted:
    """Give the parent that a kernel of this command and environment needs.

    Raises
    ------
    Unforkable
        The environment differs from this process's in what only an interpreter that starts can heed.
    """
    early, own = _early(environment), _early(os.environ)
    for name in sorted({**early, **own}):
        if early.get(name) != own.get(name):
            raise Unforkable(f"{name} is {'set' if name in early else 'unset'} for it alone")
    parts = {
        "nbops": nbops.__version__,
        "python": [command.executable, sys.version, *command.options],
        "modules": choices.modules,
        "idle": choices.idle,
        "environment": early,
        "packages": packages(),
        "inherited": _inherited(),
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
    return Wanted(digest[:16], command.executable, command.options, choices)


def packages() -> list[list[Any]]:
    """Give what says which packages are installed, and when each was."""
    found: list[list[Any]] = []
    for folder in sys.path:
        if Path(folder).name in {"site-packages", "dist-packages"} and os.path.isdir(folder):
            with os.scandir(folder) as entries:
                found += sorted(
                    [entry.path, entry.stat().st_mtime_ns]
                    for entry in entries
                    if entry.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth"))
                )
    return found


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if (name.startswith(_EARLY) or name in _EARLY_NAMES)
        and name not in {"PYTHONSTARTUP", "PYTHONEXECUTABLE"}
        and ANYWAY.get(name) != value
    }


def _inherited() -> list[Any]:
    """Give what a process has from the one that started it: a parent for others would hand on its own."""
    status = _read("/proc/self/status").splitlines()
    return [
        [line for line in status if line.startswith(("Umask:", "Uid:", "Gid:", "Groups:", "NoNewPrivs:", "Seccomp:"))],
        [line for line in status if line.startswith(("CapEff:", "Cpus_allowed:"))],
        os.getpriority(os.PRIO_PROCESS, 0),
        [resource.getrlimit(getattr(resource, name)) for name in _LIMITS],
        _read("/proc/self/cgroup"),
        [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "pid", "user")],
    ]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
