"""Which values of upstream stages a stage receives: those its parameters cell declares by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.graph import ancestors
from nbops.pipelines.outputs import Output
from nbops.pipelines.spec import Pipeline, Stage

Given = Mapping[str, Mapping[str, Output]]


@dataclass(frozen=True, slots=True)
class Parameters:
    """``values`` to inject; ``identity`` names the content behind each; ``sources`` the stages it came from."""

    values: dict[str, Any]
    identity: dict[str, Any]
    sources: dict[str, tuple[str, ...]]


def parameters_of(pipeline: Pipeline, stage: Stage, given: Given) -> Parameters:
    """Work out the parameters of a stage.

    What the pipeline file sets wins. Else a name that the parameters cell declares is taken from the nearest upstream stage
    that gives it. A parameter whose default is a list gathers from all upstream stages, in the order they run; what a stage
    gives that had received the same name stands for what it received.

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
    upstream = ancestors(pipeline.after, stage.name)
    for name, default in stage.source.parameters.items():
        givers = [
            other.name for other in pipeline.stages if other.name in upstream and name in given.get(other.name, {})
        ]
        if name in stage.parameters or not givers:
            continue
        several = isinstance(default, list)
        nearest = [one for one in givers if not any(_replaces(pipeline, two, one, name, several) for two in givers)]
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
    return Parameters(values, identity, sources)


def _replaces(pipeline: Pipeline, later: str, earlier: str, name: str, several: bool) -> bool:
    """Whether what one stage gives stands in place of what an earlier one gave under the same name."""
    if earlier not in ancestors(pipeline.after, later):
        return False
    # Of candidates trained one after the other each is one; a list that a stage has shortened is not to come back.
    return not several or any(name in stage.source.parameters for stage in pipeline.stages if stage.name == later)
