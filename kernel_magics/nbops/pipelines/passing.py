"""Which values of upstream stages a stage receives: those its parameters cell declares by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.graph import Graph
from nbops.pipelines.outputs import GIVEN, Output
from nbops.pipelines.spec import Pipeline, Stage

Given = Mapping[str, Mapping[str, Output]]


@dataclass(frozen=True, slots=True)
class Parameters:
    """``values`` by name; ``identity`` names the content behind each; ``sources`` the stages it came from.

    ``objects`` are those that the notebook is to have as objects, with what the values are; ``places`` the cells that write
    and read what it gives.
    """

    values: dict[str, Any]
    identity: dict[str, Any]
    sources: dict[str, tuple[str, ...]]
    objects: dict[str, Any] = field(default_factory=dict)
    places: Mapping[str, Any] = field(default_factory=dict)

    @property
    def injected(self) -> dict[str, Any]:
        """What the notebook is told: values, those that become objects under one name of their own."""
        told = {name: value for name, value in self.values.items() if name not in self.objects}
        if self.objects or self.places:
            # Each value right behind its name, where what keeps secrets back looks for it.
            values = {name: self.values[name] for name in self.objects}
            told[GIVEN] = {"values": values, "kinds": self.objects, "places": dict(self.places)}
        return told


def parameters_of(pipeline: Pipeline, stage: Stage, given: Given) -> Parameters:
    """Work out the parameters of a stage.

    What the pipeline file sets wins. Else a name that the parameters cell declares is taken from the nearest upstream stage
    that gives it. A parameter whose default is a list gathers from all upstream stages, in the order they run and those of a
    grid in its order; what a stage gives that had received the same name stands for what it received.

    Parameters
    ----------
    given
        Outputs by stage and name.

    Raises
    ------
    PipelineError
        Two stages beside each other give different values for one name.
    """
    values, identity = dict(stage.parameters), dict(stage.parameters)
    sources: dict[str, tuple[str, ...]] = {}
    declared = stage.source.parameters
    for name, givers in _givers(pipeline, stage, given).items():
        several = isinstance(declared[name], list)
        nearest = _nearest(pipeline, givers, name, several)
        found = [given[one][name] for one in nearest]
        if several:
            values[name] = [
                part for item in found for part in (item.value if isinstance(item.value, list) else [item.value])
            ]
            identity[name] = [item.digest for item in found]
        elif len({item.digest for item in found}) == 1:
            values[name], identity[name] = found[-1].value, found[-1].digest
        else:
            raise PipelineError(
                f"stage {stage.name!r}: both {nearest[0]!r} and {nearest[1]!r} give {name!r}.",
                hint=f"Set {name} in its parameters, or make its default a list to gather them.",
            )
        sources[name] = tuple(nearest)
    objects: dict[str, Any] = {}
    for name, giver in stage.source.receives.items():
        item = given.get(giver, {}).get(name)
        if item is not None:
            values[name], identity[name], sources[name] = item.value, item.digest, (giver,)
            objects[name] = item.described()
    return Parameters(values, identity, sources, objects, stage.source.gives)


def _givers(pipeline: Pipeline, stage: Stage, given: Given) -> dict[str, list[str]]:
    """Give the upstream stages, in the order they run, by the names that the stage wants and they give."""
    wanted = [name for name in stage.source.parameters if name not in stage.parameters]
    found: dict[str, list[str]] = {name: [] for name in wanted}
    if found:
        for other in pipeline.graph.upstream(stage.name):
            for name in given.get(other, ()):
                if name in found:
                    found[name].append(other)
    return {name: givers for name, givers in found.items() if givers}


def _nearest(pipeline: Pipeline, givers: Sequence[str], name: str, several: bool) -> list[str]:
    """Give those whose value no later one stands in place of, in the order they run or of their grid."""
    graph, stages = pipeline.graph, pipeline.stages
    replaced = 0
    for giver in givers:
        # Of candidates trained one after the other each is one; a list that a stage has shortened is not to come back.
        if not several or name in stages[graph.place(giver)].source.parameters:
            replaced |= graph.mask(giver)
    nearest = [giver for giver in givers if not replaced >> graph.place(giver) & 1]
    return _in_order(graph, pipeline.stages, nearest)


def _in_order(graph: Graph, stages: Sequence[Stage], names: Sequence[str]) -> list[str]:
    # A grid's stages may run in another order than it has them: each waits for others of its own.
    groups: dict[str, int] = {}
    keys = {}
    for place, name in enumerate(names):
        stage = stages[graph.place(name)]
        keys[name] = (groups.setdefault(stage.group or name, place), stage.number)
    return sorted(names, key=keys.__getitem__)
