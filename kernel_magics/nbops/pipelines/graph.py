"""The graph of a pipeline's stages."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence

from nbops.errors import PipelineError


class Graph:
    """Who comes before whom among stages that are given in the order they run.

    Everything asked of it costs little, also where there are thousands of stages: who comes before a stage is a number
    with a bit for each.
    """

    def __init__(self, after: Mapping[str, Sequence[str]]) -> None:
        self.after = after
        self._names = tuple(after)
        self._places = {name: place for place, name in enumerate(after)}
        self._masks: list[int] = []

    def place(self, stage: str) -> int:
        """Give the place of a stage in the order they run, from 0."""
        return self._places[stage]

    def name(self, place: int) -> str:
        """Give the stage at a place."""
        return self._names[place]

    def before(self, earlier: str, later: str) -> bool:
        """Tell whether a stage is one of those that another depends on, directly or not."""
        return bool(self.mask(later) >> self._places[earlier] & 1)

    def upstream(self, stage: str) -> tuple[str, ...]:
        """Give every stage that a stage depends on, in the order they run."""
        bits = bin(self.mask(stage))[:1:-1]
        return tuple(name for name, bit in zip(self._names, bits, strict=False) if bit == "1")

    def downstream(self, stage: str) -> tuple[str, ...]:
        """Give every stage that depends on a stage, in the order they run."""
        place = self._places[stage]
        return tuple(name for name in self._names[place + 1 :] if self.mask(name) >> place & 1)

    def mask(self, stage: str) -> int:
        """Give the stages that a stage depends on, as bits by their places."""
        if not self._masks:
            self._masks = self._all()
        return self._masks[self._places[stage]]

    def _all(self) -> list[int]:
        # Later ones stand on earlier ones, so each is worked out once.
        masks: list[int] = []
        for others in self.after.values():
            found = 0
            for other in others:
                place = self._places.get(other)
                if place is not None and place < len(masks):
                    found |= masks[place] | 1 << place
            masks.append(found)
        return masks


def order(after: Mapping[str, Collection[str]]) -> tuple[str, ...]:
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


def circle(after: Mapping[str, Collection[str]]) -> tuple[str, ...]:
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


def _sorted(after: Mapping[str, Collection[str]]) -> tuple[str, ...]:
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
