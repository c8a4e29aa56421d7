"""Run a coroutine to its end from plain code, wherever that runs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_LOOK_EVERY = 0.2


class Stopped(Exception):
    """Somebody wants an execution to end."""


def run_here(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what ``make`` gives in an event loop of its own.

    In a thread whose loop runs already, such as that of a notebook's kernel, it is run in another thread. An interrupt
    cancels it, waits until it has tidied up, and goes on.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner() as runner:
            return runner.run(make())
    return _Beside(make).result()


async def unless(stop: threading.Event | None, awaited: Awaitable[T]) -> T:
    """Give the result of ``awaited``, unless ``stop`` is set before.

    Raises
    ------
    Stopped
        It was set; what was awaited has been cancelled.
    """
    task = asyncio.ensure_future(awaited)
    try:
        while stop is not None and not task.done():
            if stop.is_set():
                raise Stopped
            await asyncio.wait((task,), timeout=_LOOK_EVERY)
        return await task
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class _Beside(Generic[T]):
    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._ready = threading.Event()
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="nbops-execution", daemon=True)

    def result(self) -> T:
        self._thread.start()
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self._ready.wait()
            with contextlib.suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
            raise
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self._found.append(runner.run(self._noted()))
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    async def _noted(self) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._loop, self._task = asyncio.get_running_loop(), task
        self._ready.set()
        return await self._make()
