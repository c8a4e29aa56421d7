"""What a successful stage gave, kept under its key: outputs, files, the executed notebook. Standard library only.

A result is one manifest, ``.nbops/pipelines/results/ab/KEY.json``; its bytes lie in the content store, which nothing changes.
So a stage that is made of what it was made of before, in this workspace or in another, need not run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.pipelines.running.state import StageState
from nbops.pipelines.secrets import WITHHELD
from nbops.pipelines.spec import Pipeline, Stage
from nbops.pipelines.staleness.parts import key_of
from nbops.workspace import Workspace
from nbops.workspace.blobs import fetch, path_of, put_file, read, write_atomically

_VERSION = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEXTS = ("pipeline", "stage", "notebook", "run_id", "kernel", "by")
_KINDS = FILES | {"json", "literal", "model"}
# Files that are read and not run, whatever opens them.
_DATA = frozenset(
    [
        ".arrow",
        ".avro",
        ".bmp",
        ".csv",
        ".feather",
        ".gif",
        ".jpeg",
        ".jpg",
        ".json",
        ".jsonl",
        ".log",
        ".md",
        ".ndjson",
        ".npy",
        ".npz",
        ".orc",
        ".parquet",
        ".pdf",
        ".png",
        ".toml",
        ".tsv",
        ".txt",
        ".webp",
        ".xlsx",
        ".xml",
        ".yaml",
        ".yml",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a stage gave.

    ``places`` says where files belong, by ``outputs/NAME`` or ``files/NAME``: a path from the folder of the pipeline, or
    nothing for the folder of the stage's run. ``sizes`` are the bytes of everything in the content store, by digest. ``foreign`` is set for what
    comes from a remote.
    """

    key: str
    pipeline: str
    stage: str
    parts: Mapping[str, Any]
    outputs: Mapping[str, Output]
    files: tuple[Output, ...]
    places: Mapping[str, str]
    sizes: Mapping[str, int]
    notebook: str
    run_id: str
    duration: float
    kernel: str
    at: float
    by: str
    foreign: bool = field(default=False, compare=False)

    @property
    def may_run_code(self) -> bool:
        """Whether using it may run code: it has a model, or a file that is none of plain data."""
        # A file among the outputs is put back with the ending of its path, one that a stage declares under its name.
        names = [str(item.value) for item in self.outputs.values() if item.kind == "file"]
        names += [item.name for item in self.files]
        models = any(item.kind == "model" for item in self.outputs.values())
        return models or any(Path(name).suffix.lower() not in _DATA for name in names)


def find(workspace: Workspace, key: str) -> Result | None:
    """Give the result that is kept under a key, if there is one that can be read."""
    path = manifest_path(workspace, key)
    try:
        return read_manifest(json.loads(path.read_text(encoding="utf-8")), key)
    except (OSError, ValueError):
        return None


def keep(workspace: Workspace, pipeline: Pipeline, stage: Stage, state: StageState, *, at: float, by: str) -> Result:
    """Keep what a stage gave.

    Raises
    ------
    PipelineError
        It cannot be kept: an output is a secret, or lies where nothing can be put back.
    NbopsError
        A file is gone, or the store cannot be written.
    """
    places = {f"files/{item.name}": _place(workspace, pipeline, state, item) for item in state.files}
    for item in state.outputs.values():
        if item.kind == WITHHELD or item.model.get(WITHHELD):
            raise PipelineError(f"output {item.name} is a secret.")
        if item.kind in FILES:
            places[f"outputs/{item.name}"] = _place(workspace, pipeline, state, item)
    sizes = {}
    for item in (*state.outputs.values(), *state.files):
        if item.kind in FILES:
            if put_file(workspace, Path(item.value)) != item.digest:
                raise PipelineError(f"{item.value} has been changed since the stage wrote it.")
            sizes[item.digest] = path_of(workspace, item.digest).stat().st_size
        elif item.kind == "model":
            sizes[item.digest] = path_of(workspace, item.digest).stat().st_size
    notebook = put_file(workspace, Path(state.notebook))
    sizes[notebook] = path_of(workspace, notebook).stat().st_size
    result = Result(
        key=state.key,
        pipeline=pipeline.name,
        stage=stage.name,
        parts=state.parts,
        outputs=state.outputs,
        files=state.files,
        places=places,
        sizes=sizes,
        notebook=notebook,
        run_id=state.run_id,
        duration=state.duration,
        kernel=state.kernel,
        at=at,
        by=by,
    )
    write(workspace, result)
    return result


def write(workspace: Workspace, result: Result) -> None:
    """Write the manifest of a result whose bytes are in the content store.

    Raises
    ------
    WorkspaceError
        The workspace cannot be written.
    """
    write_atomically(manifest_path(workspace, result.key), json.dumps(manifest(result)).encode())


