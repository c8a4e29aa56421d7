"""The warm parent: hands out kernels that are ready, makes new ones, tells how each ended."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.pipelines.warm import kernel, wire
from nbops.pipelines.warm.ending import end
from nbops.pipelines.warm.learning import QUIET
from nbops.pipelines.warm.places import Place
from nbops.pipelines.warm.preloading import Prepared
from nbops.pipelines.warm.variables import differing
from nbops.tracking.process import process_identity

log = logging.getLogger("nbops.warm")
_READY = 2
_TRIES = 3
_TICK = 10.0
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


@dataclass(slots=True)
class _Kernel:
    """A forked kernel: waiting (``control`` is open), or given to somebody (``connection`` is)."""

    pid: int
    connection_info: dict[str, Any] = field(default_factory=dict)
    control: socket.socket | None = None
    connection: socket.socket | None = None


class Parent:
    """A process that is ready to be forked, and forks.

    Parameters
    ----------
    place
        Where it listens.
    lock
        Open lock file that it holds.
    prepared
        What it has imported.
    idle
        Seconds without a kernel after which it ends.
    """

    def __init__(self, place: Place, lock: int, prepared: Prepared, idle: float) -> None:
        self._place, self._lock, self._prepared, self._idle = place, lock, prepared, idle
        self._stats = _stats(prepared.files | frozenset(prepared.settings))
        # Installed packages are looked after by the digest; those that are edited where they lie are not.
        self._edited = frozenset(name for name in prepared.files if "-packages" not in name)
        self._tops = frozenset(name.partition(".")[0] for name in prepared.shelf.names)
        self._kernels: dict[int, _Kernel] = {}
        self._ready: list[_Kernel] = []
        # Waiting kernels are made for what was asked for last.
        self._kind = kernel.Kind(QUIET, debugger=False)
        self._failed = 0
        self._used = time.monotonic()
        self._ending = False
        # Open files of the request that is being answered.
        self._passing: list[int] = []

    def serve(self) -> None:
        """Serve until nobody has asked for a while, or something that was imported has changed."""
        self._listener = socket.socket(socket.AF_UNIX, wire.KIND)
        fresh = self._place.socket.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        self._listener.bind(str(fresh))
        self._listener.listen(64)
        fresh.replace(self._place.socket)
        self._inode = self._place.socket.stat().st_ino
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake, selectors.EVENT_READ, self._reap)
        log.info("ready: process %d, %d modules", os.getpid(), len(self._prepared.shelf.names))
        self._refill()
        try:
            while self._kernels or not self._ending:
                for key, _ in self._selector.select(_TICK):
                    key.data(key.fileobj)
                self._refill()
                self._look_after()
        finally:
            self._retire("it ends")

    def _given(self) -> list[_Kernel]:
        return [each for each in self._kernels.values() if each.connection is not None]

    def _accept(self, listener: Any) -> None:
        connection, _ = listener.accept()
        pid, user = wire.peer(connection)
        if user != os.getuid() or pid <= 0:
            log.warning("user %d was turned away", user)
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_READ, self._asked)

    def _asked(self, connection: Any) -> None:
        files: list[int] = []
        try:
            message, files = wire.hear(connection)
            self._passing = [connection.fileno(), *files]
            if message is None:
                self._drop(connection)
            elif message.get("op") == "kernel" and len(files) == 3:
                self._selector.unregister(connection)
                self._used = time.monotonic()
                self._give(connection, message, files)
            elif message.get("op") == "status":
                wire.tell(connection, self._status())
            elif message.get("op") == "stop":
                wire.tell(connection, {"stopping": True})
                self._retire("somebody asked for it")
            else:
                self._drop(connection)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a request failed: %s: %s", type(error).__name__, error)
            with contextlib.suppress(OSError):
                wire.tell(connection, {"refused": f"the warm parent failed ({error})"})
            self._drop(connection)
        finally:
            self._passing = []
            wire.close(files)

    def _status(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "ready": [each.pid for each in self._ready], "kernels": len(self._given())}

    def _drop(self, connection: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()

    def _give(self, connection: socket.socket, message: Mapping[str, Any], files: Sequence[int]) -> None:
        content = wire.unpacked(files[0])
        refusal = self._refusal(content)
        if refusal:
            wire.tell(connection, {"refused": refusal})
            connection.close()
            return
        requester = process_identity(wire.peer(connection)[0]) if message["watched"] else ""
        kind = kernel.Kind(tuple(message["arguments"]), bool(message["debugger"]))
        if message["ready"] and self._fits_ready(content):
            if kind != self._kind:
                self._kind = kind
                self._let_go()
            given = self._hand_over({"requester": requester}, [files[0], connection.fileno(), *files[1:]])
        else:
            request = kernel.Request(
                **content, requester=requester, connection=connection.fileno(), output=files[1], error=files[2]
            )
            pid = self._fork(message["file"], kind, request)
            given = self._kernels[pid] = _Kernel(pid)
        given.connection = connection
        info = {name: value for name, value in given.connection_info.items() if name != "file"}
        wire.tell(connection, {"pid": given.pid, "connection": info})

    def _hand_over(self, message: dict[str, Any], files: Sequence[int]) -> _Kernel:
        """Give what was asked for to a kernel that waits."""
        while self._ready:
            given = self._ready.pop(0)
            assert given.control is not None
            with contextlib.suppress(OSError):
                # It fails if the kernel was killed, which nobody has seen yet.
                wire.tell(given.control, message, files)
                break
        else:
            given = self._make()
            assert given.control is not None
            wire.tell(given.control, message, files)
        given.control.close()
        given.control = None
        return given

    def _refusal(self, content: Mapping[str, Any]) -> str:
        """Give the reason why this process cannot stand for one that starts there, or an empty text."""
        if self._ending:
            return "the warm parent is ending"
        changed = _changed(self._stats, self._edited)
        if changed:
            self._retire(f"{changed} has changed")
            return f"{changed} has changed since the warm parent imported it"
        name = differing(set(self._prepared.variables), self._prepared.environment, content["environment"])
        if name:
            return f"{name} is not what it was when the warm parent started"
        folder = Path(content["folder"])
        try:
            names = os.listdir(folder)
        except OSError as error:
            return f"{folder}: {error.strerror or error}"
        for name in names:
            stem = name.partition(".")[0]
            if stem in self._tops and (name.endswith((".py", ".so")) or (folder / name / "__init__.py").exists()):
                return f"{folder / name} stands in for a module that the warm parent has imported"
        return f"there is a matplotlibrc in {folder}" if "matplotlibrc" in names else ""

    def _fits_ready(self, content: Mapping[str, Any]) -> bool:
        """Whether a kernel that was made elsewhere can go there: nothing that its start reads is different."""
        changed = _changed(self._stats, frozenset(self._prepared.settings))
        if changed:
            self._stats |= _stats(frozenset(self._prepared.settings))
            self._let_go()
        return not differing(set(self._prepared.at_start), self._prepared.environment, content["environment"])

    def _refill(self) -> None:
        while not self._ending and len(self._ready) < _READY and self._failed < _TRIES:
            try:
                self._ready.append(self._make())
            except OSError as error:
                self._failed += 1
                log.warning("no kernel can be forked: %s", error)

    def _let_go(self) -> None:
        """Let the waiting kernels end: they see that their socket is closed."""
        for each in self._ready:
            if each.control is not None:
                each.control.close()
                each.control = None
        self._ready.clear()

    def _make(self) -> _Kernel:
        """Fork a kernel that waits to be asked for."""
        token = secrets.token_hex(5)
        info: dict[str, Any] = {name: number for number, name in enumerate(_PORTS, 1)}
        info |= {"transport": "ipc", "ip": str(self._place.folder / f"k{token}"), "key": secrets.token_hex(32)}
        info |= {"signature_scheme": "hmac-sha256", "file": str(self._place.folder / f"k{token}.json")}
        with os.fdopen(os.open(info["file"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({**info, "kernel_name": "python3"}, file)
        ours, its = socket.socketpair(socket.AF_UNIX, wire.KIND)
        self._passing.append(ours.fileno())
        pid = self._fork(info["file"], self._kind, its)
        self._passing.pop()
        its.close()
        made = _Kernel(pid, info, control=ours)
        self._kernels[pid] = made
        return made

    def _fork(self, file: str, kind: kernel.Kind, request: kernel.Request | socket.socket) -> int:
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            self._forget(request)
            kernel.as_new()
            status = kernel.run(file, kind, self._prepared, request)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            end(status)

    def _forget(self, request: kernel.Request | socket.socket) -> None:
        """Close what belongs to the parent: a child that had it open would keep its lock, and its connections alive."""
        its = (
            {request.connection, request.output, request.error}
            if isinstance(request, kernel.Request)
            else {request.fileno()}
        )
        known: list[Any] = [key.fileobj for key in self._selector.get_map().values()]
        known += [each.control for each in self._kernels.values()] + [
            each.connection for each in self._kernels.values()
        ]
        self._selector.close()
        numbers = {each if isinstance(each, int) else each.fileno() for each in known if each is not None}
        for number in {*numbers, *self._passing, self._lock, self._woken} - its:
            if number >= 0:
                os.close(number)

    def _reap(self, wake: Any) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(wake, 512):
                pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid in self._kernels:
                self._ended(self._kernels.pop(pid), os.waitstatus_to_exitcode(status))

    def _ended(self, each: _Kernel, status: int) -> None:
        self._used = time.monotonic()
        # First of all: whoever is told that it has ended may start another one in its place.
        if each.connection_info:
            Path(each.connection_info["file"]).unlink(missing_ok=True)
            for number in range(1, len(_PORTS) + 1):
                Path(f"{each.connection_info['ip']}-{number}").unlink(missing_ok=True)
        if each.connection is not None:
            self._failed = 0
            with contextlib.suppress(OSError):
                wire.tell(each.connection, {"exit": status})
            each.connection.close()
        elif each in self._ready:
            self._failed += 1
            log.warning("a kernel that waited ended with status %d", status)
            self._ready.remove(each)
        if each.control is not None:
            each.control.close()

    def _look_after(self) -> None:
        """See whether it is time to end."""
        if self._ending:
            return
        if not self._given() and time.monotonic() - self._used > self._idle:
            self._retire("nobody has asked for a while")
            return
        if time.monotonic() - self._used > _TICK / 2:
            changed = _changed(self._stats, self._prepared.files)
            if changed:
                self._retire(f"{changed} has changed")
            elif not _is_ours(self._place.socket, self._inode):
                self._retire("its socket is gone")

    def _retire(self, why: str) -> None:
        """Give out nothing any more, and make room for another parent. Kernels that were given out live on."""
        if self._ending:
            return
        self._ending = True
        log.info("ends: %s", why)
        self._let_go()
        self._selector.unregister(self._listener)
        if _is_ours(self._place.socket, self._inode):
            self._place.socket.unlink(missing_ok=True)
        self._listener.close()
        os.close(self._lock)
        self._lock = os.open(os.devnull, os.O_RDONLY)


def _is_ours(path: Path, inode: int) -> bool:
    try:
        return path.stat().st_ino == inode
    except OSError:
        return False


def _stats(files: frozenset[str]) -> dict[str, tuple[int, int] | None]:
    return {name: _stat(name) for name in files}


def _stat(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _changed(before: Mapping[str, tuple[int, int] | None], names: frozenset[str]) -> str:
    return next((name for name in names if _stat(name) != before.get(name)), "")
