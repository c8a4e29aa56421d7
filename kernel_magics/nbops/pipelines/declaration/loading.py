"""Find a declaration, read it and check it whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import InvalidPipeline, NotFoundError, PipelineError
from nbops.pipelines.declaration.assembling import assembled
from nbops.pipelines.declaration.keys import PIPELINE_KEYS, declared
from nbops.pipelines.declaration.parameters import with_defaults
from nbops.pipelines.declaration.problems import Place, Problems, meant
from nbops.pipelines.declaration.sources import Sources
from nbops.pipelines.declaration.stages import Pipeline
from nbops.pipelines.declaration.table import Table, parameters_in

_POSITION = r" \(at (?:line (\d+), column (\d+)|end of document)\)"


@dataclass(frozen=True, slots=True)
class _Found:
    """A table that declares a pipeline: in which file, where in it, and the file's text."""

    file: Path
    table: Any
    path: Place
    text: str


def load_pipeline(path: str | Path, *, root: Path | None = None, check_inputs: bool = True) -> Pipeline:
    """Read and check a pipeline; nothing is run.

    Parameters
    ----------
    path
        A pipeline file, a notebook with tags (``stage:NAME``), or the name of a pipeline in ``nbops.toml``.
    root
        Folder of that ``nbops.toml``, the working directory by default; for a notebook that of the workspace in which the
        notebooks of its stages are made, by default the workspace it lies in.
    check_inputs
        Whether the files that stages read must be there, unless a stage before makes them.

    Raises
    ------
    NotFoundError
        There is no such file.
    InvalidPipeline
        Something is wrong with it: every problem is told with its line, up to ten.
    PipelineError
        The file holds several pipelines, or cannot be read.
    WorkspaceError
        The notebooks of stages cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        # Loaded when it is needed: most pipelines have a file.
        from nbops.pipelines.declaration.tagged.reading import load_tagged

        return load_tagged(path.absolute(), root, check_inputs=check_inputs)
    found = _located(path, Path.cwd() if root is None else root)
    problems = Problems(found.file.name, found.text)
    pipeline = _pipeline(found, problems, check_inputs)
    problems.raise_any()
    assert pipeline is not None
    return pipeline


def table_of(path: str | Path, *, root: Path | None = None) -> dict[str, Any]:
    """Give the table that declares a pipeline, as its file has it; the file must be known to be right."""
    return dict(_located(Path(path).expanduser(), Path.cwd() if root is None else root).table)


def _located(path: Path, root: Path) -> _Found:
    own = root / "nbops.toml"
    if path.is_file():
        text, content = _toml(path)
        if "stages" in content or "pipelines" not in content:
            return _Found(path.absolute(), content, (), text)
        several = content["pipelines"]
        if isinstance(several, dict) and len(several) == 1:
            return _named(path, text, several, next(iter(several)))
        raise PipelineError(f"{path} has several pipelines.", hint="Name one of them: nbops pipeline run NAME")
    if own.is_file():
        text, content = _toml(own)
        several = content.get("pipelines")
        if isinstance(several, dict) and str(path) in several:
            return _named(own, text, several, str(path))
    folder = path.parent
    beside = [one.name for end in ("*.toml", "*.ipynb") for one in folder.glob(end)] if folder.is_dir() else []
    raise NotFoundError(f"There is no pipeline file {path}.", hint=meant(path.name, beside))


def _named(path: Path, text: str, several: Mapping[str, Any], name: str) -> _Found:
    table = several[name]
    return _Found(
        path.absolute(),
        {"name": name, **table} if isinstance(table, dict) else table,
        ("pipelines", name),
        text,
    )


def _toml(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise _no_toml(path, line, "it is not written in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        place = re.search(_POSITION, str(error))
        line = int(place[1]) if place and place[1] else len(text.rstrip().splitlines()) or 1
        column = f" (column {place[2]})" if place and place[2] else " (the file ends here)"
        raise _no_toml(path, line, re.sub(_POSITION, "", str(error)) + column) from error
    except RecursionError as error:
        raise _no_toml(path, 0, "it is nested too deeply") from error


def _no_toml(path: Path, line: int, said: str) -> InvalidPipeline:
    message = f"this is no TOML: {said}."
    return InvalidPipeline(f"{path.name}:{line}: {message}", ((path.name, line, 0, message),))


def _pipeline(found: _Found, problems: Problems, check_inputs: bool) -> Pipeline | None:
    if not isinstance(found.table, dict):
        problems.add(found.path, f"{'.'.join(map(str, found.path))} must be a table.")
        return None
    table = Table(problems, found.path, found.table)
    table.known(PIPELINE_KEYS)
    usual = found.file.parent.name if found.file.stem == "pipeline" else found.file.stem
    tables = found.table.get("stages")
    if not isinstance(tables, dict) or not tables:
        table.wrong("stages", "there is no stage.", 'Add [stages.NAME] with notebook = "file.ipynb".')
        tables = {}
    shared = parameters_in(table)
    base = _base(table, found.file.parent)
    sources = Sources(base or found.file.parent)
    read = {
        name: declared(name, content, (*found.path, "stages", name), problems, sources)
        for name, content in tables.items()
    }
    read = with_defaults(read, shared, problems, (*found.path, "parameters"))
    name = table.text("name", usual) or "pipeline"
    return assembled(found.file, table, read, name=name, base=base, check_inputs=check_inputs)


def _base(table: Table, folder: Path) -> Path | None:
    named = table.text("folder")
    if not named:
        return None
    base = (folder / Path(named).expanduser()).absolute()
    if not base.is_dir():
        table.wrong("folder", f"there is no folder {base}.")
        return None
    return Path(*base.parts) if ".." not in base.parts else base.resolve()
