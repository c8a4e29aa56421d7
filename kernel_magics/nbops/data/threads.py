"""Columns beside each other in two threads.

Finding the different texts of a column is one long step in Arrow that needs none of the interpreter's lock. Counting numbers is many
short steps in numpy, each of which takes and leaves that lock: beside another thread of that it pays only where each step is long.
"""

from __future__ import annotations

import contextvars
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
# A thread costs more than counting a column of fewer rows: of one that is a single step, and of any.
_WORTH, _LONG = 20_000, 400_000


def beside(
    function: Callable[[_Item], _Result], items: Sequence[_Item], apart: Callable[[_Item], bool], rows: int
) -> list[_Result]:
    """Give what a function makes of each item, in their order.

    Parameters
    ----------
    function, items
        What is done, and with what.
    apart
        Whether an item is one long step without the interpreter's lock; a second thread begins with these.
    rows
        How many rows an item has: for few of them a thread is not worth it.

    Raises
    ------
    BaseException
        What the function raised, in either thread; the other one ends with the item that it is at.
    """
    there = deque(place for place, item in enumerate(items) if rows >= _WORTH and apart(item))
    here = deque(sorted({*range(len(items))} - {*there}))
    if len(items) < 2 or (os.cpu_count() or 1) < 2 or not (there or rows >= _LONG):
        return [function(item) for item in items]
    found: dict[int, _Result] = {}

    def work(own: deque[int], others: deque[int]) -> None:
        try:
            while (place := _next(own, others)) is not None:
                found[place] = function(items[place])
        except BaseException:
            # Nothing more is begun in either.
            here.clear()
            there.clear()
            raise

    with ThreadPoolExecutor(1, "nbops-profile") as pool:
        try:
            # What holds for this thread only, such as how numpy takes overflows, holds there as well.
            other = pool.submit(contextvars.copy_context().run, work, there, here if rows >= _LONG else deque())
            work(here, there)
            other.result()
        finally:
            there.clear()
    return [found[place] for place in range(len(items))]


def _next(own: deque[int], others: deque[int]) -> int | None:
    """Take the first of one's own, or else the last of the other's; ``None`` where none are left."""
    for take in (own.popleft, others.pop):
        try:
            return take()
        except IndexError:
            continue
    return None
