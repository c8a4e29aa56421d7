"""What importing a module does besides making it: seen while the parent imports, and done again in a kernel that imports it."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Filter = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the body of a module changed between two imports that it made."""

    before: tuple[Filter, ...] = ()
    filters: tuple[Filter, ...] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    finders: tuple[tuple[Any, ...], tuple[Any, ...]] = ((), ())
    patches: tuple[Any, ...] = ()
    printed: tuple[tuple[int, str], ...] = ()
    at_exit: tuple[tuple[Any, tuple[Any, ...], dict[str, Any]], ...] = ()


_NOTHING = object()
# The package importlib_metadata takes this away, to do it itself.
_SPOTS: tuple[tuple[Any, str], ...] = ((PathFinder, "find_distributions"),)
KNOWN = frozenset((f"{owner.__module__}.{owner.__name__}", name) for owner, name in _SPOTS)
# What the body of a module did, in order: imported another one by this name, or changed something.
Script = list["str | Effect"]


class _Watched:
    """Stands for a loader until it runs the module's body."""

    def __init__(self, loader: Any, watcher: Watcher) -> None:
        self._loader, self._watcher = loader, watcher

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._loader
        with self._watcher.body_of(spec.name):
            self._loader.exec_module(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class Watcher:
    """Looks on while modules are imported: enter it, import, leave it, and read :attr:`scripts`.

    Parameters
    ----------
    outputs
        Standard output and error, each an open file whose size grows by what a module prints.
    """

    def __init__(self, outputs: Sequence[int] = ()) -> None:
        self.scripts: dict[str, Script] = {}
        self._stack: list[str] = []
        self._outputs = tuple(outputs)
        self._at_exit: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []
        self._known: set[str] = set()

    def __enter__(self) -> Watcher:
        self._known = set(sys.modules)
        self._import, self._register = builtins.__import__, atexit.register
        sys.meta_path.insert(0, self)
        builtins.__import__ = self._imported
        atexit.register = self._registered
        self._last = self._state()
        return self

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        builtins.__import__, atexit.register = self._import, self._register

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Find a module as all others would, and stand between its loader and its body."""
        self._need(name)
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module") and spec.origin is not None:
                    spec.loader = _Watched(spec.loader, self)
                return spec
        return None

    @contextlib.contextmanager
    def body_of(self, name: str) -> Iterator[None]:
        """While a module's body runs, what happens is its doing."""
        self._settle()
        self._stack.append(name)
        try:
            yield
        finally:
            self._settle()
            self._stack.pop()

    def _imported(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if self._stack:
            self._settle()
        module = self._import(name, globals, locals, fromlist or (), level)
        if self._stack:
            # What is in memory already goes by no finder, and is needed all the same.
            full = _absolute(name, globals or {}, level)
            self._need(full)
            for item in fromlist or ():
                if f"{full}.{item}" in sys.modules:
                    self._need(f"{full}.{item}")
        return module

    def _registered(self, function: Any, /, *arguments: Any, **options: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__")
        if self._stack and caller == self._stack[-1]:
            self._at_exit.append((function, arguments, options))
            return function
        return self._register(function, *arguments, **options)

    def _need(self, name: str) -> None:
        if self._stack:
            script = self.scripts.setdefault(self._stack[-1], [])
            if name not in script:
                script.append(name)

    def _settle(self) -> None:
        """Write down what has changed as the doing of the module whose body runs."""
        state = self._state()
        if self._stack:
            # Some modules are made by hand, as those of six.
            for fresh in reversed(sys.modules):
                if fresh in self._known:
                    break
                self._need(fresh)
                self._known.add(fresh)
            filters, variables, sizes, finders, patched = self._last
            if state != self._last or self._at_exit:
                self.scripts.setdefault(self._stack[-1], []).append(
                    Effect(
                        before=filters,
                        filters=state[0],
                        variables=_difference(variables, state[1]),
                        finders=_around(finders, state[3]),
                        patches=state[4] if state[4] != patched else (),
                        printed=self._printed(sizes, state[2]),
                        at_exit=tuple(self._at_exit),
                    )
                )
        self._at_exit.clear()
        self._last = state

    def _state(self) -> tuple[Any, ...]:
        if self._outputs:
            sys.stdout.flush()
            sys.stderr.flush()
        sizes = tuple(os.fstat(output).st_size for output in self._outputs)
        return tuple(warnings.filters), os.environ.copy(), sizes, tuple(sys.meta_path), patches()

    def _printed(self, before: tuple[int, ...], after: tuple[int, ...]) -> tuple[tuple[int, str], ...]:
        return tuple(
            (number, os.pread(output, new - old, old).decode("utf-8", "replace"))
            for number, (output, old, new) in enumerate(zip(self._outputs, before, after, strict=True), 1)
            if new > old
        )


def patches() -> tuple[Any, ...]:
    """Give what stands in the places of the standard library that packages are known to change."""
    return tuple(vars(owner).get(name, _NOTHING) for owner, name in _SPOTS)


def patch(values: tuple[Any, ...]) -> None:
    """Change these places."""
    for (owner, name), value in zip(_SPOTS, values, strict=True):
        if value is not _NOTHING:
            setattr(owner, name, value)
        elif name in vars(owner):
            delattr(owner, name)


def _absolute(name: str, variables: Mapping[str, Any], level: int) -> str:
    if not level:
        return name
    spec = variables.get("__spec__")
    package = variables.get("__package__") or (spec.parent if spec is not None else "") or ""
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name}" if name else str(base)


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    return {name: after.get(name) for name in {*before, *after} if before.get(name) != after.get(name)}


def _around(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Give what was put in front of and behind those that were there."""
    fresh = [each for each in after if each not in before]
    first = next((number for number, each in enumerate(after) if each in before), len(after))
    front = tuple(after[:first])
    return front, tuple(each for each in fresh if each not in front)