def restore(workspace: Workspace, result: Result, pipeline: Pipeline, stage: Stage, place: Path) -> StageState:
    """Put back what a stage gave: its own files into ``place``, declared files where they belong; all or nothing.

    Parameters
    ----------
    place
        Folder of the stage in this run; it is replaced.

    Raises
    ------
    NbopsError
        Something is gone from the content store or damaged, cannot be written, or does not belong to this stage.
    """
    part = place.with_name(f".restoring-{place.name}")
    shutil.rmtree(part, ignore_errors=True)
    moves: list[tuple[Path, Path]] = []

    def put(item: Output, where: str) -> Output:
        return _put(workspace, pipeline, item, where, place, part, moves)

    try:
        outputs, files = {}, []
        for item in result.outputs.values():
            if item.kind == "model":
                read(workspace, item.digest)
            # Of what others say of paths nothing is believed that this stage does not say itself.
            where = "" if result.foreign else result.places.get(f"outputs/{item.name}", "")
            outputs[item.name] = put(item, where)
        for item in result.files:
            if result.foreign and item.name not in _expected(stage):
                raise PipelineError(f"it has a file {item.name} that stage {stage.name!r} does not write.")
            files.append(put(item, item.name if result.foreign else result.places.get(f"files/{item.name}", "")))
        fetch(workspace, result.notebook, part).rename(part / f"{stage.slug}.ipynb")
        for source, target in moves:
            os.replace(source, target)
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    except OSError as error:
        raise PipelineError(f"{error.filename or place} cannot be written: {error.strerror or error}.") from error
    finally:
        for source, _ in moves:
            with contextlib.suppress(OSError):
                source.unlink(missing_ok=True)
        shutil.rmtree(part, ignore_errors=True)
    with contextlib.suppress(OSError):
        # Whatever is used is kept longer.
        os.utime(manifest_path(workspace, result.key))
    return StageState(
        status="succeeded",
        key=result.key,
        parts=result.parts,
        run_id=result.run_id,
        notebook=str(place / f"{stage.slug}.ipynb"),
        duration=result.duration,
        ended_at=result.at,
        kernel=result.kernel,
        outputs=outputs,
        files=tuple(files),
    )


def manifest_path(workspace: Workspace, key: str) -> Path:
    """Give the path of the manifest of a key.

    Raises
    ------
    PipelineError
        It is no key.
    """
    if not _DIGEST.fullmatch(key):
        raise PipelineError(f"{key[:80]!r} is no key of a stage.")
    return workspace.results / key[:2] / f"{key}.json"


def manifest(result: Result) -> dict[str, Any]:
    """Give a result as JSON-able values."""
    names = [name for name in Result.__dataclass_fields__ if name not in {"outputs", "files", "foreign"}]
    return {
        "nbops": _VERSION,
        **{name: getattr(result, name) for name in names},
        "outputs": [item.to_dict() for item in result.outputs.values()],
        "files": [item.to_dict() for item in result.files],
    }


def read_manifest(content: Any, key: str) -> Result:
    """Read what :func:`manifest` gave, wherever it comes from.

    Raises
    ------
    ValueError
        It is something else, or belongs to another key.
    """
    try:
        if content["nbops"] != _VERSION or content["key"] != key or key_of(content["parts"]) != key:
            raise ValueError("it belongs to another key")
        outputs = [_output(item, _KINDS) for item in content["outputs"]]
        files = tuple(_output(item, frozenset({"file"})) for item in content["files"])
        texts = {name: str(content[name]) for name in _TEXTS}
        result = Result(
            key=key,
            pipeline=texts["pipeline"],
            stage=texts["stage"],
            notebook=texts["notebook"],
            run_id=texts["run_id"],
            kernel=texts["kernel"],
            by=texts["by"],
            parts=content["parts"],
            outputs={item.name: item for item in outputs},
            files=files,
            places={str(name): str(place) for name, place in content["places"].items()},
            sizes={str(digest): int(size) for digest, size in content["sizes"].items()},
            duration=float(content["duration"]),
            at=float(content["at"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no manifest: {error}") from error
    stored = {item.digest for item in (*outputs, *files) if item.kind in {*FILES, "model"}} | {result.notebook}
    if stored != set(result.sizes) or not all(map(_DIGEST.fullmatch, stored)):
        raise ValueError("it does not name its files")
    return result


def _output(content: Mapping[str, Any], kinds: frozenset[str]) -> Output:
    item = Output.from_dict(content)
    texts = (item.name, item.kind, item.digest)
    tables = isinstance(item.model, dict) and isinstance(item.form, dict)
    if not all(isinstance(text, str) for text in texts) or item.kind not in kinds or not tables:
        raise TypeError("an output is none")
    if item.kind != "file" and not item.name.isidentifier():
        raise TypeError("an output has no name")
    return item


def _place(workspace: Workspace, pipeline: Pipeline, state: StageState, item: Output) -> str:
    """Give where a file belongs: nothing for the folder of the run, else a path from the folder of the pipeline."""
    path = Path(os.path.normpath(item.value))
    if path.is_relative_to(Path(state.notebook).parent):
        return ""
    if not (path.is_relative_to(pipeline.folder) or path.is_relative_to(workspace.root)):
        raise PipelineError(f"output {item.name} lies outside of the workspace.")
    return os.path.relpath(path, pipeline.folder).replace(os.sep, "/")


def _put(
    workspace: Workspace,
    pipeline: Pipeline,
    item: Output,
    where: str,
    place: Path,
    part: Path,
    moves: list[tuple[Path, Path]],
) -> Output:
    """Put one file where it can be given its name at once; give it with the path that it will have."""
    if item.kind not in FILES:
        return item
    if not where:
        stem = item.name if item.name.isidentifier() else item.digest[:16]
        name = f"{stem}{re.sub(r'[^0-9A-Za-z.]', '', Path(str(item.value)).suffix)[:12]}"
        fetch(workspace, item.digest, part / "outputs").rename(part / "outputs" / name)
        return replace(item, value=str(place / "outputs" / name))
    target = Path(os.path.normpath(pipeline.folder / where))
    if not (target.is_relative_to(pipeline.folder) or target.is_relative_to(workspace.root)):
        raise PipelineError(f"its output {item.name} belongs outside of the workspace.")
    moves.append((fetch(workspace, item.digest, target.parent), target))
    return replace(item, value=str(target))


def _expected(stage: Stage) -> Collection[str]:
    """Give the files that a stage may write: those it declares, and those that its parameters name."""
    texts = (text for value in stage.parameters.values() for text in (value if isinstance(value, list) else [value]))
    return {*stage.files, *(text for text in texts if isinstance(text, str))}
