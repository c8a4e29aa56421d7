"""The variables of a kernel in one file, so that what is one object stays one; in the kernel.

cloudpickle does the work. Here is what a notebook needs beyond it: functions go on living in the notebook's own namespace
instead of a copy, what was imported is imported again instead of copied, and what would silently come back as something
else (open files, views of memory) is refused.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import io
import os
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import cloudpickle

from nbops.pipelines.checkpoints.problems import CannotKeep, HoldsSecret, TooMuch

_PIECE, _LONGEST = 1 << 22, 512
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))


class Sink:
    """A file that is not written further than it may be.

    Parameters
    ----------
    file
        Where the bytes go; none to find out only whether they could.
    limit
        Bytes at most.
    until
        Moment (``time.monotonic``) at which it must be done.
    search
        Whether a secret is in some bytes.
    """

    def __init__(self, file: IO[bytes] | None, limit: int, until: float, search: Callable[[bytes], bool]) -> None:
        self._file, self._limit, self._until, self._search = file, limit, until, search
        self._digest = hashlib.sha256()
        self._end = b""
        self.size = 0

    @property
    def sha256(self) -> str:
        """Digest of what was written."""
        return self._digest.hexdigest()

    def write(self, data: Any) -> int:
        """Take what the pickler writes."""
        view = memoryview(data).cast("B")
        self.size += view.nbytes
        if self.size > self._limit:
            raise TooMuch(f"larger than {_bytes(self._limit)}")
        if time.monotonic() > self._until:
            raise TooMuch("it takes too long to keep the state", late=True)
        for start in range(0, view.nbytes, _PIECE):
            # What lies across two pieces is looked at with the later one.
            piece = self._end + bytes(view[start : start + _PIECE])
            if self._search(piece):
                raise HoldsSecret("a secret")
            self._end = piece[-_LONGEST:]
        if self._file is not None:
            self._digest.update(view)
            self._file.write(view)
        return view.nbytes


class _Live(dict[str, Any]):
    """Stands for the notebook's namespace in a pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return namespace, ()


def namespace() -> dict[str, Any]:
    """Give the namespace in which cells run."""
    return vars(sys.modules["__main__"])


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's pickler for variables of a notebook.

    Parameters
    ----------
    sink
        Where the bytes go.
    cells
        The namespace in which cells run.
    known
        Objects by their ``id`` that are to be found again in a module: its name and the attribute.

    Attributes
    ----------
    read
        Variables that functions among what was written read.
    """

    def __init__(self, sink: Sink, cells: dict[str, Any], known: Mapping[int, tuple[str, str]]) -> None:
        super().__init__(sink, protocol=5)
        self._cells, self._known = cells, known
        self.globals_ref[id(cells)] = _Live(live=True)
        self.read: dict[str, None] = {}

    def reducer_override(self, obj: Any) -> Any:
        """Say how an object is kept; ``NotImplemented`` leaves it to pickle."""
        found = self._known.get(id(obj))
        if found is not None:
            return _attribute, found
        kind = type(obj)
        if _REFUSED.get(kind.__name__) == kind.__module__:
            raise CannotKeep(kind.__name__)
        if isinstance(obj, io.IOBase):
            return _stream(obj)
        special = _SPECIAL.get(kind)
        reduced = special(obj) if special is not None else NotImplemented
        return super().reducer_override(obj) if reduced is NotImplemented else reduced

    def _dynamic_function_reduce(self, func: types.FunctionType) -> Any:
        reduced = super()._dynamic_function_reduce(func)
        if func.__globals__ is self._cells:
            # What it reads of the notebook is kept with the notebook's variables, not in the function.
            self.read |= dict.fromkeys(reduced[2][1]["__globals__"])
            reduced[2][1]["__globals__"] = {}
        return reduced


def _stream(obj: Any) -> Any:
    for name in ("stdout", "stderr"):
        if obj is getattr(sys, name):
            return _attribute, ("sys", name)
    if type(obj) in (io.StringIO, io.BytesIO):
        return NotImplemented
    raise CannotKeep(type(obj).__name__)


def _module(obj: types.ModuleType) -> Any:
    return (importlib.import_module, ("__main__",)) if obj is sys.modules["__main__"] else NotImplemented


def _cached(obj: Any) -> Any:
    # pickle would look for it in the notebook, where it is not yet when it is restored. Its cache starts empty.
    if getattr(obj, "__module__", "") != "__main__":
        return NotImplemented
    return _cache_again, (obj.__wrapped__, obj.cache_parameters())


def _cache_again(function: Any, how: Mapping[str, Any]) -> Any:
    return functools.lru_cache(**how)(function)


def _view(obj: Any) -> Any:
    # cloudpickle gives the view of a copy.
    whole = next(one for one in gc.get_referents(obj) if isinstance(one, dict))
    return getattr(dict, type(obj).__name__.partition("_")[2]), (whole,)


def _refuse(obj: Any) -> Any:
    raise CannotKeep(type(obj).__name__)


def _attribute(module: str, path: str) -> Any:
    return functools.reduce(getattr, path.split("."), importlib.import_module(module))


_SPECIAL: dict[type, Callable[[Any], Any]] = {
    types.ModuleType: _module,
    type(functools.lru_cache(len)): _cached,
    memoryview: _refuse,
    **dict.fromkeys(_VIEWS, _view),
}
# By name, so that nothing is imported to know them.
_REFUSED = {"memmap": "numpy", "_TemporaryFileWrapper": "tempfile", "TemporaryDirectory": "tempfile"}


def dump(
    sink: Sink,
    cells: dict[str, Any],
    first: Iterable[Any],
    names: Iterable[str],
    skipped: Iterable[str],
    known: Mapping[int, tuple[str, str]],
) -> list[str]:
    """Write some things, then variables and whatever functions among them read; give the names that were written.

    Parameters
    ----------
    sink
        Where to.
    cells
        The namespace in which cells run.
    first
        What comes first in the file, one after the other.
    names
        Variables to keep.
    skipped
        Variables that come back in another way.
    known
        See :class:`Pickler`.

    Raises
    ------
    CannotKeep
        Something cannot be kept.
    Exception
        Whatever pickling an object raises.
    """
    pickler = Pickler(sink, cells, known)
    for thing in first:
        pickler.dump(thing)
    done: dict[str, None] = dict.fromkeys(skipped)
    kept: list[str] = []
    todo = [name for name in names if name not in done]
    while todo:
        pickler.dump({name: cells[name] for name in todo})
        kept += todo
        done |= dict.fromkeys(todo)
        todo = [name for name in pickler.read if name not in done and name in cells]
    pickler.dump(None)
    return kept


def write(folder: Path, fill: Callable[[IO[bytes]], Sink]) -> tuple[str, Sink]:
    """Write a file that only its owner may read, named by its content; give its name.

    Parameters
    ----------
    folder
        Where to.
    fill
        Fills the file and gives the sink that it used for that.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, path = tempfile.mkstemp(dir=folder, prefix=".writing-")  # only its owner may read it
    try:
        with os.fdopen(descriptor, "wb") as file:
            sink = fill(file)
        name = f"state-{sink.sha256[:16]}.pickle"
        os.replace(path, folder / name)
    except BaseException:
        os.unlink(path)
        raise
    return name, sink


def _bytes(size: int) -> str:
    return f"{size / (1 << 30):.3g} GB" if size >= 1 << 30 else f"{size / (1 << 20):.3g} MB"
