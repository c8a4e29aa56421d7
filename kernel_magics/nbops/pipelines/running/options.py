"""What a run of a pipeline is asked to do."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbops.errors import PipelineError, UsageError
from nbops.pipelines.declaration.parameters import misfit
from nbops.pipelines.declaration.table import plain
from nbops.pipelines.graph import ancestors
from nbops.pipelines.spec import Pipeline, Stage, meant


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run is asked to do.

    ``only`` names the stages to run, ``start`` the one from which on everything runs again; ``parameters`` are set in place of
    those in the file, by ``NAME`` or ``STAGE.NAME``. ``on`` says where stages run, ``jobs`` how many beside each other.
    ``keep_going`` lets stages run that do not depend on a failed one. ``resume`` goes on from a failed cell where that can be.
    """

    force: bool = False
    only: tuple[str, ...] = ()
    start: str = ""
    resume: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)
    on: str = "local"
    jobs: int | None = None
    keep_going: bool = False
    trigger: str = "manual"
    schedule: str = ""
    run_id: str = ""
    warm: bool = True
    retry: bool = True

    @property
    def selective(self) -> bool:
        """Whether it is asked for something that a pipeline without changes does not answer."""
        return bool(self.force or self.only or self.start)


def given_parameters(words: Iterable[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` as a command line has it: the value as TOML or JSON, else as text.

    Raises
    ------
    UsageError
        There is no ``=``.
    """
    found: dict[str, Any] = {}
    for word in words:
        # The name of a stage of a grid has such a sign itself: train[depth=2].alpha=0.1
        grid, inner, _ = word.partition("].")
        begin = len(grid) + len(inner) if inner and "[" in grid.partition("=")[0] else 0
        name, sign, text = word[begin:].partition("=")
        name = word[:begin] + name
        if not sign or not name.strip():
            raise UsageError(f"--set {word}: that is no NAME=VALUE.", hint="Write --set max_depth=6")
        found[name.strip()] = _value(text.strip())
    return found


def with_parameters(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Pipeline:
    """Give the pipeline with parameters set: ``STAGE.NAME`` in one stage, ``NAME`` in all that know it.

    Raises
    ------
    PipelineError
        No stage has that name or parameter.
    """
    if not parameters:
        return pipeline
    stages = {stage.name: dict(stage.parameters) for stage in pipeline.stages}
    for key, value in parameters.items():
        chosen, name = _chosen(pipeline, key)
        for stage in chosen:
            if wrong := misfit(stage, name, value):
                raise PipelineError(f"stage {stage.name!r}: {wrong[0]}", hint=wrong[1])
            stages[stage.name][name] = value
    return replace(pipeline, stages=tuple(replace(stage, parameters=stages[stage.name]) for stage in pipeline.stages))


def checked(pipeline: Pipeline, options: Options) -> Options:
    """Give the options with the names of stages that a ``foreach`` has made spelt out.

    Raises
    ------
    PipelineError
        A stage that is named does not exist.
    """
    only = tuple(name for word in options.only for name in named(pipeline, word))
    if options.start:
        named(pipeline, options.start)
    if options.jobs is not None and options.jobs < 1:
        raise PipelineError(f"jobs must be 1 or more, not {options.jobs}.")
    return replace(options, only=only)


def named(pipeline: Pipeline, word: str) -> list[str]:
    """Give the stages that a word names: one, or all that a ``foreach`` made of one.

    Raises
    ------
    PipelineError
        There is none.
    """
    found = [stage.name for stage in pipeline.stages if word in (stage.name, stage.group)]
    if not found:
        known = dict.fromkeys(name for stage in pipeline.stages for name in (stage.group or stage.name, stage.name))
        hint = meant(word, known) or f"There are {', '.join(list(known)[:12])}."
        raise PipelineError(f"{pipeline.name} has no stage {word!r}.", hint=hint)
    return found


def forced(pipeline: Pipeline, options: Options) -> frozenset[str]:
    """Give the stages that run whether or not anything has changed."""
    names = {stage.name for stage in pipeline.stages}
    if options.only:
        # What is named alone is asked for; with --force it runs in any case.
        return frozenset(options.only) if options.force else frozenset()
    if options.force:
        return frozenset(names)
    if options.start:
        begin = set(named(pipeline, options.start))
        after = pipeline.after
        return frozenset(name for name in names if name in begin or begin & ancestors(after, name))
    return frozenset()


def _chosen(pipeline: Pipeline, key: str) -> tuple[list[Stage], str]:
    stage_name, dot, name = key.rpartition(".")
    if dot:
        chosen = set(named(pipeline, stage_name))
        found = [stage for stage in pipeline.stages if stage.name in chosen]
        declared = [stage for stage in found if name in stage.source.parameters or not stage.source.parameters]
    else:
        declared = [stage for stage in pipeline.stages if name in stage.source.parameters or name in stage.parameters]
    if not declared:
        known = dict.fromkeys(known for stage in pipeline.stages for known in stage.source.parameters)
        where = f"stage {stage_name!r}" if dot else "no stage"
        said = f"{where} has no parameter {name!r}." if dot else f"{where} has a parameter {name!r}."
        raise PipelineError(said, hint=meant(name, known))
    return declared, name


def _value(text: str) -> Any:
    for read in (_toml_value, json.loads):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _toml_value(text: str) -> Any:
    return plain(tomllib.loads(f"value = {text}")["value"])
