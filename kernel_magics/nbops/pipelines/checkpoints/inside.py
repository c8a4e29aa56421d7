"""What a kernel does when it is asked to keep its state, or to restore that of another; each answer is a plain dictionary."""

from __future__ import annotations

import hashlib
import importlib
import os
import pickle
import re
import sys
import time
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nbops.pipelines.checkpoints import surroundings
from nbops.pipelines.checkpoints.problems import CannotKeep
from nbops.pipelines.checkpoints.untouched import changed

# The shell's own names for what was typed and shown; the second are those for what was shown.
_SHELLS = re.compile(r"__.*__|_+|_\d+|_i+|_i\d+|_[iod]h|In|Out")
_SHOWN = re.compile(r"_{1,3}|_\d+|_oh")
_NO_LINE = 1 << 30


class Told:
    """An answer, in a form that goes through the shell's display untouched."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = dict(answer)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"application/json": self._answer, "text/plain": ""}


class _Before:
    """What there was before the cell that runs, or ran last."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.names: frozenset[str] = frozenset()
        self.state: dict[str, Any] = {}
        self.source, self.count = "", 0
        self.line: int | None = None


_before: _Before | None = None


def begin() -> Told:
    """Note from now on what there is before each cell."""
    global _before
    _before = _Before()
    shell = _shell()
    shell.events.register("pre_run_cell", _begins)
    shell.events.register("post_run_cell", _ends)
    return Told({})


def save(request: Mapping[str, Any]) -> Told:
    """Keep the state; what is asked for stands in :mod:`nbops.pipelines.checkpoints.keeping`."""
    return _told(_saved, request)


def restore(request: Mapping[str, Any]) -> Told:
    """Restore a state, in a kernel in which no cell has run yet.

    Wanted are ``file``, its ``sha256``, and the ``parameters`` that are injected.
    """
    return _told(_restored, request)


