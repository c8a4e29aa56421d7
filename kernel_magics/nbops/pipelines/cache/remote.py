"""Where a team keeps results: a folder, an address of the web, or whatever fsspec can reach. Bytes by name, nothing else.

Whatever goes wrong is an ``OSError``. Nothing here waits for ever: :class:`Patience` gives up on what makes no progress.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from nbops.errors import MissingExtraError

TOKEN = "NBOPS_CACHE_TOKEN"
_CHUNK = 1 << 18
_SECONDS = 8.0
_Answer = TypeVar("_Answer")
Beat = Callable[[], None]


class Store(Protocol):
    """Files by name; names have slashes."""

    def get(self, name: str, target: BinaryIO, most: int, beat: Beat) -> bool:
        """Copy a file of at most so many bytes into ``target``; false where there is none."""

    def put(self, name: str, source: Path, beat: Beat) -> None:
        """Store a file, whole or not at all. One that is there already may be left."""


def store_for(address: str) -> Store:
    """Give the store at a folder or address.

    Raises
    ------
    MissingExtraError
        It needs fsspec, which is not installed.
    """
    scheme, sign, _ = address.partition("://")
    if not sign:
        return _Folder(Path(address))
    if scheme == "file":
        request = importlib.import_module("urllib.request")
        return _Folder(Path(request.url2pathname(address.removeprefix("file://"))))
    if scheme in {"http", "https"}:
        return _Web(address)
    try:
        return _Anywhere(importlib.import_module("fsspec"), address)
    except ImportError as error:
        raise MissingExtraError(f"A cache at {scheme}://", "remote") from error


class Patience:
    """Calls what may hang, in a thread of its own, and gives up on it when it makes no progress."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds

    def call(self, action: Callable[..., _Answer], *given: Any) -> _Answer:
        """Give what an action gives; what it is given last it calls whenever it gets on.

        Raises
        ------
        OSError
            It failed, or made no progress for too long.
        """
        answer: list[_Answer] = []
        failed: list[BaseException] = []
        moved, done = threading.Event(), threading.Event()

        def run() -> None:
            try:
                answer.append(action(*given, moved.set))
            except BaseException as error:
                failed.append(error)
            finally:
                done.set()
                moved.set()

        # It must not keep the program from ending, so it is none of a pool's, which are waited for.
        threading.Thread(target=run, name="nbops-cache", daemon=True).start()
        while not done.is_set():
            if not moved.wait(self._seconds):
                raise TimeoutError(f"no answer within {self._seconds:g} s")
            moved.clear()
        if failed:
            error = failed[0]
            raise error if isinstance(error, OSError) else OSError(f"{type(error).__name__}: {error}")
        return answer[0]


class _Folder:
    """A folder that all can reach."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str, target: BinaryIO, most: int, beat: Beat) -> bool:
        try:
            with (self._folder / name).open("rb") as source:
                _copy(source, target, most, beat)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def put(self, name: str, source: Path, beat: Beat) -> None:
        path = self._folder / name
        if path.exists() and path.stat().st_size == source.stat().st_size and not name.endswith(".json"):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            with source.open("rb") as given, part.open("wb") as target:
                _copy(given, target, source.stat().st_size, beat)
                target.flush()
                os.fsync(target.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


class _Web:
    """A server that answers GET, and PUT if it is written to."""

    def __init__(self, address: str) -> None:
        self._request = importlib.import_module("urllib.request")
        self._errors = importlib.import_module("urllib.error")
        self._address = address.rstrip("/")

    def get(self, name: str, target: BinaryIO, most: int, beat: Beat) -> bool:
        try:
            with self._opened(self._request.Request(f"{self._address}/{name}")) as answer:
                _copy(answer, target, most, beat)
        except self._errors.HTTPError as error:
            if error.code in {404, 410}:
                return False
            raise
        return True

    def put(self, name: str, source: Path, beat: Beat) -> None:
        size = source.stat().st_size
        with source.open("rb") as file:
            headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            request = self._request.Request(
                f"{self._address}/{name}", data=_Told(file, beat), headers=headers, method="PUT"
            )
            self._opened(request).close()

    def _opened(self, request: Any) -> Any:
        token = os.environ.get(TOKEN)
        if token:
            # Not sent on to where an answer may lead.
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        return self._request.urlopen(request, timeout=_SECONDS)


class _Anywhere:
    """Whatever fsspec has a file system for: object stores, SFTP and others."""

    def __init__(self, fsspec: Any, address: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(address)

    def get(self, name: str, target: BinaryIO, most: int, beat: Beat) -> bool:
        try:
            with self._files.open(f"{self._root}/{name}", "rb") as source:
                _copy(source, target, most, beat)
        except FileNotFoundError:
            return False
        return True

    def put(self, name: str, source: Path, beat: Beat) -> None:
        path = f"{self._root}/{name}"
        if not name.endswith(".json") and self._files.exists(path):
            return
        with contextlib.suppress(FileExistsError):
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        part = f"{path}.{uuid.uuid4().hex[:8]}"
        with source.open("rb") as given, self._files.open(part, "wb") as target:
            _copy(given, target, source.stat().st_size, beat)
        self._files.mv(part, path)


class _Told:
    """A file that says when it is read on."""

    def __init__(self, file: BinaryIO, beat: Beat) -> None:
        self._file, self._beat = file, beat

    def read(self, size: int = -1) -> bytes:
        self._beat()
        return self._file.read(size)


def _copy(source: BinaryIO, target: BinaryIO, most: int, beat: Beat) -> None:
    while chunk := source.read(_CHUNK):
        beat()
        most -= len(chunk)
        if most < 0:
            raise OSError("it is larger than it says")
        target.write(chunk)
