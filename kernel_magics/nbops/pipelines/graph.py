"""The graph of a pipeline's stages."""

from __future__ import annotations

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
    done: dict[str, None] = {}
    waiting = list(after)
    while waiting:
        ready = next((name for name in waiting if all(other in done for other in after[name])), None)
        if ready is None:
            raise PipelineError(f"the stages depend on each other in a circle: {' -> '.join(_circle(after, waiting))}.")
        done[ready] = None
        waiting.remove(ready)
    return tuple(done)


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


def _circle(after: Mapping[str, Sequence[str]], waiting: Sequence[str]) -> list[str]:
    # Whoever cannot run waits for another that cannot: following that leads round sooner or later.
    path = [waiting[0]]
    while True:
        following = next(name for name in after[path[-1]] if name in waiting)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
