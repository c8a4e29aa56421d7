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
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from nbops.errors import PipelineError
from nbops.pipelines.cache.manifest import Result, manifest, manifest_path, read_manifest
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.pipelines.running.state import StageState
from nbops.pipelines.secrets import WITHHELD
from nbops.pipelines.spec import Pipeline, Stage
from nbops.workspace import Workspace
from nbops.workspace.blobs import fetch, path_of, put_file, read, write_atomically


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
