"""Whether a notebook can go on from a kept state, and going on from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from nbops.errors import PipelineError
from nbops.pipelines.checkpoints.asking import ask
from nbops.pipelines.checkpoints.keeping import Subject
from nbops.pipelines.checkpoints.manifest import OUTPUTS, Manifest, read_manifest, state_file
from nbops.pipelines.checkpoints.reading import needs_of
from nbops.pipelines.executing.preparing import INJECTED_TAG, number, tags
from nbops.workspace.blobs import write_atomically

_PATIENCE = 600.0


class StartAgain(Exception):
    """A notebook cannot go on from a kept state; the text says why."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a notebook goes on: ``first`` is the position of the first cell to execute, ``number`` its number as written."""

    manifest: Manifest
    file: Path
    folder: Path
    done: tuple[int, ...]
    first: int
    number: int


def resumption(folder: Path, subject: Subject) -> Resumption:
    """Say how a notebook can go on from a kept state.

    Raises
    ------
    StartAgain
        It cannot.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise StartAgain("no state was kept")
    _same_surroundings(manifest, subject)
    done = _same_cells(manifest, subject)
    later = [position for position in subject.positions if position not in set(done)]
    needs = needs_of(subject.sources(later))
    wanted = set(manifest.left) if needs.names is None else {*needs.names, *subject.variables}
    missing = sorted(wanted.intersection(manifest.left))
    if missing or needs.typed:
        raise StartAgain(f"{missing[0]!r} was not kept" if missing else "a cell reads what was typed into earlier ones")
    try:
        file = state_file(folder, manifest)
    except PipelineError as error:
        raise StartAgain(str(error)) from error
    notebook = subject.prepared.notebook
    # Behind all of them there is at most the one that gives values away.
    first = later[0] if later else len(notebook.cells) - bool(subject.variables)
    return Resumption(manifest, file, folder, tuple(done), first, number(notebook, min(first, len(notebook.cells) - 1)))


def _same_surroundings(manifest: Manifest, subject: Subject) -> None:
    kernel = subject.prepared.kernel.name
    if manifest.kernel != kernel:
        raise StartAgain(f"the kernel is {kernel!r} now and was {manifest.kernel!r}")
    for name, value in _differing(manifest.parameters, subject.told_parameters()):
        raise StartAgain(f"parameter {name} {value}")
    for name, value in _differing(manifest.facts, subject.facts):
        raise StartAgain(f"{name} {value}")
    for file, digest in manifest.modules.values():
        try:
            now = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        except OSError:
            raise StartAgain(f"{Path(file).name} is gone") from None
        if now != digest:
            raise StartAgain(f"{Path(file).name} was edited")


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str]]:
    missing = object()
    return [
        (name, "changed" if name in before and name in now else "is new" if name in now else "is gone")
        for name in sorted({*before, *now})
        if before.get(name, missing) != now.get(name, missing)
    ]


def _same_cells(manifest: Manifest, subject: Subject) -> list[int]:
    """Give the positions of the cells that have run, if they are still what they were."""
    cells = subject.prepared.notebook.cells
    written = [position for position in subject.positions if INJECTED_TAG not in tags(cells[position])]
    digests = subject.digests(written)
    if len(digests) < len(manifest.cells):
        raise StartAgain("cells were removed")
    for position, before, now in zip(written, manifest.cells, digests, strict=False):
        if before != now:
            raise StartAgain(f"cell {number(subject.prepared.notebook, position)} was edited")
    # An injected cell comes directly after the one that it overrides, and has run with that or before all others.
    rest = written[len(manifest.cells) :]
    end = rest[0] if rest else len(cells)
    done = [position for position in subject.positions if position < end]
    if len(done) != len(manifest.executed):
        done = done[: len(manifest.executed)]
    return done


async def restore(found: Resumption, subject: Subject, client: Any, manager: Any) -> None:
    """Restore a kept state in a new kernel, and what the cells before have left in the notebook.

    Raises
    ------
    StartAgain
        That cannot be; the kernel is not to be used.
    """
    parameters = json.loads(json.dumps(dict(subject.parameters), default=str))
    facts = {"file": str(found.file), "sha256": found.manifest.sha256, "parameters": parameters}
    answer = await ask(client, manager, "restore", facts, _PATIENCE)
    if "problem" in answer:
        raise StartAgain(str(answer["problem"]))
    for position, kept in zip(found.done, found.manifest.executed, strict=True):
        subject.prepared.notebook.cells[position].update(nbformat.from_dict(dict(kept)))
    _put_outputs(found, subject)


def _put_outputs(found: Resumption, subject: Subject) -> None:
    """Give away again what the cells before have given away, from this attempt's own folder."""
    source, target, before = found.folder / OUTPUTS, subject.outputs, found.manifest.outputs
    if target is None or not source.is_dir():
        return
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in target.glob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        value = content.get("value")
        if isinstance(value, str) and value.startswith(f"{before}{os.sep}"):
            content["value"] = f"{target}{value.removeprefix(before)}"
            write_atomically(path, json.dumps(content, ensure_ascii=True).encode())
