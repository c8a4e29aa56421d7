"""Which Python a stage's kernel is, and where its packages lie, without asking it. Standard library only."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from nbops.pipelines.staleness.digests import Digests

USUAL = "python3"
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A kernel's name, its version of Python, and the folders in which packages are installed for it."""

    kernel: str
    version: str
    folders: tuple[str, ...]


def interpreter_of(kernel: str, digests: Digests) -> Interpreter:
    """Give the interpreter of a kernel.

    Parameters
    ----------
    kernel
        Name of a kernel; one that is not installed runs as ``python3``.
    """
    name = kernel or USUAL
    spec = _spec(name, digests)
    if spec is None and name != USUAL:
        name, spec = USUAL, _spec(USUAL, digests)
    program = spec.get("argv", [""])[0] if spec is not None else ""
    home = Path(os.path.normpath(program)).parent.parent if os.path.isabs(program) else None
    if home is None or home == Path(sys.prefix) or not digests.is_file(program):
        return Interpreter(name, ".".join(map(str, sys.version_info[:3])), _own_folders())
    return Interpreter(name, *_elsewhere(home, digests))


def _own_folders() -> tuple[str, ...]:
    return tuple(folder for folder in sys.path if Path(folder).name in _INSTALLED)


def _elsewhere(home: Path, digests: Digests) -> tuple[str, tuple[str, ...]]:
    """Read version and folders of another environment from its files."""
    version = ""
    digests.stat(home / "pyvenv.cfg")
    try:
        for line in (home / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() in {"version", "version_info"}:
                version = ".".join(value.strip().split(".")[:3])
    except (OSError, ValueError):
        pass
    folders = [home / "Lib" / "site-packages"]
    for library in ("lib", "local/lib"):
        digests.stat(home / library)
        for inner in sorted((home / library).glob("python3*")):
            version = version or inner.name.removeprefix("python")
            folders += [inner / name for name in _INSTALLED]
    return version, tuple(str(folder) for folder in folders if digests.is_dir(folder))


def _spec(name: str, digests: Digests) -> dict[str, list[str]] | None:
    for folder in kernel_folders():
        path = folder / name / "kernel.json"
        if digests.is_file(path):
            try:
                spec = json.loads(path.read_text(encoding="utf-8"))
                return {"argv": [str(word) for word in spec["argv"]] or [""]}
            except (OSError, ValueError, TypeError, KeyError):
                return None
    return None


def kernel_folders() -> list[Path]:
    """Give the folders in which Jupyter usually looks for kernels, in its order."""
    named = [Path(folder) for folder in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if folder]
    home = Path.home()
    if "JUPYTER_DATA_DIR" in os.environ:
        user = Path(os.environ["JUPYTER_DATA_DIR"])
    elif sys.platform == "darwin":
        user = home / "Library" / "Jupyter"
    elif sys.platform == "win32":  # pragma: no cover
        user = Path(os.environ.get("APPDATA", home)) / "jupyter"
    else:
        user = Path(os.environ.get("XDG_DATA_HOME", home / ".local" / "share")) / "jupyter"
    shared = [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    return [folder / "kernels" for folder in (*named, user, Path(sys.prefix) / "share" / "jupyter", *shared)]
