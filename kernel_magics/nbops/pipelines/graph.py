"""The graph of a pipeline's stages."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from nbops.errors import PipelineError


def order(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give the stages so that each comes after those it depends on, else in the order of the file.

    Parameters
    ----------
    after
        Stage to the stages it comes after; every name must be a key.

    Raises
    ------
    PipelineError
        Stages depend on each other in a circle, which the message names.
    """
    done = _sorted(after)
    if len(done) < len(after):
        raise PipelineError(f"the stages depend on each other in a circle: {' -> '.join(circle(after))}.")
    return done


def ancestors(after: Mapping[str, Sequence[str]], stage: str) -> frozenset[str]:
    """Give every stage that ``stage`` depends on, directly or not."""
    found: set[str] = set()
    todo = list(after[stage])
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(after[name])
    return frozenset(found)


def circle(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give stages that depend on each other in a circle, the first of them again at the end; nothing if none do."""
    done = set(_sorted(after))
    waiting = [name for name in after if name not in done]
    if not waiting:
        return ()
    # Whoever cannot run waits for another that cannot: following that leads round sooner or later.
    path = {waiting[0]: 0}
    while True:
        last = next(reversed(path))
        following = next(name for name in after[last] if name not in done)
        if following in path:
            return (*list(path)[path[following] :], following)
        path[following] = len(path)


def _sorted(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give the stages in order, those aside that are in a circle or behind one."""
    names = list(after)
    places = {name: place for place, name in enumerate(names)}
    followers: dict[str, list[str]] = {name: [] for name in names}
    waits = {}
    for name, others in after.items():
        several = set(others)
        waits[name] = len(several)
        for other in several:
            followers[other].append(name)
    ready = [places[name] for name, count in waits.items() if not count]
    done: list[str] = []
    while ready:
        name = names[heapq.heappop(ready)]
        done.append(name)
        for follower in followers[name]:
            waits[follower] -= 1
            if not waits[follower]:
                heapq.heappush(ready, places[follower])
    return tuple(done)
