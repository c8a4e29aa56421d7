"""Pieces of a table that are read while earlier ones are counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

# Pieces that wait to be counted, at most; and bytes of those that are put together, since what is done once for each is dear.
_WAITING = 1
_TOGETHER = 16 << 20
_PATIENCE = 0.05
_NOT_YET = object()


class Ahead:
    """Reads pieces in a thread of its own; iterating gives all of them, as many at once as have been read."""

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        """Take the pieces, of which none is read before :meth:`begin` or the first is asked for."""
        self._pieces = pieces
        self._waiting: Queue[Any] = Queue(_WAITING)
        self._abandoned = threading.Event()
        self._thread: threading.Thread | None = None
        self._following: Ahead | None = None

    def followed_by(self, other: Ahead) -> None:
        """Begin to read another one as soon as these pieces are read."""
        self._following = other

    def begin(self) -> None:
        """Begin to read."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="nbops-reader", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Read no more."""
        self._abandoned.set()
        if self._thread is not None:
            self._thread.join()

    def __iter__(self) -> Iterator[pa.Table]:
        """Give the pieces in their order.

        Raises
        ------
        BaseException
            What reading raised.
        """
        self.begin()
        try:
            yield from self._together()
        finally:
            self.close()

    def _together(self) -> Iterator[pa.Table]:
        import pyarrow as pa

        coming = self._waiting.get()
        while coming is not None:
            if isinstance(coming, BaseException):
                raise coming
            taken, coming = [coming], self._next()
            while isinstance(coming, pa.Table) and _fits(coming, taken):
                taken.append(coming)
                coming = self._next()
            yield pa.concat_tables(taken)
            coming = self._waiting.get() if coming is _NOT_YET else coming

    def _next(self) -> Any:
        try:
            return self._waiting.get_nowait()
        except Empty:
            return _NOT_YET

    def _read(self) -> None:
        last: BaseException | None = None
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
        except BaseException as error:  # it is raised where the pieces are asked for
            last = error
        if self._following is not None and last is None:
            self._following.begin()
        self._put(last)

    def _put(self, piece: pa.Table | BaseException | None) -> bool:
        while not self._abandoned.is_set():
            try:
                self._waiting.put(piece, timeout=_PATIENCE)
            except Full:
                continue
            return True
        return False


def _fits(piece: pa.Table, taken: list[pa.Table]) -> bool:
    return bool(piece.schema == taken[0].schema and sum(t.nbytes for t in taken) + piece.nbytes <= _TOGETHER)
