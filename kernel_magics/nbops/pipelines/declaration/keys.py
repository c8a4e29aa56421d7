"""What the table of a stage may hold, and the stage it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.declaration.naming import STAGE_NAME
from nbops.pipelines.declaration.problems import Place, Problems
from nbops.pipelines.declaration.sources import Sources
from nbops.pipelines.declaration.stages import Stage
from nbops.pipelines.declaration.table import Table, kind_of, parameters_in

PIPELINE_KEYS = ("name", "description", "folder", "parameters", "jobs", "stages", "schedules")
STAGE_KEYS = (
    "notebook",
    "template",
    "after",
    "parameters",
    "inputs",
    "outputs",
    "returns",
    "foreach",
    "retries",
    "retry_delay",
    "timeout",
    "cell_timeout",
    "resources",
    "environment",
    "kernel",
    "cache",
    "description",
)
_RESOURCES = ("memory", "cpus")


@dataclass(frozen=True, slots=True)
class Declared:
    """A stage as its table has it, the values of its grid by name, and where the table stands in the file."""

    stage: Stage
    path: Place
    axes: Mapping[str, list[Any]] = field(default_factory=dict)


def declared(name: str, content: Any, path: Place, problems: Problems, sources: Sources) -> Declared | None:
    """Read the table of a stage; nothing where not even its notebook is known."""
    if not STAGE_NAME.fullmatch(name):
        problems.add(path, f"{name!r} cannot name a stage.", "Use letters, digits, blanks and . _ + -")
        return None
    if not isinstance(content, Mapping):
        problems.add(path, f"stage {name!r} must be a table.")
        return None
    table = Table(problems, path, content, f"stage {name!r}: ")
    strange = table.known(STAGE_KEYS)
    limits = _limits(table)
    axes = _axes(table) if "foreach" in content else {}
    parameters, names = parameters_in(table), _outputs(table)
    for key in axes.keys() & parameters.keys():
        problems.add((*path, "foreach", key), f"{table.said}{key!r} is both in foreach and in parameters.")
    try:
        source = sources.of(content)
    except PipelineError as error:
        key = next((key for key in ("notebook", "template") if key in content), "")
        # A misspelt key has been told already.
        if key or not strange:
            table.wrong(key, error.message, error.hint)
        return None
    stage = Stage(
        name=name,
        source=source,
        template=str(content.get("template", "")),
        after=table.texts("after"),
        parameters=parameters,
        outputs=names,
        inputs=table.texts("inputs"),
        environment=_environment(table),
        kernel=table.text("kernel"),
        cache=table.truth("cache", True),
        description=table.text("description"),
        **limits,
    )
    return Declared(stage, path, axes)


def _axes(table: Table) -> dict[str, list[Any]]:
    from nbops.pipelines.declaration.foreach import axes_of

    return axes_of(Table(table.problems, (*table.path, "foreach"), table.table("foreach"), table.said))


def _limits(table: Table) -> dict[str, Any]:
    resources = Table(table.problems, (*table.path, "resources"), table.table("resources"), table.said)
    resources.known(_RESOURCES)
    return {
        "retries": table.whole("retries", 0, 0),
        "retry_delay": table.amount("retry_delay", _seconds, 0.0),
        "timeout": table.amount("timeout", _seconds, None, positive=True),
        "cell_timeout": table.amount("cell_timeout", _seconds, None, positive=True),
        "memory": resources.amount("memory", _bytes, 0),
        "cpus": resources.whole("cpus", 1, 1),
    }


def _seconds(value: Any) -> float:
    from nbops.pipelines.declaration.quantities import seconds_of

    return seconds_of(value)


def _bytes(value: Any) -> int:
    from nbops.pipelines.declaration.quantities import bytes_of

    return bytes_of(value)


def _outputs(table: Table) -> tuple[str, ...]:
    returns = table.texts("returns")
    for name in returns:
        if not name.isidentifier():
            table.wrong("returns", f"{name!r} in returns cannot name a variable.", "Files go to outputs.")
    return tuple(dict.fromkeys((*table.texts("outputs"), *(name for name in returns if name.isidentifier()))))


def _environment(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.table("environment").items():
        if not (name.isidentifier() and name.isascii()):
            said, hint = f"{name!r} cannot name an environment variable.", ""
        elif not isinstance(value, str) or "\0" in value:
            said, hint = f"environment variable {name} must be text, not {kind_of(value)}.", f'Write {name} = "…"'
        else:
            found[name] = value
            continue
        table.problems.add((*table.path, "environment", name), f"{table.said}{said}", hint)
    return found
