"""When a stage runs again, and why. Standard library only, because most of the time nothing does.

A stage is known by what it is made of: code cells, parameters, files read, values and results of upstream stages, modules
beside the pipeline file, packages. The parts are kept, so that the reason can be told.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbops
from nbops.errors import PipelineError
from nbops.pipelines.notebook import Notebook, python_lines
from nbops.pipelines.outputs import Output, digest_of
from nbops.pipelines.passing import Given, Parameters
from nbops.pipelines.secrets import is_marked, kept
from nbops.pipelines.spec import Pipeline, Stage

Parts = dict[str, Any]


def parts_of(
    pipeline: Pipeline,
    stage: Stage,
    parameters: Parameters,
    given: Given,
    keys: Mapping[str, str],
    own: Collection[str] = (),
    *,
    files: Mapping[str, Sequence[Output]] | None = None,
) -> Parts:
    """Give what a stage is made of, as JSON-able values.

    Parameters
    ----------
    given
        Outputs of the stages that have run, by stage and name.
    keys
        Keys of the stages that have run; they stand for a stage that gives nothing away.
    own
        Files that the stage itself writes; they are none of its inputs.
    files
        Files that the stages that have run wrote, by stage.

    Raises
    ------
    PipelineError
        An input file does not exist.
    """
    wrote = files or {}
    return {
        "notebook": [[cell.number, _sha(cell.source)] for cell in stage.source.code],
        "parameters": {name: _plain(value) for name, value in sorted(kept(parameters.identity).items())},
        "inputs": without(_inputs(pipeline, stage), pipeline.folder, own),
        "modules": _modules(pipeline.folder, stage.source),
        "upstream": {
            name: _upstream((*given.get(name, {}).values(), *wrote.get(name, ())), keys.get(name, ""))
            for name in sorted(stage.after)
        },
        "outputs": sorted(stage.outputs),
        "packages": {"python": platform.python_version(), "nbops": nbops.__version__, **packages()},
    }


def without(inputs: Mapping[str, str], folder: Path, own: Collection[str]) -> dict[str, str]:
    """Take files that a stage writes itself from its inputs."""
    names = {_shown(Path(path), folder) for path in own}
    return {name: digest for name, digest in inputs.items() if name not in names}


def rewritten(before: Parts, pipeline: Pipeline, stage: Stage) -> dict[str, Path]:
    """Give the files named by parameters that are new or changed since ``before``: the stage has written them."""
    now = _parameter_files(pipeline, stage)
    return {name: pipeline.folder / name for name, digest in now.items() if before["inputs"].get(name) != digest}


def key_of(parts: Parts) -> str:
    """Give the key of a stage: sha256 over its parts."""
    return _sha(json.dumps(parts, sort_keys=True))


def difference(before: Parts, after: Parts, parameters: Parameters) -> str:
    """Say in a few words what differs most tellingly; empty when nothing does."""
    for tell in (_parameters_differ, _code_differs, _files_differ, _upstream_differs, _packages_differ):
        told = tell(before, after, parameters)
        if told:
            return told
    return "" if before == after else "declaration changed"


def packages() -> dict[str, str]:
    """Give name and version of every distribution that can be imported, from the names of their metadata folders."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")
        except OSError:
            continue
        for entry in entries:
            stem, dot, suffix = entry.rpartition(".")
            if dot and suffix in ("dist-info", "egg-info"):
                name, dash, version = stem.partition("-")
                if dash and name != "nbops":
                    found.setdefault(name, version)
    return dict(sorted(found.items()))


def _inputs(pipeline: Pipeline, stage: Stage) -> dict[str, str]:
    found: dict[str, str] = {}
    for pattern in stage.inputs:
        files = list(_matching(pipeline.folder, pattern))
        if not files:
            raise PipelineError(f"stage {stage.name!r}: there is no input {pattern}.")
        found |= {_shown(file, pipeline.folder): digest_of(file) for file in files}
    return dict(sorted((found | _parameter_files(pipeline, stage)).items()))


