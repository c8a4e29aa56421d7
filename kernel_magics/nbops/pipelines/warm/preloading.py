"""What a warm parent imports: all that a kernel's start needs, then the modules of the stages, onto the shelf."""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import importlib.util
import locale
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbops.pipelines.warm.learning import Learnt, learn
from nbops.pipelines.warm.shelf import Shelf, repeat_at_exit
from nbops.pipelines.warm.variables import reads_noted
from nbops.pipelines.warm.watching import KNOWN, Effect, Watcher, patch, patches

log = logging.getLogger("nbops.warm")
_INLINE = "module://matplotlib_inline.backend_inline"
# Set while the modules are imported, where nobody has set them otherwise.
_MEANWHILE = {"MPLBACKEND": _INLINE, "MLFLOW_DISABLE_TELEMETRY": "true"}


class Unrepeatable(Exception):
    """Importing ``module`` does something that cannot be done again in each kernel."""

    def __init__(self, module: str, what: str) -> None:
        super().__init__(f"{module} {what} as it is imported")
        self.module = module


@dataclass(frozen=True, slots=True)
class Prepared:
    """A process that is ready to be forked.

    ``environment`` is what it started with, ``changes`` what the start of any kernel changes in it. ``variables`` were read by
    what is imported, ``at_start`` will be by a kernel that starts. ``files`` are those that were read, ``settings`` those that
    a kernel may read.
    """

    shelf: Shelf
    environment: Mapping[str, str]
    changes: Mapping[str, str | None]
    variables: frozenset[str]
    at_start: frozenset[str]
    files: frozenset[str]
    settings: tuple[str, ...]


def prepare(modules: Sequence[str]) -> Prepared:
    """Import everything; what is not installed is left out.

    Raises
    ------
    Unrepeatable
        A module must be left out, in a new process.
    """
    gc.disable()
    variables: set[str] = set()
    environment = os.environ.copy()
    with _outputs() as outputs, Watcher(outputs) as watcher, reads_noted(variables):
        learnt = _kernel()
        # What this process itself is made of is no part of a fresh kernel.
        _KEPT.append({name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "nbops"})
        visible = set(sys.modules)
        before = patches()
        filters, finders = list(warnings.filters), [each for each in sys.meta_path if each is not watcher]
        os.environ.update({name: value for name, value in _MEANWHILE.items() if name not in environment})
        with _shell() as asked:
            for name in modules:
                _import(name, asked)
    changes: dict[str, str | None] = {}
    for name in visible & set(watcher.scripts):
        for step in watcher.scripts[name]:
            if isinstance(step, Effect):
                changes |= step.variables
                repeat_at_exit(step)
    os.environ.clear()
    os.environ.update(environment)
    warnings.filters[:] = filters  # type: ignore[index]
    sys.meta_path[:] = finders
    patch(before)
    files = {str(file) for module in sys.modules.values() if (file := getattr(module, "__file__", None))}
    shelf = Shelf(visible, watcher.scripts)
    gc.collect()
    gc.freeze()
    gc.enable()
    files |= _others(shelf)
    return Prepared(
        shelf, environment, changes, frozenset(variables), learnt.variables, frozenset(files), learnt.settings
    )


# Modules whose functions run on must not be taken apart.
_KEPT: list[Any] = []


def _kernel() -> Learnt:
    # Kernels of stages are without the debugger, and the others import it themselves.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("ipykernel.kernelapp")
        importlib.import_module("ipykernel.debugger")
        learnt = learn()
        for name in learnt.modules:
            if name not in sys.modules and not name.startswith("__"):
                try:
                    importlib.import_module(name)
                except Exception:
                    log.debug("%s is made by hand", name)
        return learnt
    finally:
        del sys.modules["debugpy"]


def _import(name: str, asked: list[str]) -> None:
    before, library = _world(), _library()
    try:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            return
        importlib.import_module(name)
    except Exception as error:
        log.warning("%s cannot be imported: %s: %s", name, type(error).__name__, error)
    if asked:
        raise Unrepeatable(name, f"uses the shell ({asked[0]})")
    for what, value in _world().items():
        if value != before[what]:
            raise Unrepeatable(name, what)
    now = _library()
    for key, value in library.items():
        if now.get(key) is not value:
            raise Unrepeatable(name, f"patches {'.'.join(key)}")


def _world() -> dict[str, Any]:
    """Give what an import may change that is not done again when a kernel takes the module from the shelf."""
    return {
        "starts threads": threading.active_count(),
        "sets up logging": (logging.root.level, list(logging.root.handlers), logging.lastResort),
        "sets hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook),
        "handles signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "changes the folder": os.getcwd(),
        "changes the path of modules": list(sys.path),
        "replaces streams": (sys.stdin, sys.stdout, sys.stderr),
        "changes the interpreter": (sys.getrecursionlimit(), sys.getswitchinterval(), sys.gettrace(), sys.getprofile()),
        "changes the locale": locale.setlocale(locale.LC_ALL),
        "changes built-in names": sorted(vars(builtins)),
    }


def _library() -> dict[tuple[str, str], Any]:
    """Give the functions and classes of the standard library, and what these classes have."""
    found: dict[tuple[str, str], Any] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in sys.stdlib_module_names:
            continue
        for key, value in list(getattr(module, "__dict__", {}).items()):
            if callable(value) and not key.startswith("_"):
                found[name, key] = value
                if isinstance(value, type) and value.__module__ == name:
                    found |= {(f"{name}.{key}", each): it for each, it in vars(value).items() if callable(it)}
    return {key: value for key, value in found.items() if key not in KNOWN}


def _others(shelf: Shelf) -> set[str]:
    """Give files that were read and are no modules."""
    matplotlib: Any = shelf.peek("matplotlib")
    with contextlib.suppress(Exception):
        return {str(matplotlib.matplotlib_fname())} if matplotlib is not None else set()
    return set()


@contextlib.contextmanager
def _outputs() -> Iterator[list[int]]:
    """Let what is printed go into files in memory, whoever prints it and however."""
    kept = [os.dup(1), os.dup(2)]
    files = [os.memfd_create("stdout"), os.memfd_create("stderr")]
    try:
        for number, file in enumerate(files, 1):
            os.dup2(file, number)
        yield files
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, file in enumerate(kept, 1):
            os.dup2(file, number)
        for file in kept + files:
            os.close(file)


@contextlib.contextmanager
def _shell() -> Iterator[list[str]]:
    """Let modules that ask whether they are in a notebook find that they are; give what else they ask the shell for."""
    from IPython.core.interactiveshell import InteractiveShell

    asked: list[str] = []

    class ZMQInteractiveShell:
        config: dict[str, Any] = {"IPKernelApp": {}}  # noqa: RUF012

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

    shell = ZMQInteractiveShell()
    kind: Any = InteractiveShell
    before = {name: kind.__dict__.get(name) for name in ("initialized", "instance")}
    kind.initialized, kind.instance = classmethod(lambda cls: True), classmethod(lambda cls: shell)
    try:
        yield asked
    finally:
        for name, value in before.items():
            if value is None:
                delattr(kind, name)
            else:
                setattr(kind, name, value)
