"""Parameters of stages: defaults of the whole pipeline, and whether the notebooks know what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbops.pipelines.declaration.keys import Declared
from nbops.pipelines.declaration.positions import Path
from nbops.pipelines.declaration.problems import Problems, meant

Read = Mapping[str, Declared | None]


def with_defaults(read: Read, shared: Mapping[str, Any], problems: Problems, path: Path) -> dict[str, Declared | None]:
    """Give every stage those parameters of the pipeline that its notebook declares and it does not set itself."""
    found: dict[str, Declared | None] = {}
    used: set[str] = set()
    for name, one in read.items():
        found[name] = one
        if one is not None and shared:
            own = {key: value for key, value in shared.items() if key in one.stage.source.parameters}
            used |= own.keys()
            found[name] = replace(one, stage=replace(one.stage, parameters=own | dict(one.stage.parameters)))
    if all(one is not None for one in read.values()):
        known = dict.fromkeys(key for one in read.values() if one is not None for key in one.stage.source.parameters)
        for key in shared:
            if key not in used:
                problems.add((*path, key), f"no stage has a parameter {key!r}.", meant(key, known))
    return found


def check_parameters(read: Read, problems: Problems) -> None:
    """Note parameters that a template does not have."""
    for one in read.values():
        if one is None or not one.stage.template:
            continue
        stage = one.stage
        for key in stage.parameters:
            if key not in stage.source.parameters:
                problems.add(
                    (*one.path, "parameters", key),
                    f"stage {stage.name!r}: template {stage.template!r} has no parameter {key!r}.",
                    meant(key, stage.source.parameters) or f"It has {', '.join(stage.source.parameters)}.",
                )
