"""Files of stages: whether what one reads is there or made before it, and whether what it writes can be written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbops.pipelines.declaration.paths import covers, is_pattern, located
from nbops.pipelines.declaration.problems import Problems
from nbops.pipelines.declaration.stages import Pipeline, Stage

Places = Mapping[str, tuple[str | int, ...]]


def check_inputs(pipeline: Pipeline, places: Places, problems: Problems) -> None:
    """Note inputs that are neither there nor made by a stage before.

    Parameters
    ----------
    places
        Where each declared stage stands in the file.
    """
    there: dict[str, bool] = {}
    for stage in pipeline.stages:
        for number, name in enumerate(stage.inputs):
            if name not in there:
                there[name] = _is_there(pipeline.folder, name)
            if not there[name] and not _is_made(pipeline, stage, name):
                problems.add(
                    (*places[stage.group or stage.name], "inputs", number),
                    f"stage {stage.name!r}: there is no input {name}, and no stage before it says that it writes it.",
                    "Name it in the outputs of the stage that does." if stage.after else "",
                )


def check_outputs(pipeline: Pipeline, places: Places, problems: Problems) -> None:
    """Note files that no stage can write, with parameters as :func:`check_inputs` has them."""
    closed: dict[Path, str] = {}
    for stage in pipeline.stages:
        for name in stage.files:
            if said := _unwritable(pipeline.folder / Path(name).expanduser(), closed):
                path = (*places[stage.group or stage.name], "outputs")
                problems.add(path, f"stage {stage.name!r}: {name} cannot be written: {said}.")


def _is_there(folder: Path, name: str) -> bool:
    path = folder / Path(name).expanduser()
    if path.exists():
        return True
    if not is_pattern(name):
        return False
    base, relative = (
        (Path(path.anchor), path.relative_to(path.anchor)) if Path(name).is_absolute() else (folder, Path(name))
    )
    return next(iter(base.glob(str(relative))), None) is not None


def _is_made(pipeline: Pipeline, stage: Stage, name: str) -> bool:
    folder = pipeline.folder
    wanted = located(folder, name)
    for other in reversed(pipeline.graph.upstream(stage.name)):
        writer = pipeline.stages[pipeline.graph.place(other)]
        if any(covers(wanted, made) or wanted.startswith(made + os.sep) for made in _written(writer, folder)):
            return True
    return False


def _written(stage: Stage, folder: Path) -> Iterator[str]:
    """Give the files that a stage says it writes, and those that its parameters name: many a stage writes one of them."""
    texts = (value for value in (dict(stage.source.parameters) | dict(stage.parameters)).values() if value)
    for name in (*stage.files, *(value for value in texts if isinstance(value, str))):
        yield located(folder, name)


def _unwritable(path: Path, closed: dict[Path, str]) -> str:
    if path.is_dir():
        return "it is a folder"
    if path.exists():
        return "" if os.access(path, os.W_OK) else "it is write-protected"
    if path.parent not in closed:
        closed[path.parent] = _closed(path.parent)
    return closed[path.parent]


def _closed(folder: Path) -> str:
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder.name} is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"the folder {folder} is write-protected"
