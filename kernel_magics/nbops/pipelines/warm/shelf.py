"""Modules that a warm parent has imported and its kernels have not, yet.

A kernel forked from the parent has pandas in memory. Were it in ``sys.modules``, the kernel would differ from a fresh one: in
what counts as imported, in warning filters, in which file a name stands for. So such modules lie on a shelf. When a kernel
imports one, it is put in place together with all that importing it would have put there, and what importing changes besides
(warning filters, environment variables, output, what is done at exit) is done then.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from nbops.pipelines.warm.watching import Effect, Filter, Script, patch

# What these have drawn from the operating system as they were imported, each kernel draws for itself.
_DRAWN: dict[str, Callable[[Any], object]] = {
    "numpy.random.mtrand": lambda module: module.seed(),
    "multiprocessing.process": lambda module: setattr(module.current_process(), "authkey", os.urandom(32)),
}


class Shelf:
    """The shelf of a parent and, after the fork, of its kernel; a finder in ``sys.meta_path``.

    Parameters
    ----------
    visible
        Modules that stay where they are: a fresh kernel has them.
    scripts
        What the bodies of the others did.
    """

    def __init__(self, visible: Iterable[str], scripts: Mapping[str, Script]) -> None:
        visible = set(visible)
        self._modules = {name: module for name, module in sys.modules.items() if name not in visible}
        self._scripts = {name: [*scripts.get(name, ()), *_held(name, each)] for name, each in self._modules.items()}
        self._lock = threading.RLock()
        self._main = sys.modules["__main__"]
        for name in self._modules:
            del sys.modules[name]
        for name, module in self._modules.items():
            _unbind(name, module, self._modules)
        sys.meta_path.insert(0, self)

    @property
    def names(self) -> frozenset[str]:
        """The modules that lie here."""
        return frozenset(self._modules)

    def peek(self, name: str) -> ModuleType | None:
        """Give a module without taking it."""
        return self._modules.get(name)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a module that lies here, unless another file now stands for its name."""
        module = self._modules.get(name)
        if module is None:
            return None
        spec = module.__spec__
        if spec is None or ("." not in name and not _still(name, spec)):
            return None
        found = ModuleSpec(name, _Loader(spec.loader, self), origin=spec.origin)  # type: ignore[arg-type]
        found.submodule_search_locations = spec.submodule_search_locations
        found.cached, found.has_location = spec.cached, spec.has_location
        return found

    def take(self, name: str) -> ModuleType:
        """Put a module and all it needs in place, and do what importing them does."""
        with self._lock:
            if name not in self._modules:
                return sys.modules[name]
            module = self._modules[name]
            for effect in self._import(name):
                repeat(effect)
            return module

    def _import(self, first: str) -> Iterator[Effect]:
        """Put modules in place in the order in which importing would have made them, and give what their bodies did."""
        # Not by recursion: chains of imports may be longer than the interpreter's stack.
        todo: list[Iterator[str | Effect]] = [iter([first])]
        while todo:
            step = next(todo[-1], None)
            if step is None:
                todo.pop()
            elif isinstance(step, Effect):
                yield step
            elif step in self._modules:
                parent = step.rpartition(".")[0]
                if parent in self._modules:
                    todo.append(iter([parent, step]))
                else:
                    self._put(step)
                    todo.append(iter(self._scripts[step]))

    def _put(self, name: str) -> None:
        module = self._modules.pop(name)
        # Multiprocessing gives the main module a second name.
        module = sys.modules["__main__"] if module is self._main else module
        # A part may have been imported by itself from another file meanwhile; that one stays.
        sys.modules.setdefault(name, module)
        parent, _, last = name.rpartition(".")
        above = sys.modules.get(parent)
        if above is not None and last not in _content(above):
            setattr(above, last, module)
        if name in _DRAWN:
            _DRAWN[name](module)


class _Loader:
    """Gives the module that is in memory; everything else is asked of the loader that once loaded it."""

    def __init__(self, loader: Any, shelf: Shelf) -> None:
        self._loader, self._shelf = loader, shelf

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = self._shelf.take(spec.name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def repeat(effect: Effect) -> None:
    """Do what the body of a module did when it ran."""
    if effect.filters != effect.before:
        warnings.filters[:] = changed(tuple(warnings.filters), effect.before, effect.filters)  # type: ignore[index]
        with warnings.catch_warnings():
            # Leaving it tells the interpreter that the filters have changed.
            pass
    front, behind = effect.finders
    sys.meta_path[:0] = front
    sys.meta_path.extend(behind)
    if effect.patches:
        patch(effect.patches)
    for name, value in effect.variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    for number, text in effect.printed:
        (sys.stdout if number == 1 else sys.stderr).write(text)
    repeat_at_exit(effect)


def repeat_at_exit(effect: Effect) -> None:
    """Have done at exit what the body of a module asked for."""
    for function, arguments, options in effect.at_exit:
        atexit.register(function, *arguments, **options)


def changed(now: tuple[Filter, ...], before: tuple[Filter, ...], after: tuple[Filter, ...]) -> list[Filter]:
    """Change a list of warning filters as another one was changed: what was put in front, behind, taken out."""
    if now == before:
        return list(after)
    kept = [each for each in after if each in before]
    front = 0
    # What was moved to the front was there before, and out of its order since.
    while kept != [each for each in before if each in kept] and front < len(after):
        front += 1
        kept = [each for each in after[front:] if each in before]
    while front < len(after) and after[front] not in before:
        front += 1
    fresh = after[:front]
    behind = [each for each in after[front:] if each not in before]
    gone = [each for each in before if each not in after]
    middle = [each for each in now if each not in fresh and each not in gone]
    return [*fresh, *middle, *(each for each in behind if each not in middle)]


def _still(name: str, spec: ModuleSpec) -> bool:
    """Whether the file that a module was read from is what its name stands for now."""
    if spec.origin in {None, "built-in", "frozen"}:
        return True
    found = PathFinder.find_spec(name)
    return found is not None and found.origin == spec.origin


def _held(name: str, module: ModuleType) -> set[str]:
    """Give the modules that a module has hold of: what compiled code imports is seen by nobody when it is there already.

    A package has hold of all its parts, whoever imported them.
    """
    held = {value.__name__ for value in _content(module).values() if isinstance(value, ModuleType)}
    return {each for each in held if not each.startswith(f"{name}.")}


def _unbind(name: str, module: ModuleType, shelf: dict[str, ModuleType]) -> None:
    """A part of a package that nobody has imported is no attribute of it."""
    parent, _, last = name.rpartition(".")
    above = shelf.get(parent) or sys.modules.get(parent)
    if above is not None and _content(above).get(last) is module:
        delattr(above, last)


def _content(module: object) -> dict[str, Any]:
    # Anything at all may stand in sys.modules.
    found = getattr(module, "__dict__", {})
    return found if isinstance(found, dict) else {}
