"""A pipeline and its stages as they are declared: what every other part of the room works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.pipelines.declaration.naming import slug_of
from nbops.pipelines.graph import Graph
from nbops.pipelines.notebook import Notebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    ``outputs`` are names of variables, or files beside the pipeline file; ``inputs`` files or patterns. ``timeout`` is for
    the whole notebook, ``cell_timeout`` for each cell, both in seconds; ``memory`` (bytes) and ``cpus`` are what it is
    expected to need. A stage that a ``foreach`` made has the name of the declared one as ``group`` and its own values of
    the grid as ``instance``; ``number`` is its place in the grid. ``cache`` says whether an earlier result may stand in place
    of running.
    """

    name: str
    source: Notebook
    template: str = ""
    after: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    retries: int = 0
    retry_delay: float = 0.0
    timeout: float | None = None
    cell_timeout: float | None = None
    memory: int = 0
    cpus: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    kernel: str = ""
    group: str = ""
    instance: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    cache: bool = True
    description: str = ""

    @property
    def notebook(self) -> Path:
        """The notebook that runs."""
        return self.source.path

    @property
    def written(self) -> Path:
        """The notebook that a person wrote: for a stage of a tagged notebook that one."""
        return self.source.origin or self.source.path

    @property
    def slug(self) -> str:
        """The name as a file name that no other stage has."""
        return slug_of(self.name)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that the stage gives away."""
        named = (name for name in self.outputs if name.isidentifier())
        return tuple(dict.fromkeys((*named, *self.source.outputs)))

    @property
    def files(self) -> tuple[str, ...]:
        """Files that the stage must have written."""
        return tuple(name for name in self.outputs if not name.isidentifier())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A pipeline; ``stages`` are in the order they run, ``jobs`` how many run beside each other where nobody says otherwise.

    ``base`` is where relative paths start, the folder of the pipeline file if it is not set; ``graph`` who comes before whom.
    """

    name: str
    path: Path
    stages: tuple[Stage, ...]
    jobs: int | None = None
    description: str = ""
    base: Path | None = None
    graph: Graph = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", Graph({stage.name: stage.after for stage in self.stages}))

    @property
    def folder(self) -> Path:
        """Folder of the pipeline file, or the one it names: working directory of its stages."""
        return self.base or self.path.parent

    @property
    def after(self) -> Mapping[str, Sequence[str]]:
        """Stage to the stages it comes after."""
        return self.graph.after
