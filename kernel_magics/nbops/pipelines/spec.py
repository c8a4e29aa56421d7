"""The pipeline file: ``pipeline.toml``, or a table ``[pipelines.NAME]`` of ``nbops.toml``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbops
from nbops.errors import NotFoundError, PipelineError
from nbops.pipelines.graph import order
from nbops.pipelines.notebook import Notebook, read_notebook

_PIPELINE_KEYS = ("name", "description", "stages")
_STAGE_KEYS = ("notebook", "template", "after", "parameters", "outputs", "inputs", "description")
# A stage's name becomes a file name.
_NAME = re.compile(r"[^\W][\w .+-]{0,79}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    ``outputs`` are names of variables, or files beside the pipeline file; ``inputs`` files or patterns. ``timeout`` is for
    the whole notebook, ``cell_timeout`` for each cell, both in seconds; ``memory`` (bytes) and ``cpus`` are what it is
    expected to need. A stage that a ``foreach`` made has the name of the declared one as ``group`` and its own values of
    the grid as ``instance``. ``line`` is where it is declared in the file.
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
    description: str = ""
    line: int = 0

    @property
    def notebook(self) -> Path:
        """The notebook as it was written."""
        return self.source.path

    @property
    def slug(self) -> str:
        """The name as a file name."""
        return self.name

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
    """A pipeline; ``stages`` are in the order they run, ``folder`` is where relative paths start."""

    name: str
    path: Path
    stages: tuple[Stage, ...]

    @property
    def folder(self) -> Path:
        """Folder of the pipeline file: working directory of its stages."""
        return self.path.parent

    @property
    def after(self) -> dict[str, tuple[str, ...]]:
        """Stage to the stages it comes after."""
        return {stage.name: stage.after for stage in self.stages}


def load_pipeline(path: str | Path, *, root: Path | None = None) -> Pipeline:
    """Read and check a pipeline; nothing is run.

    Parameters
    ----------
    path
        A pipeline file, or the name of a pipeline in ``nbops.toml``.
    root
        Folder of that ``nbops.toml``; the working directory by default.

    Raises
    ------
    NotFoundError
        There is no such file.
    PipelineError
        The file is no TOML, names a stage, notebook, template, key or parameter that does not exist, or has a circle.
    """
    file, table = _located(Path(path).expanduser(), Path.cwd() if root is None else root)
    try:
        return _pipeline(file, table)
    except PipelineError as error:
        raise PipelineError(f"{file.name}: {error.message}", hint=error.hint) from error


def templates() -> dict[str, Path]:
    """Give the templates by name."""
    package = Path(nbops.__file__).parent
    # In an editable installation they lie at the root of the checkout.
    for folder in (package / "templates", package.parents[1] / "templates"):
        found = {file.stem: file for file in sorted(folder.glob("*.ipynb"))}
        if found:
            return found
    return {}


def _located(path: Path, root: Path) -> tuple[Path, dict[str, Any]]:
    own = root / "nbops.toml"
    if path.is_file():
        content = _toml(path)
        if "stages" in content or "pipelines" not in content:
            return path.absolute(), content
        several = content["pipelines"]
        if isinstance(several, dict) and len(several) == 1:
            return path.absolute(), _named(path, several, next(iter(several)))
        raise PipelineError(f"{path} has several pipelines.", hint="Name one of them: nbops pipeline run NAME")
    if own.is_file():
        several = _toml(own).get("pipelines")
        if isinstance(several, dict) and str(path) in several:
            return own.absolute(), _named(own, several, str(path))
    folder = path.parent
    beside = [other.name for other in folder.glob("*.toml")] if folder.is_dir() else []
    raise NotFoundError(f"There is no pipeline file {path}.", hint=meant(path.name, beside))


def _named(path: Path, several: Mapping[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(several[name], dict):
        raise PipelineError(f"{path.name}: pipelines.{name} must be a table.")
    return {"name": name, **several[name]}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PipelineError(f"{path} is no TOML: {error}.") from error


def _pipeline(path: Path, content: Mapping[str, Any]) -> Pipeline:
    _known_keys(content, _PIPELINE_KEYS, "")
    name = content.get("name", path.parent.name if path.stem == "pipeline" else path.stem)
    if not isinstance(name, str) or not name.strip():
        raise PipelineError("name must be text that is not empty.")
    tables = content.get("stages")
    if not isinstance(tables, dict) or not tables:
        raise PipelineError("there is no stage.", hint='Add [stages.NAME] with notebook = "file.ipynb".')
    stages = {stage: _stage(stage, table, path.parent) for stage, table in tables.items()}
    for stage in stages.values():
        for other in stage.after:
            if other not in stages:
                raise PipelineError(
                    f"stage {stage.name!r} comes after {other!r}, which does not exist.", hint=meant(other, stages)
                )
    sequence = order({stage.name: stage.after for stage in stages.values()})
    return Pipeline(name=name.strip(), path=path, stages=tuple(stages[stage] for stage in sequence))


def _stage(name: str, table: Any, folder: Path) -> Stage:
    if not _NAME.fullmatch(name):
        raise PipelineError(f"{name!r} cannot name a stage.", hint="Use letters, digits, blanks and . _ + -")
    if not isinstance(table, dict):
        raise PipelineError(f"stage {name!r} must be a table.")
    _known_keys(table, _STAGE_KEYS, f"stage {name!r}: ")
    parameters = table.get("parameters", {})
    if not isinstance(parameters, dict):
        raise PipelineError(f"stage {name!r}: parameters must be a table, not {type(parameters).__name__}.")
    if wrong := [key for key in parameters if not key.isidentifier()]:
        raise PipelineError(f"stage {name!r}: {wrong[0]!r} cannot name a parameter.")
    source = read_notebook(_notebook(name, table, folder))
    template = table.get("template", "")
    if template:
        for key in parameters:
            if key not in source.parameters:
                raise PipelineError(
                    f"stage {name!r}: template {template!r} has no parameter {key!r}.",
                    hint=meant(key, source.parameters) or f"It has {', '.join(source.parameters)}.",
                )
    return Stage(
        name=name,
        source=source,
        template=template,
        after=tuple(dict.fromkeys(_texts(name, "after", table))),
        parameters=parameters,
        outputs=_texts(name, "outputs", table),
        inputs=_texts(name, "inputs", table),
    )


def _notebook(name: str, table: Mapping[str, Any], folder: Path) -> Path:
    if ("notebook" in table) == ("template" in table):
        both = "both notebook and template" if "notebook" in table else "neither notebook nor template"
        raise PipelineError(f"stage {name!r} has {both}.", hint="Give it one of them.")
    key = "notebook" if "notebook" in table else "template"
    if not isinstance(table[key], str):
        raise PipelineError(f"stage {name!r}: {key} must be text.")
    if key == "template":
        known = templates()
        if table[key] not in known:
            hint = meant(table[key], known) or f"There are {', '.join(known)}."
            raise PipelineError(f"stage {name!r}: there is no template {table[key]!r}.", hint=hint)
        return known[table[key]]
    path = folder / Path(table[key]).expanduser()
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.ipynb")] if path.parent.is_dir() else []
        raise PipelineError(f"stage {name!r}: there is no notebook {path}.", hint=meant(path.name, beside))
    return path.absolute()


def _texts(stage: str, key: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise PipelineError(f"stage {stage!r}: {key} must be a list of texts.")
    return tuple(found)


def _known_keys(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise PipelineError(f"{where}unknown key {key!r}.", hint=meant(key, known) or f"Known: {', '.join(known)}.")


def meant(word: str, known: Iterable[str]) -> str:
    """Give the known word that was probably meant, as a question; empty where none is close."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean {near[0]!r}?" if near else ""
