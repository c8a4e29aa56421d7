"""Grids and dates: one declared stage becomes many."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nbops.pipelines.declaration.dates import dates_of
from nbops.pipelines.declaration.naming import instance_name
from nbops.pipelines.declaration.stages import Stage
from nbops.pipelines.declaration.table import Table, kind_of, plain

_MOST = 20_000


def axes_of(table: Table) -> dict[str, list[Any]]:
    """Give the values of each name in a table ``foreach``; nothing where something is wrong with it."""
    axes: dict[str, list[Any]] = {}
    total = 1
    for name, content in table.content.items():
        try:
            axes[name] = _axis(name, content)
            total *= len(axes[name])
            if total > _MOST:
                raise ValueError(f"makes more than {_MOST} stages")
        except ValueError as error:
            table.wrong(name, f"foreach {name} {error}.")
            return {}
    return axes


def expanded(stage: Stage, axes: Mapping[str, list[Any]]) -> list[Stage]:
    """Give a stage for each combination of values, the last name changing fastest."""
    return [_instance(stage, number, dict(zip(axes, values, strict=True))) for number, values in _numbered(axes)]


def _numbered(axes: Mapping[str, list[Any]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    return enumerate(itertools.product(*axes.values()))


def _instance(stage: Stage, number: int, values: dict[str, Any]) -> Stage:
    marks = {f"{{{name}}}": _as_text(value) for name, value in values.items()}
    return replace(
        stage,
        name=instance_name(stage.name, values),
        group=stage.name,
        instance=values,
        number=number,
        parameters={**_filled(stage.parameters, marks), **values},
        inputs=_filled(stage.inputs, marks),
        outputs=_filled(stage.outputs, marks),
        environment=_filled(stage.environment, marks),
    )


def _filled(value: Any, marks: Mapping[str, str]) -> Any:
    """Put the values of an instance in place of their names in braces."""
    if isinstance(value, str):
        for mark, text in marks.items() if "{" in value else ():
            value = value.replace(mark, text)
        return value
    if isinstance(value, Mapping):
        return {key: _filled(item, marks) for key, item in value.items()}
    return type(value)(_filled(item, marks) for item in value) if isinstance(value, (list, tuple)) else value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _axis(name: str, content: Any) -> list[Any]:
    if not name.isidentifier():
        raise ValueError("cannot name a parameter")
    if isinstance(content, Mapping):
        return list(dates_of(content, _MOST))
    if not isinstance(content, list) or not content:
        raise ValueError(f"must be a list that is not empty, or dates {{ from = …, to = … }}, not {kind_of(content)}")
    values = plain(content)
    seen: set[str] = set()
    for value in values:
        text = json.dumps(value, sort_keys=True)
        if text in seen:
            raise ValueError(f"has {text} twice")
        seen.add(text)
    return values  # type: ignore[no-any-return]