def _parameter_files(pipeline: Pipeline, stage: Stage) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in stage.parameters.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and 0 < len(text) < 1024 and "\0" not in text and "\n" not in text:
                path = pipeline.folder / Path(text).expanduser()
                if path.is_file():
                    found[_shown(path, pipeline.folder)] = digest_of(path)
    return found


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    path = folder / Path(pattern).expanduser()
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    elif any(sign in pattern for sign in "*?["):
        base = Path(path.anchor) if Path(pattern).is_absolute() else folder
        relative = Path(pattern).relative_to(base) if Path(pattern).is_absolute() else Path(pattern)
        yield from sorted(file for file in base.glob(str(relative)) if file.is_file())


def _modules(folder: Path, source: Notebook) -> dict[str, str]:
    found: dict[str, str] = {}
    todo = [python_lines(cell.source) for cell in source.code]
    while todo:
        for name in _imported(todo.pop()):
            plain, package = folder / f"{name}.py", folder / name
            # A folder without __init__.py can be imported from as well.
            for file in [plain] * plain.is_file() + sorted(package.rglob("*.py")):
                shown = _shown(file, folder)
                if shown not in found:
                    found[shown] = digest_of(file)
                    todo.append(file.read_text(encoding="utf-8", errors="replace"))
    return dict(sorted(found.items()))


def _imported(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _upstream(outputs: Sequence[Output], key: str) -> dict[str, str]:
    return {item.name: item.digest for item in sorted(outputs, key=lambda item: item.name)} or {"": key}


def _parameters_differ(before: Parts, after: Parts, parameters: Parameters) -> str:
    old, new = before.get("parameters", {}), after["parameters"]
    for name in {**new, **old}:
        if old.get(name, before) == new.get(name, after):
            continue
        if name in parameters.sources:
            return f"{name} from {' and '.join(parameters.sources[name])} changed"
        if is_marked(old.get(name)) or is_marked(new.get(name)):
            return f"parameter {name} changed"
        if name not in old:
            return f"parameter {name} is now {_short(new[name])}"
        if name not in new:
            return f"parameter {name} is no longer set"
        return f"parameter {name} changed {_short(old[name])} -> {_short(new[name])}"
    return ""


def _code_differs(before: Parts, after: Parts, _: Parameters) -> str:
    old, new = before.get("notebook", []), after["notebook"]
    old_texts, new_texts = [text for _, text in old], [text for _, text in new]
    if old_texts == new_texts:
        return ""
    if len(old_texts) != len(new_texts):
        word = "added to" if len(new_texts) > len(old_texts) else "removed from"
        return f"cells {word} the notebook"
    edited = next(number for (number, text), was in zip(new, old_texts, strict=True) if text != was)
    return f"notebook cell {edited} edited"


def _files_differ(before: Parts, after: Parts, _: Parameters) -> str:
    for kind, word in (("inputs", "input"), ("modules", "module")):
        old, new = before.get(kind, {}), after[kind]
        for name in {**new, **old}:
            if old.get(name) != new.get(name):
                what = "changed" if name in old and name in new else "is new" if name in new else "is gone"
                return f"{word} {name} {what}"
    return ""


def _upstream_differs(before: Parts, after: Parts, _: Parameters) -> str:
    old, new = before.get("upstream", {}), after["upstream"]
    for stage, outputs in new.items():
        was = old.get(stage)
        if was is None:
            return f"stage {stage} now comes before"
        for name in {**outputs, **was}:
            if outputs.get(name) != was.get(name):
                return f"{name} of {stage} changed" if name else f"stage {stage} changed"
    return ""


def _packages_differ(before: Parts, after: Parts, _: Parameters) -> str:
    old, new = before.get("packages", {}), after["packages"]
    differing = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    if not differing:
        return ""
    name = differing[0]
    told = f"{name} {old.get(name, '(absent)')} -> {new.get(name, '(absent)')}"
    return told + (f" and {len(differing) - 1} more packages" if len(differing) > 1 else "")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str, sort_keys=True))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
