"""The kernel in a forked process: as one that was started anew, in the place, environment and name of whoever asked for it.

It may be made before anybody asks: then it stops after everything that is the same for all, and waits. Whatever a user can
have written (profiles' startup files, extensions, matplotlib's backend) comes after that.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.pipelines.warm import wire
from nbops.pipelines.warm.ending import hush
from nbops.pipelines.warm.preloading import Prepared
from nbops.tracking.process import is_alive


@dataclass(frozen=True, slots=True)
class Request:
    """What a kernel is to be: its environment, folder and words of the command line, and for whom.

    ``requester`` is the identity of the process that must live; empty for a kernel that outlives it. ``connection`` is the
    socket to that process, ``output`` and ``error`` are the open files for what is no output of a cell.
    """

    environment: Mapping[str, str]
    folder: str
    command: Sequence[str]
    requester: str
    connection: int
    output: int
    error: int


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same for kernels that can stand for each other: words of the command line, whether they can be debugged."""

    arguments: tuple[str, ...]
    debugger: bool


def run(file: str, kind: Kind, prepared: Prepared, request: Request | socket.socket) -> int:
    """Run a kernel to its end; give the exit status.

    Parameters
    ----------
    file
        Its connection file.
    kind
        Of which kind it is.
    prepared
        What the parent has in memory.
    request
        What it is to be, or the socket over which that comes.
    """
    from ipykernel import debugger
    from ipykernel.kernelapp import IPKernelApp

    changes = dict(prepared.changes)
    if kind.debugger:
        # It was imported where there was none.
        importlib.reload(debugger)

    if isinstance(request, Request):
        _take_place(request, changes, file)
    app: Any = IPKernelApp.instance()
    # A number other than 0: there is a parent, which is not to be told on standard output how to connect.
    app.parent_handle = os.getpid()
    app.init_poller = lambda: None
    before, rest = os.environ.copy(), app.init_gui_pylab

    def go_on() -> None:
        asked = request if isinstance(request, Request) else _awaited(request)
        if not isinstance(request, Request):
            now = os.environ.copy()
            made = {name: now.get(name) for name in {*before, *now} if before.get(name) != now.get(name)}
            _take_place(asked, {**changes, **made}, file)
            _move(app, asked)
        if asked.requester:
            app.poller = _Watch(asked)
        rest()

    app.init_gui_pylab = go_on
    try:
        app.initialize(["-f", file, *kind.arguments])
        del app.init_gui_pylab, app.init_poller
        app.start()
        hush(app)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        return 1
    return 0


def as_new() -> None:
    """Make a process that was just forked one that was just started."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = logging.getLogger("nbops.warm")
    log.handlers.clear()
    log.propagate = True
    log.setLevel(logging.NOTSET)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)


def _awaited(control: socket.socket) -> Request:
    message, files = wire.hear(control)
    if message is None:
        # The parent is gone, and nobody will ask any more.
        os._exit(0)
    control.close()
    content = wire.unpacked(files[0])
    os.close(files[0])
    return Request(**content, requester=message["requester"], connection=files[1], output=files[2], error=files[3])


def _take_place(request: Request, changes: Mapping[str, str | None], file: str) -> None:
    for number, given in ((1, request.output), (2, request.error)):
        # Once the kernel has begun, the numbers 1 and 2 are what it listens to itself.
        stream = sys.stdout if number == 1 else sys.stderr
        target = getattr(stream, "_original_stdstream_copy", None)
        os.dup2(given, number if target is None else target)
        os.close(given)
    os.environ.clear()
    os.environ.update({**request.environment, **{name: value for name, value in changes.items() if value is not None}})
    for name in [name for name, value in changes.items() if value is None]:
        os.environ.pop(name, None)
    os.chdir(request.folder)
    words = list(request.command)
    start = words.index("ipykernel_launcher")
    words[start + 2] = file
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [str(launcher.origin) if launcher else "ipykernel_launcher", *words[start + 1 :]]
    sys.orig_argv = words


def _move(app: Any, request: Request) -> None:
    """Tell a kernel that was made elsewhere where it is."""
    app.shell.starting_dir = os.getcwd()
    app.shell.history_manager.dir_hist[:] = [Path.cwd()]
    session = os.environ.get("JPY_SESSION_NAME")
    if session:
        app.shell.user_ns["__session__"] = session


class _Watch(threading.Thread):
    """Ends the kernel when the process that asked for it is gone, as the parent poller of other kernels does."""

    def __init__(self, request: Request) -> None:
        super().__init__(name="parent", daemon=True)
        self._connection, self._requester = request.connection, request.requester

    def run(self) -> None:
        watched = select.poll()
        watched.register(self._connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        # A copy of the socket in another process that was forked from that one would keep it open.
        while not watched.poll(1000) and is_alive(self._requester):
            pass
        os._exit(1)
