"""The end of a kernel: all that the interpreter does for the user, without taking apart what the system takes back at once."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import threading
from typing import Any, NoReturn


def hush(app: Any) -> None:
    """Let the thread that heard that the kernel is to end finish, while its last words still find their way out.

    It flushes the outputs; were the thread that sends them stopped meanwhile, it would wait ten seconds for it.
    """
    thread = app.control_thread
    if thread is not None and thread.is_alive():
        with contextlib.suppress(RuntimeError):
            thread.stop()
        thread.join(2)


def end(status: int) -> NoReturn:
    """End the process: wait for threads that are no daemons, run what is registered with ``atexit``, write out open files."""
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    # The interpreter would write them out as it forgets them.
    for each in gc.get_objects():
        if isinstance(each, io.BufferedWriter | io.BufferedRandom | io.TextIOWrapper):
            with contextlib.suppress(Exception):
                if not each.closed and each.writable():
                    each.flush()
    os._exit(status)
