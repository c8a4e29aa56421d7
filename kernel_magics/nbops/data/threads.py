"""Columns beside each other in two threads.

Counting numbers is many short steps in numpy, each of which takes and leaves the interpreter's lock; two threads of that are hardly
quicker than one. Finding the different texts of a column is one long step in Arrow that needs no lock, which goes well beside it.
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
# A thread costs more than counting a column of fewer rows.
_WORTH = 20_000


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
    beside_main = deque(place for place, item in enumerate(items) if apart(item)) if rows >= _WORTH else deque()
    if not beside_main or len(items) == 1 or (os.cpu_count() or 1) < 2:
        return [function(item) for item in items]
    there = set(beside_main)
    found: dict[int, _Result] = {}

    def work(following: Callable[[], int]) -> None:
        while True:
            try:
                place = following()
            except IndexError:
                return
            found[place] = function(items[place])

    with ThreadPoolExecutor(1, "nbops-profile") as pool:
        # What holds for this thread only, such as how numpy takes overflows, holds there as well.
        other = pool.submit(contextvars.copy_context().run, work, beside_main.popleft)
        try:
            for place in (place for place in range(len(items)) if place not in there):
                found[place] = function(items[place])
                if other.done():
                    other.result()
            work(beside_main.pop)
            other.result()
        finally:
            # After an error nothing more is begun there.
            beside_main.clear()
    return [found[place] for place in range(len(items))]
