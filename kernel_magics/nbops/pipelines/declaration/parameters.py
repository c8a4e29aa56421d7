"""Parameters of stages: defaults of the whole pipeline, and whether the notebooks know what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbops.pipelines.declaration.keys import Declared
from nbops.pipelines.declaration.problems import Place, Problems, meant
from nbops.pipelines.declaration.stages import Stage
from nbops.pipelines.declaration.table import kind_of

Read = Mapping[str, Declared | None]


def misfit(stage: Stage, name: str, value: Any) -> tuple[str, str] | None:
    """Say why a stage cannot be given a parameter, with a hint; nothing where it can.

    A notebook whose parameters cell has types, and a template, must know the name. The value must be of the type that is
    written there, else of the kind of the default; numbers are of one kind where no type is written.
    """
    source = stage.source
    said = f"template {stage.template!r}" if stage.template else stage.written.name
    if name not in source.parameters:
        if not stage.template and not source.types:
            return None
        known = ", ".join(source.parameters)
        return f"{said} has no parameter {name!r}.", meant(name, source.parameters) or f"It has {known or 'none'}."
    from nbops.pipelines.declaration.annotations import accepts

    wanted = source.types.get(name) or _kind(source.parameters[name])
    if accepts(wanted, value):
        return None
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:59]}…"
    where = f"{stage.written.name}, cell {source.parameters_cell}" if source.parameters_cell else stage.written.name
    return f"{name} must be {wanted}, not {shown} ({kind_of(value)}).", f"See {where}."


def with_defaults(read: Read, shared: Mapping[str, Any], problems: Problems, path: Place) -> dict[str, Declared | None]:
    """Give every stage those parameters of the pipeline that its notebook declares and it does not set itself."""
    found = dict(read)
    used: set[str] = set()
    for name, one in read.items():
        if one is None or not shared:
            continue
        own = {key: value for key, value in shared.items() if key in one.stage.source.parameters}
        used |= own.keys()
        unset = own.keys() - one.stage.parameters.keys() - one.axes.keys()
        fitting = {
            key: own[key] for key in own if key in unset and _check(one.stage, key, own[key], problems, (*path, key))
        }
        found[name] = replace(one, stage=replace(one.stage, parameters=fitting | dict(one.stage.parameters)))
    if None not in read.values():
        known = dict.fromkeys(key for one in read.values() if one is not None for key in one.stage.source.parameters)
        for key in shared:
            if key not in used:
                problems.add((*path, key), f"no stage has a parameter {key!r}.", meant(key, known))
    return found


def check_parameters(one: Declared, problems: Problems) -> None:
    """Note parameters that the notebook of a stage does not know or that are of another type."""
    for key, value in one.stage.parameters.items():
        _check(one.stage, key, value, problems, (*one.path, "parameters", key))
    for key, values in one.axes.items():
        for number, value in enumerate(values):
            if not _check(one.stage, key, value, problems, (*one.path, "foreach", key, number)):
                break


def _check(stage: Stage, key: str, value: Any, problems: Problems, path: Place) -> bool:
    wrong = misfit(stage, key, value)
    if wrong is not None:
        problems.add(path, f"stage {stage.name!r}: {wrong[0]}", wrong[1])
    return wrong is None


def _kind(default: Any) -> str:
    if isinstance(default, bool):
        return "bool"
    for kind, word in (((int, float), "float"), (str, "str"), (list, "list"), (dict, "dict")):
        if isinstance(default, kind):
            return word
    return "Any"
