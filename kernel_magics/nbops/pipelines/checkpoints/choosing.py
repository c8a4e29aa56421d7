"""Which variables of a kernel go into the file that keeps its state; in the kernel."""

from __future__ import annotations

import random
import re
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.pipelines.checkpoints.pickling import Sink, dump, write
from nbops.pipelines.checkpoints.problems import CannotKeep, HoldsSecret, TooMuch
from nbops.pipelines.checkpoints.trust import fixed, users_module
from nbops.redaction import Redactor, secret_name

_UNLIMITED, _SAMPLE = 1 << 62, 1 << 17
_LETTERS = bytes(range(9, 127))
_SHOWN = 3
_TOKEN = re.compile(
    rb"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9_]{20}|glpat-[\w\-]{20}"
    rb"|sk-[\w\-]{20}|xox[abeoprs]-[A-Za-z0-9\-]{10}|hf_[A-Za-z0-9]{20}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept: name and digest of the file in the folder, its size, names that are in it and names that are not."""

    file: str
    sha256: str
    size: int
    names: tuple[str, ...]
    left: tuple[str, ...]


class Choice:
    """Keeps variables: all of them if that can be, else those that are needed.

    Parameters
    ----------
    cells
        The namespace in which cells run.
    names
        Its variables.
    needed
        Those of them that must be kept.
    references
        Those that come back in another way, with that.
    secrets
        Texts that must not get into the file.
    limit
        Bytes that it may have.
    until
        Moment (``time.monotonic``) at which it must be written.
    """

    def __init__(
        self,
        cells: dict[str, Any],
        names: Sequence[str],
        needed: Collection[str],
        references: Mapping[str, Any],
        secrets: Iterable[str],
        limit: int,
        until: float,
    ) -> None:
        self._cells, self._names, self._references = cells, [n for n in names if n not in references], references
        self._needed = [name for name in self._names if name in set(needed)]
        self._secrets = [text.encode("utf-8", "surrogatepass") for text in secrets if len(text) >= 4]
        self._limit, self._until = limit, until
        self._known = singletons()

    def keep(self, folder: Path, first: Sequence[Any]) -> Kept:
        """Write the file.

        Parameters
        ----------
        folder
            Where to.
        first
            What is kept beside the variables.

        Raises
        ------
        CannotKeep
            A variable that is needed cannot be kept, or the state is too large.
        """
        named = [name for name in self._names if _named_secret(name, self._cells[name])]
        self._refuse(name for name in named if name in self._needed)
        names = [name for name in self._names if name not in named]
        try:
            return self._written(folder, first, names)
        except Exception as error:
            if isinstance(error, TooMuch) and error.late:
                raise
            problem = error
        without = self._troublesome(names, problem)
        self._refuse([name for name in without if name in self._needed], without)
        for fewer in ([name for name in names if name not in without], self._needed):
            try:
                return self._written(folder, first, fewer)
            except Exception as error:
                problem = error
        if isinstance(problem, TooMuch) and not problem.late:
            raise CannotKeep(f"the variables are {problem}: {self._largest()}") from problem
        raise CannotKeep(_said(problem)) from problem

    def picklable(self, value: Any) -> bool:
        """Whether something could be kept."""
        try:
            dump(self._trial(), self._cells, (value,), (), (), self._known)
        except Exception:
            return False
        return True

    def _written(self, folder: Path, first: Sequence[Any], names: Sequence[str]) -> Kept:
        kept: list[str] = []

        def fill(file: Any) -> Sink:
            sink = Sink(file, self._limit, self._until, self._search)
            kept.extend(dump(sink, self._cells, first, names, self._references, self._known))
            return sink

        file, sink = write(folder, fill)
        left = [name for name in self._names if name not in kept]
        return Kept(file, sink.sha256, sink.size, tuple(kept), tuple(left))

    def _trial(self, limit: int = _UNLIMITED) -> Sink:
        return Sink(None, limit, self._until, self._search)

    def _troublesome(self, names: Iterable[str], problem: Exception) -> dict[str, str]:
        """Give the variables that cannot be kept by themselves, and why."""
        if isinstance(problem, TooMuch):
            return {}
        found = {}
        for name in names:
            try:
                dump(self._trial(), self._cells, (), [name], self._references, self._known)
            except TooMuch:
                raise
            except Exception as error:
                found[name] = _said(error, self._cells[name])
        return found

    def _refuse(self, names: Iterable[str], why: Mapping[str, str] | None = None) -> None:
        reasons = why or {}
        # What holds another variable in turn says the same less clearly.
        itself = {reason.removeprefix("is a "): name for name, reason in reasons.items() if reason.startswith("is a ")}
        wrong: dict[str, None] = {}
        for name in names:
            reason = reasons.get(name, "holds a secret, which is not kept")
            inside = itself.get(reason.partition(" holds a ")[2])
            wrong[f"{inside!r} {reasons[inside]}" if inside else f"{name!r} {reason}"] = None
        if wrong:
            more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise CannotKeep(f"{', '.join([*wrong][:_SHOWN])}{more}")

    def _largest(self) -> str:
        sizes = {}
        for name in self._needed:
            sink = self._trial()
            try:
                dump(sink, self._cells, (), [name], self._references, self._known)
            except Exception:
                continue
            sizes[name] = sink.size
        top = sorted(sizes, key=lambda name: -sizes[name])[:_SHOWN]
        return ", ".join(f"{name!r} {sizes[name] / (1 << 20):.0f} MB" for name in top)

    def _search(self, piece: bytes) -> bool:
        if any(secret in piece for secret in self._secrets):
            return True
        # Numbers are much the largest part, and no tokens.
        some = piece[:_SAMPLE]
        text = len(piece) < _SAMPLE or len(some.translate(None, _LETTERS)) < len(some) // 4
        return text and _TOKEN.search(piece) is not None


def singletons() -> dict[int, tuple[str, str]]:
    """Give the objects of which a kernel has one each, by their ``id``, with the place where they are found."""
    found = {id(random._inst): ("random", "_inst")}
    module: Any = sys.modules.get("numpy.random.mtrand")
    if module is not None:
        found[id(module._rand)] = ("numpy.random.mtrand", "_rand")
        found[id(module._rand._bit_generator)] = ("numpy.random.mtrand", "_rand._bit_generator")
    return found


def references(
    cells: Mapping[str, Any],
    names: Collection[str],
    imports: Iterable[Sequence[str]],
    parameters: Mapping[str, Any],
    environment: Mapping[str, str],
) -> dict[str, list[str]]:
    """Give the variables that come back without being kept.

    Parameters
    ----------
    cells, names
        The namespace in which cells run, and its variables.
    imports
        Each ``from MODULE import NAME as OTHER`` of the notebook, as ``[OTHER, MODULE, NAME]``.
    parameters
        Values that are injected.
    environment
        Variables of the environment that the kernel was started with.
    """
    found: dict[str, list[str]] = {}
    for name, module, attribute in imports:
        missing = found  # nothing else is this
        if name in names and getattr(sys.modules.get(module), attribute, missing) is cells[name]:
            found[name] = ["import", module, attribute]
    for name in names:
        value = cells[name]
        if not isinstance(value, str) or name in found:
            continue
        if name in parameters and parameters[name] == value:
            found[name] = ["parameter", name]
        elif (
            source := next((key for key, text in environment.items() if secret_name(key) and text == value), "")
        ) and value:
            found[name] = ["environment", source]
    return found


def module_data(modules: Iterable[types.ModuleType], can_keep: Callable[[Any], bool]) -> dict[str, dict[str, Any]]:
    """Give the data of the user's own modules: cells may have changed them. What cannot be kept comes from the import."""
    found: dict[str, dict[str, Any]] = {}
    for module in modules:
        data = {
            name: value
            for name, value in vars(module).items()
            if not name.startswith("__")
            and not isinstance(value, (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType))
            and getattr(type(value), "__module__", "") != "typing"
            and (fixed(value) or can_keep(value))
        }
        if data:
            found[module.__name__] = data
    return found


def users_modules() -> list[types.ModuleType]:
    """Give the loaded modules that are the user's own."""
    every = [module for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)]
    return [
        module
        for module in every
        if users_module(module) and module.__name__ != "nbops" and not module.__name__.startswith("nbops.")
    ]


def _named_secret(name: str, value: Any) -> bool:
    return isinstance(value, str) and Redactor({}).mapping({name: value}) != {name: value}


def _said(error: Exception, value: Any = None) -> str:
    """Say in a few words why something cannot be kept."""
    if isinstance(error, HoldsSecret):
        return "holds a secret, which is not kept"
    text = " ".join(str(error).split())
    kind = re.search(r"'([\w.]+)' object", text)
    what = kind[1] if kind else text if isinstance(error, CannotKeep) else ""
    own = type(value)
    plain = own.__module__ in {"builtins", "__main__"} or own.__module__.startswith("_")
    name = own.__qualname__ if plain else f"{own.__module__}.{own.__qualname__}"
    if what and what.rpartition(".")[2] in {own.__name__, own.__qualname__}:
        return f"is a {name}"
    if what and value is not None:
        return f"({name}) holds a {what}"
    return f"({name}) cannot be kept: {text[:120]}" if value is not None else text[:160]
