"""Pieces of a table that are read while earlier ones are counted."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Pieces that wait to be counted, at most, and their bytes unless it is one alone; and bytes of those that are put together, since
# what is done once for each is dear.
_WAITING, _WAITING_BYTES = 2, 64 << 20
_TOGETHER = 16 << 20


class Ahead:
    """Reads pieces in a thread of its own; iterating gives all of them, as many at once as have been read."""

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        """Take the pieces, of which none is read before :meth:`begin` or the first is asked for."""
        self._pieces = pieces
        # At the end there is nothing, or what reading raised.
        self._waiting: deque[pa.Table | BaseException | None] = deque()
        self._changed = threading.Condition()
        self._abandoned = False
        self._thread: threading.Thread | None = None
        self._following: Ahead | None = None

    def followed_by(self, other: Ahead) -> None:
        """Begin to read another one as soon as these pieces are read."""
        self._following = other

    def begin(self) -> None:
        """Begin to read, unless that is closed."""
        with self._changed:
            if self._thread is None and not self._abandoned:
                self._thread = threading.Thread(target=self._read, name="nbops-reader", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Read no more, and let go of what was read and of the files."""
        with self._changed:
            self._abandoned = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def __iter__(self) -> Generator[pa.Table, None, None]:
        """Give the pieces in their order. To close the generator ends the reading.

        Raises
        ------
        BaseException
            What reading raised.
        """
        import pyarrow as pa

        self.begin()
        try:
            while taken := self._take():
                yield pa.concat_tables(taken)
                # Not to be kept while more is waited for.
                taken.clear()
        finally:
            self.close()

    def _take(self) -> list[pa.Table]:
        """Wait for pieces and take those that go together; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._abandoned)
            first = self._waiting.popleft() if self._waiting else None
            if isinstance(first, BaseException):
                raise first
            taken = [] if first is None else [first]
            while taken and self._waiting and _fits(self._waiting[0], taken):
                taken.append(self._waiting.popleft())
            self._changed.notify_all()
            return taken

    def _read(self) -> None:
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
            if self._following is not None:
                self._following.begin()
            self._put(None)
        except BaseException as error:  # it is raised where the pieces are asked for
            self._put(error)
        finally:
            if isinstance(self._pieces, Generator):
                with contextlib.suppress(Exception):
                    self._pieces.close()

    def _put(self, piece: pa.Table | BaseException | None) -> bool:
        """Have a piece wait as soon as there is room; nothing is done, and that is told, where nobody wants it any more."""
        size = _bytes_of(piece)
        with self._changed:
            self._changed.wait_for(lambda: self._abandoned or self._has_room(size))
            if not self._abandoned:
                self._waiting.append(piece)
                self._changed.notify_all()
            return not self._abandoned

    def _has_room(self, size: int) -> bool:
        many = len(self._waiting)
        return not many or (many < _WAITING and sum(map(_bytes_of, self._waiting)) + size <= _WAITING_BYTES)


def _bytes_of(piece: pa.Table | BaseException | None) -> int:
    return 0 if piece is None or isinstance(piece, BaseException) else int(piece.nbytes)


def _fits(piece: pa.Table | BaseException | None, taken: list[pa.Table]) -> bool:
    if piece is None or isinstance(piece, BaseException):
        return False
    return bool(piece.schema == taken[0].schema and sum(t.nbytes for t in taken) + piece.nbytes <= _TOGETHER)
