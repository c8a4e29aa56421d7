"""Files that a stage reads: those of its ``inputs`` and those that its parameters name. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from nbops.errors import PipelineError
from nbops.pipelines.spec import Pipeline, Stage
from nbops.pipelines.staleness.digests import UNSEEN, Digests


def inputs_of(pipeline: Pipeline, stage: Stage, digests: Digests) -> dict[str, str]:
    """Give the digest of every file that a stage reads, by its path from the pipeline file.

    Raises
    ------
    PipelineError
        An input does not exist or cannot be read.
    """
    found: dict[str, str] = {}
    for pattern in stage.inputs:
        files = list(_matching(pipeline.folder, pattern, digests))
        if not files:
            raise PipelineError(f"stage {stage.name!r}: there is no input {pattern}.")
        for file in files:
            try:
                found[shown(file, pipeline.folder)] = digests.of(file)
            except OSError as error:
                raise PipelineError(
                    f"stage {stage.name!r}: the input {file} cannot be read: {error.strerror or error}."
                ) from error
    return dict(sorted((found | files_of_parameters(pipeline, stage.parameters, digests)).items()))


def files_of_parameters(pipeline: Pipeline, parameters: Mapping[str, object], digests: Digests) -> dict[str, str]:
    """Give the digests of the files that parameters name."""
    found: dict[str, str] = {}
    for value in parameters.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and 0 < len(text) < 1024 and "\0" not in text and "\n" not in text:
                path = pipeline.folder / Path(text).expanduser()
                if digests.is_file(path):
                    found[shown(path, pipeline.folder)] = digests.of(path)
    return found


def without(inputs: Mapping[str, str], folder: Path, own: Collection[str]) -> dict[str, str]:
    """Take files that a stage writes itself from its inputs."""
    names = {shown(Path(path), folder) for path in own}
    return {name: digest for name, digest in inputs.items() if name not in names}


def shown(path: Path, folder: Path) -> str:
    """Give a path as it is written down: from the folder of the pipeline file where it lies in there."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _matching(folder: Path, pattern: str, digests: Digests) -> Iterator[Path]:
    path = folder / Path(pattern).expanduser()
    if digests.is_file(path):
        yield path
    elif digests.is_dir(path):
        yield from digests.files(path)
    elif any(sign in pattern for sign in "*?["):
        wanted = Path(pattern).expanduser()
        base = Path(wanted.anchor) if wanted.is_absolute() else folder
        parts = wanted.relative_to(base).parts if wanted.is_absolute() else wanted.parts
        yield from dict.fromkeys(_expanded(base, parts, digests))


def _expanded(place: Path, parts: tuple[str, ...], digests: Digests) -> Iterator[Path]:
    """Follow a pattern part by part, so that every folder that was searched is known to have been looked at."""
    if not parts:
        if digests.is_file(place):
            yield place
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _expanded(place, rest, digests)
        for name in _names(place, digests):
            if name not in UNSEEN and not (place / name).is_symlink() and digests.is_dir(place / name):
                yield from _expanded(place / name, parts, digests)
    elif any(sign in part for sign in "*?["):
        for name in _names(place, digests):
            if fnmatchcase(name, part) and (not rest or digests.is_dir(place / name)):
                yield from _expanded(place / name, rest, digests)
    else:
        yield from _expanded(place / part, rest, digests)


def _names(place: Path, digests: Digests) -> list[str]:
    digests.stat(place)
    try:
        return sorted(os.listdir(place))
    except OSError:
        return []
