"""The table of one stage, key by key: of the right kind, in the right unit, else a problem with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.declaration.naming import STAGE_NAME
from nbops.pipelines.declaration.positions import Path, line_at
from nbops.pipelines.declaration.problems import Problems, meant
from nbops.pipelines.declaration.quantities import bytes_of, seconds_of
from nbops.pipelines.declaration.sources import Sources
from nbops.pipelines.declaration.stages import Stage

PIPELINE_KEYS = ("name", "description", "folder", "parameters", "jobs", "stages")
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
    "description",
)
_RESOURCES = ("memory", "cpus")
_ENVIRONMENT = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Declared:
    """A stage as its table has it; ``foreach`` is not looked at yet, ``path`` is where the table stands in the file."""

    stage: Stage
    path: Path
    foreach: Mapping[str, Any] = field(default_factory=dict)


class Table:
    """A table of the file whose keys are taken one by one; what is wrong is noted."""

    def __init__(self, problems: Problems, path: Path, content: Mapping[str, Any], said: str = "") -> None:
        self.problems, self.path, self.content, self.said = problems, path, content, said

    def known(self, keys: tuple[str, ...]) -> bool:
        """Note keys that nobody knows; tell whether there are any."""
        strange = [key for key in self.content if key not in keys]
        for key in strange:
            self.wrong(key, f"unknown key {key!r}.", meant(key, keys) or f"Known: {', '.join(keys)}.")
        return bool(strange)

    def wrong(self, key: str, message: str, hint: str = "") -> None:
        """Note what is wrong with a key."""
        self.problems.add((*self.path, key) if key else self.path, f"{self.said}{message}", hint)

    def text(self, key: str, default: str = "") -> str:
        """Give a text."""
        found = self.content.get(key, default)
        if isinstance(found, str) and (found.strip() or key not in self.content):
            return found.strip()
        self.wrong(key, f"{key} must be text that is not empty." if isinstance(found, str) else f"{key} must be text.")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts, each once."""
        found = self.content.get(key, [])
        if isinstance(found, list) and all(isinstance(item, str) and item.strip() for item in found):
            return tuple(dict.fromkeys(found))
        self.wrong(key, f"{key} must be a list of texts.")
        return ()

    def table(self, key: str) -> Mapping[str, Any]:
        """Give a table."""
        found = self.content.get(key, {})
        if isinstance(found, Mapping):
            return found
        self.wrong(key, f"{key} must be a table, not {kind_of(found)}.")
        return {}

    def whole(self, key: str, default: int, least: int) -> int:
        """Give a whole number."""
        found = self.content.get(key, default)
        if isinstance(found, int) and not isinstance(found, bool) and found >= least:
            return found
        self.wrong(key, f"{key} must be a whole number of {least} or more, not {found!r}.")
        return default

    def amount(self, key: str, read: Callable[[Any], Any], default: Any, *, positive: bool = False) -> Any:
        """Give a duration or an amount of memory."""
        if key not in self.content:
            return default
        try:
            found = read(self.content[key])
            if positive and not found:
                raise ValueError("must be more than nothing")
            return found
        except ValueError as error:
            self.wrong(key, f"{key} {error}.")
            return default


def declared(name: str, content: Any, path: Path, problems: Problems, sources: Sources) -> Declared | None:
    """Read the table of a stage; nothing where not even its notebook is known."""
    if not STAGE_NAME.fullmatch(name):
        problems.add(path, f"{name!r} cannot name a stage.", "Use letters, digits, blanks and . _ + -")
        return None
    if not isinstance(content, Mapping):
        problems.add(path, f"stage {name!r} must be a table.")
        return None
    table = Table(problems, path, content, f"stage {name!r}: ")
    strange = table.known(STAGE_KEYS)
    limits, foreach = _limits(table), table.table("foreach")
    parameters, names = parameters_in(table), _outputs(table)
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
        description=table.text("description"),
        line=line_at(problems.lines, path),
        **limits,
    )
    return Declared(stage, path, foreach)


def parameters_in(table: Table, key: str = "parameters") -> dict[str, Any]:
    """Give the parameters of a table, dates as text."""
    found = table.table(key)
    for name in found:
        if not name.isidentifier():
            table.problems.add((*table.path, key, name), f"{table.said}{name!r} cannot name a parameter.")
    return {name: plain(value) for name, value in found.items() if name.isidentifier()}


def plain(value: Any) -> Any:
    """Give a value of TOML as one of JSON: dates and times as text."""
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def kind_of(value: Any) -> str:
    """Name the kind of a value as a person who writes the file does."""
    kinds = ((bool, "true or false"), (str, "text"), (int, "a whole number"), (float, "a number"), (list, "a list"))
    if isinstance(value, Mapping):
        return "a table"
    return next((word for kind, word in kinds if isinstance(value, kind)), type(value).__name__)


def _limits(table: Table) -> dict[str, Any]:
    resources = Table(table.problems, (*table.path, "resources"), table.table("resources"), table.said)
    resources.known(_RESOURCES)
    return {
        "retries": table.whole("retries", 0, 0),
        "retry_delay": table.amount("retry_delay", seconds_of, 0.0),
        "timeout": table.amount("timeout", seconds_of, None, positive=True),
        "cell_timeout": table.amount("cell_timeout", seconds_of, None, positive=True),
        "memory": resources.amount("memory", bytes_of, 0),
        "cpus": resources.whole("cpus", 1, 1),
    }


def _outputs(table: Table) -> tuple[str, ...]:
    returns = table.texts("returns")
    for name in returns:
        if not name.isidentifier():
            table.wrong("returns", f"{name!r} in returns cannot name a variable.", "Files go to outputs.")
    return tuple(dict.fromkeys((*table.texts("outputs"), *(name for name in returns if name.isidentifier()))))


def _environment(table: Table) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.table("environment").items():
        if not _ENVIRONMENT.fullmatch(name):
            said, hint = f"{name!r} cannot name an environment variable.", ""
        elif not isinstance(value, str) or "\0" in value:
            said, hint = f"environment variable {name} must be text, not {kind_of(value)}.", f'Write {name} = "…"'
        else:
            found[name] = value
            continue
        table.problems.add((*table.path, "environment", name), f"{table.said}{said}", hint)
    return found
