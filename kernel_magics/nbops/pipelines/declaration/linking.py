"""What comes after what: as it is said, as files say it that one stage writes and another reads, and by the values of grids."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from nbops.pipelines.declaration.paths import covers, is_pattern, located
from nbops.pipelines.declaration.problems import Place, Problems, meant
from nbops.pipelines.declaration.stages import Stage
from nbops.pipelines.graph import Graph, circle, order

Places = Mapping[str, Place]


def linked(
    groups: Mapping[str, Sequence[Stage]],
    unread: Iterable[str],
    folder: Path,
    places: Places,
    problems: Problems,
) -> tuple[Stage, ...]:
    """Give the stages with all they come after, in the order they run; none where they go in a circle.

    Parameters
    ----------
    groups
        The stages that each declared one has become.
    unread
        Declared stages that could not be read: others may name them.
    folder
        Where relative places start.
    places
        Where each declared stage stands in the file.
    """
    links = _Links(groups, frozenset(unread), places, problems)
    after = {stage.name: links.said(stage) for stages in groups.values() for stage in stages}
    if not circle(after):
        _by_files(groups, after, folder, places, problems)
    if around := circle(after):
        group = next(name for name, stages in groups.items() if any(stage.name == around[0] for stage in stages))
        said = f"the stages depend on each other in a circle: {' -> '.join(around)}."
        problems.add((*places[group], "after"), said)
        return ()
    stages = {stage.name: stage for several in groups.values() for stage in several}
    return tuple(replace(stages[name], after=tuple(after[name])) for name in order(after))


class _Links:
    """Finds the stages that a name in ``after`` means."""

    def __init__(
        self, groups: Mapping[str, Sequence[Stage]], unread: frozenset[str], places: Places, problems: Problems
    ) -> None:
        self._groups, self._unread, self._places, self._problems = groups, unread, places, problems
        self._indexes: dict[tuple[str, frozenset[str]], dict[str, list[str]]] = {}

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(stage.name for stages in self._groups.values() for stage in stages)

    def said(self, stage: Stage) -> dict[str, None]:
        """Give what a stage comes after as its table says it."""
        found: dict[str, None] = {}
        for name in stage.after:
            if name in self._groups:
                found.update(dict.fromkeys(self._matching(stage, name)))
            elif name in self._names:
                found[name] = None
            elif name not in self._unread:
                known = (*self._groups, *self._unread)
                self._wrong(stage, f"comes after {name!r}, which does not exist.", meant(name, known))
        return found

    def _matching(self, stage: Stage, group: str) -> Sequence[str]:
        """Give the stages of a group that have the same values as a stage where both have a name in their grids."""
        others = self._groups[group]
        common = frozenset(stage.instance) & frozenset(others[0].instance if others else ())
        if (group, common) not in self._indexes:
            index: dict[str, list[str]] = {}
            for other in others:
                index.setdefault(_values(other.instance, common), []).append(other.name)
            self._indexes[group, common] = index
        values = _values(stage.instance, common)
        found = self._indexes[group, common].get(values, [])
        if not found and others:
            told = ", ".join(f"{name}={stage.instance[name]}" for name in stage.instance if name in common)
            self._wrong(stage, f"comes after {group!r}, which has nothing for {told}.")
        return found

    def _wrong(self, stage: Stage, said: str, hint: str = "") -> None:
        group = stage.group or stage.name
        self._problems.add((*self._places[group], "after"), f"stage {group!r} {said}", hint)


def _values(instance: Mapping[str, Any], names: frozenset[str]) -> str:
    return json.dumps([instance[name] for name in sorted(names)], sort_keys=True)


def _by_files(
    groups: Mapping[str, Sequence[Stage]],
    after: dict[str, dict[str, None]],
    folder: Path,
    places: Places,
    problems: Problems,
) -> None:
    writers = _writers(groups, folder, places, problems)
    if not writers:
        return
    readers = [stage for several in groups.values() for stage in several if stage.inputs]
    wanted = {name: located(folder, name) for stage in readers for name in stage.inputs}
    exact = {name: (writers[place],) for name, place in wanted.items() if place in writers}
    _come_after(readers, exact, after)
    folders = {str(parent) for path in writers for parent in PurePath(path).parents}
    wider = {name: place for name, place in wanted.items() if name not in exact}
    wider = {name: place for name, place in wider.items() if is_pattern(place) or place in folders}
    if wider and not circle(after):
        matches = {
            name: tuple(writers[path] for path in writers if covers(place, path)) for name, place in wider.items()
        }
        _come_after(readers, matches, after)


def _come_after(
    readers: Sequence[Stage], writers: Mapping[str, tuple[str, ...]], after: dict[str, dict[str, None]]
) -> None:
    """Let each stage come after those that write what it reads, but not where it is known to come before them.

    What a later stage writes is for the next run, and a pattern may well meet what is made of it.
    """
    graph = Graph({name: tuple(after[name]) for name in order(after)})
    for stage in readers:
        others = dict.fromkeys(one for name in stage.inputs for one in writers.get(name, ()) if one != stage.name)
        after[stage.name].update(dict.fromkeys(other for other in others if not graph.before(stage.name, other)))


def _writers(groups: Mapping[str, Sequence[Stage]], folder: Path, places: Places, problems: Problems) -> dict[str, str]:
    """Give who writes each declared file."""
    found: dict[str, str] = {}
    told: set[str] = set()
    for group, stage, name in ((g, s, n) for g, several in groups.items() for s in several for n in s.files):
        other = found.setdefault(located(folder, name), stage.name)
        if other != stage.name and group not in told:
            told.add(group)
            own = stage.instance and other.startswith(f"{group}[")
            hint = f"Put a name of its grid into the path: {{{next(iter(stage.instance))}}}" if own else ""
            problems.add((*places[group], "outputs"), f"stages {other!r} and {stage.name!r} both write {name}.", hint)
    return found