def _told(do: Callable[[Mapping[str, Any]], dict[str, Any]], request: Mapping[str, Any]) -> Told:
    try:
        return Told(do(request))
    except CannotKeep as error:
        return Told({"problem": str(error)})
    except Exception as error:
        return Told({"problem": f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"})


def _begins(info: Any) -> None:
    before = _before
    if before is not None:
        before.names = frozenset(_users(_shell()))
        before.state = surroundings.quick()
        before.source, before.line = info.raw_cell, None
        # The shell counts a cell before it runs it.
        before.count = _shell().execution_count - bool(info.store_history)


def _ends(result: Any) -> None:
    """Note where a cell raised; its traceback is not held on to."""
    error = result.error_in_exec
    if _before is None or error is None:
        return
    trace, cells = error.__traceback__, _shell().user_ns
    while trace is not None and trace.tb_frame.f_globals is not cells:
        trace = trace.tb_next
    _before.line = trace.tb_lineno if trace is not None else _NO_LINE


def _saved(request: Mapping[str, Any]) -> dict[str, Any]:
    from nbops.pipelines.checkpoints.choosing import Choice, module_data, references, users_modules

    shell, before = _shell(), _before
    assert before is not None
    cells: dict[str, Any] = shell.user_ns
    if request["before"]:
        touched = changed(shell.transform_cell(before.source), before.line, cells, before.names)
        if touched:
            return {"touched": list(touched)}
        names, quick, count = [name for name in cells if name in before.names], before.state, before.count
    else:
        names, quick, count = _users(shell), surroundings.quick(), shell.execution_count
    if request["shown"]:
        names = [*names, *(name for name in cells if _SHOWN.fullmatch(name))]
    given = references(cells, names, request["imports"], request["parameters"], before.environment)
    needed = names if request["needed"] is None else request["needed"]
    until = time.monotonic() + request["patience"]
    choice = Choice(cells, names, needed, given, request["secrets"], request["limit"], until)
    modules = users_modules()
    header = {
        "folder": quick["folder"],
        "path": quick["path"],
        "environment": surroundings.differing(quick["environment"], before.environment),
        "modules": [name for name in request["modules"] if name in sys.modules],
        "places": sorted({_place_of(module) for module in modules}),
        "python": list(sys.version_info[:3]),
        "versions": _versions(),
    }
    beside = {
        "quick": {name: value for name, value in quick.items() if name not in {"folder", "path", "environment"}},
        "settings": surroundings.settled(),
        "data": module_data(modules, choice.picklable),
        "assigned": _assigned(cells, request["assigned"]),
        "references": given,
        "names": names,
        "count": count,
    }
    kept = choice.keep(Path(request["folder"]), (header, beside))
    return {
        "file": kept.file,
        "sha256": kept.sha256,
        "size": kept.size,
        "kept": [*kept.names, *given],
        "left": list(kept.left),
        "modules": {module.__name__: _file_of(module) for module in modules},
    }


def _restored(request: Mapping[str, Any]) -> dict[str, Any]:
    shell, path = _shell(), Path(request["file"])
    cells: dict[str, Any] = shell.user_ns
    builtins, there = cells.get("__builtins__"), frozenset(cells)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != request["sha256"]:
            raise CannotKeep("what was kept has been changed since")
        file.seek(0)
        unpickler = pickle.Unpickler(file)
        header = unpickler.load()
        _make_ready(header)
        beside = unpickler.load()
        found: dict[str, Any] = {}
        while (more := unpickler.load()) is not None:
            found |= more
    surroundings.put_places(header["folder"], header["path"])
    for module, data in beside["data"].items():
        vars(importlib.import_module(module)).update(data)
    for module, attribute, value in beside["assigned"]:
        setattr(importlib.import_module(module), attribute, value)
    cells.get("_oh", {}).update(found.pop("_oh", {}))
    cells.update(found)
    for name, reference in beside["references"].items():
        cells[name] = _referred(reference, request["parameters"])
    # cloudpickle puts another form of it there, and functions may have brought names that came later.
    cells["__builtins__"] = builtins
    for name in set(cells) - there - set(beside["names"]):
        del cells[name]
    for name in ("_", "__", "___"):
        if name in found:
            setattr(shell.displayhook, name, found[name])
    surroundings.put_rest(beside["quick"], beside["settings"])
    _count_on(shell, beside["count"])
    return {}


def _make_ready(header: Mapping[str, Any]) -> None:
    """Make folder, environment and modules what they were, before anything that needs them is restored."""
    if header["python"][:2] != list(sys.version_info[:2]):
        raise CannotKeep(f"Python is {sys.version_info[0]}.{sys.version_info[1]} now")
    surroundings.put_environment(header["environment"])
    # In the first folder, as most imports are: a cell may have left it later. Where modules were found goes last.
    sys.path[:] = [*header["path"], *header["places"]]
    for name in header["modules"]:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise CannotKeep(f"{name} cannot be imported: {' '.join(str(error).split())[:120]}") from error
    now = _versions()
    for name, version in header["versions"].items():
        if now.get(name, version) != version:
            raise CannotKeep(f"{name} {version} -> {now[name]}")


def _referred(reference: list[str], parameters: Mapping[str, Any]) -> Any:
    kind, *where = reference
    try:
        if kind == "import":
            return getattr(importlib.import_module(where[0]), where[1])
        return parameters[where[0]] if kind == "parameter" else os.environ[where[0]]
    except (KeyError, AttributeError, ImportError) as error:
        raise CannotKeep(f"{'.'.join(where)} is not there any more") from error


def _count_on(shell: Any, count: int) -> None:
    shell.execution_count = count
    history = shell.history_manager
    for typed in (history.input_hist_parsed, history.input_hist_raw):
        typed.extend([""] * (count - len(typed)))


def _users(shell: Any) -> list[str]:
    """Give the names of the user's variables."""
    hidden, nothing = shell.user_ns_hidden, object()
    return [
        name
        for name, value in shell.user_ns.items()
        if hidden.get(name, nothing) is not value and not _SHELLS.fullmatch(name)
    ]


def _assigned(cells: Mapping[str, Any], places: list[str]) -> list[tuple[str, str, Any]]:
    """Give what cells have assigned to attributes of modules, such as ``module.LIMIT = 5``."""
    found = []
    for place in places:
        first, *path = place.split(".")
        value = cells.get(first)
        for attribute in path[:-1]:
            value = getattr(value, attribute, None)
        if isinstance(value, types.ModuleType) and hasattr(value, path[-1]):
            found.append((value.__name__, path[-1], getattr(value, path[-1])))
    return found


def _versions() -> dict[str, str]:
    found = {name: vars(module).get("__version__") for name, module in list(sys.modules.items()) if "." not in name}
    return {name: version for name, version in found.items() if isinstance(version, str)}


def _place_of(module: types.ModuleType) -> str:
    """Give the folder in which a module is found: that of its outermost package."""
    file = Path(str(module.__file__)).absolute()
    depth = module.__name__.count(".") + (file.name == "__init__.py")
    return str(file.parents[depth])


def _file_of(module: types.ModuleType) -> list[str]:
    file = str(module.__file__)
    try:
        return [file, hashlib.sha256(Path(file).read_bytes()).hexdigest()]
    except OSError:
        return [file, ""]


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()
