"""Frames a block reads or writes, known by the digest of their whole content."""

from __future__ import annotations

import hashlib
import os
import sys
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from nbops.records import DataRef


class Frames:
    """Fingerprints frames, the same object once however many names it has.

    Parameters
    ----------
    folder
        Where relative file names of ``read_csv`` and its like start.

    Frames that cannot be fingerprinted are left out; ``problems`` says so, a line each.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        # By identity, which a new object may inherit from a dead one; a strong reference would keep its memory.
        self._known: dict[int, tuple[weakref.ref[Any], DataRef]] = {}
        self.refs: dict[tuple[str, str], DataRef] = {}
        self.problems: list[str] = []
        self._fresh: list[tuple[weakref.ref[Any], DataRef]] = []

    def read(self, namespace: Mapping[str, Any], names: Iterable[str]) -> None:
        """Take the frames that exist before the block, because it may change them in place."""
        for name in names:
            self.add(name, namespace.get(name), "read")

    def written(
        self,
        namespace: Mapping[str, Any],
        names: Iterable[str],
        mutated: Iterable[str],
        readers: Mapping[str, str],
        *,
        finished: bool = True,
    ) -> None:
        """Take the frames that the block bound, read from files or changed in place.

        Where the block did not ``finish``, those with the content they were read with are not taken as changed.
        """
        changed = set(mutated)
        # An object may have changed since it was hashed; one bound anew without a change has not.
        stale = {id(namespace[name]) for name in changed if name in namespace}
        for identity in stale:
            self._known.pop(identity, None)
        for name in dict.fromkeys((*names, *sorted(changed))):
            context = "read" if name in readers and name not in changed else "written"
            value = namespace.get(name)
            known = self._recalled(value)
            if known is None or known.name != name:
                self.add(name, value, context, readers.get(name, ""))
            if not finished and self._as_read(name):
                self.refs.pop((name, "written"), None)

    def fresh(self) -> list[tuple[Any, DataRef]]:
        """Give the frames that were fingerprinted since this was asked last, each as it was then."""
        found, self._fresh = self._fresh, []
        return [(value, ref) for known, ref in found if (value := known()) is not None]

    def add(self, name: str, value: Any, context: str, origin: str = "") -> None:
        """Take one value if it is a frame."""
        if name.startswith("_") or not is_frame(value):
            return
        ref = self._recalled(value)
        if ref is None:
            try:
                ref = _described(name, value)
            except Exception as error:  # values may be of any class; the other frames are good all the same
                self.problems.append(f"data {name!r} not captured ({type(error).__name__}: {error})"[:300])
                return
            self._known[id(value)] = (weakref.ref(value), ref)
            self._fresh.append(self._known[id(value)])
        if origin and "://" not in origin:
            origin = os.path.normpath(os.path.join(self._folder, os.path.expanduser(origin)))
        self.refs[name, context] = DataRef(
            name=name,
            fingerprint=ref.fingerprint,
            rows=ref.rows,
            columns=ref.columns,
            schema=ref.schema,
            context=context,
            origin=origin,
        )

    def _as_read(self, name: str) -> bool:
        read, written = self.refs.get((name, "read")), self.refs.get((name, "written"))
        return read is not None and written is not None and read.fingerprint == written.fingerprint

    def _recalled(self, value: Any) -> DataRef | None:
        known = self._known.get(id(value))
        return known[1] if known is not None and known[0]() is value else None


def is_frame(value: Any) -> bool:
    """Whether a value is a pandas frame or series, or a numeric numpy array of two dimensions."""
    if value is None:
        return False
    pandas: Any = sys.modules.get("pandas")
    # A pandas that is just being imported has no frames yet.
    if pandas is not None and hasattr(pandas, "DataFrame") and isinstance(value, (pandas.DataFrame, pandas.Series)):
        return True
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "ndarray") or not isinstance(value, numpy.ndarray):
        return False
    return bool(value.ndim == 2 and value.size > 1 and value.dtype.kind in "biufcmMSU")


def _described(name: str, value: Any) -> DataRef:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        rows, columns = value.shape
        schema = {"array": str(value.dtype)}
        return DataRef(name=name, fingerprint=_of_array(value), rows=rows, columns=columns, schema=schema)
    from nbops.data.fingerprint import fingerprint

    if value.ndim == 1:
        schema = {str(value.name if value.name is not None else name): str(value.dtype)}
        value = value.to_frame(name=value.name if value.name is not None else name)
    else:
        schema = {str(column): str(kind) for column, kind in value.dtypes.items()}
    rows, columns = value.shape
    return DataRef(name=name, fingerprint=fingerprint(value), rows=rows, columns=columns, schema=schema)


def _of_array(value: Any) -> str:
    digest = hashlib.sha256(f"nbops.array.1:{value.dtype.str}:{value.shape}:".encode())
    contiguous = value if value.flags.c_contiguous else value.copy(order="C")
    kind = contiguous.dtype.kind
    digest.update((contiguous.view("i8") if kind in "mM" else contiguous).reshape(-1).view("u1").data)
    return digest.hexdigest()
