"""What a stage is made of, and the key that stands for it. Standard library only, because most of the time nothing runs.

A stage is known by its code, parameters, files read, values and results of upstream stages, modules of the project,
kernel and packages. The parts are kept, so that it can be told what differs (:mod:`nbops.pipelines.staleness.differing`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from nbops.pipelines.notebook import Notebook
from nbops.pipelines.outputs import Output
from nbops.pipelines.passing import Given, Parameters
from nbops.pipelines.secrets import kept
from nbops.pipelines.spec import Pipeline, Stage
from nbops.pipelines.staleness.cells import digest, normal
from nbops.pipelines.staleness.differing import difference
from nbops.pipelines.staleness.digests import Digests
from nbops.pipelines.staleness.imports import Asked, asked_by_cells
from nbops.pipelines.staleness.inputs import files_of_parameters, inputs_of, without
from nbops.pipelines.staleness.installed import project_folders, versions
from nbops.pipelines.staleness.interpreters import Interpreter, interpreter_of
from nbops.pipelines.staleness.modules import Found, modules_of
from nbops.redaction import Redactor
from nbops.workspace import Workspace

__all__ = ["Parts", "Surroundings", "difference", "key_of", "parts_of", "rewritten", "without"]

Parts = dict[str, Any]
# What is kept beside the parts to tell of them; the key is the same without.
_TOLD = frozenset({"cells", "chains"})


class Surroundings:
    """What the stages of a pipeline have in common: the workspace, what is known of files, notebooks that were read.

    Parameters
    ----------
    workspace
        Where digests are remembered, and whose root is looked through for modules.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace, self.digests = workspace, Digests(workspace)
        # By the notebook itself, which a grid's stages share; it is kept, so that its id stays its own.
        self._cells: dict[int, tuple[Notebook, list[tuple[int, str]], list[list[Any]]]] = {}
        self._asked: dict[int, tuple[Notebook, Asked]] = {}

    def cells(self, notebook: Notebook) -> tuple[list[tuple[int, str]], list[list[Any]]]:
        """Give number and text of each code cell of which something counts; and the same without secrets."""
        if id(notebook) not in self._cells:
            read = normal if notebook.is_python else str.strip
            found = [(cell.number, read(cell.source)) for cell in notebook.code]
            counting = [(number, text) for number, text in found if text]
            redactor = Redactor()
            shown = [[number, redactor.text(text)] for number, text in counting]
            self._cells[id(notebook)] = (notebook, counting, shown)
        return self._cells[id(notebook)][1:]

    def asked(self, notebook: Notebook, given: Mapping[str, Any]) -> Asked:
        """Give what a notebook imports and runs, with the parameters that it receives."""
        if id(notebook) in self._asked:
            return self._asked[id(notebook)][1]
        asked = asked_by_cells([cell.source for cell in notebook.code], given)
        if not asked.by_given:
            self._asked[id(notebook)] = (notebook, asked)
        return asked


def parts_of(
    pipeline: Pipeline,
    stage: Stage,
    parameters: Parameters,
    given: Given,
    keys: Mapping[str, str],
    own: Collection[str] = (),
    *,
    files: Mapping[str, Sequence[Output]] | None = None,
    around: Surroundings | None = None,
) -> Parts:
    """Give what a stage is made of, as JSON-able values.

    Parameters
    ----------
    given
        Outputs of the stages that have run, by stage and name.
    keys
        Keys of the stages that have run; they stand for a stage that gives nothing away.
    own
        Files that the stage itself writes; they are none of its inputs. Files among its declared outputs never are.
    files
        Files that the stages that have run wrote, by stage.
    around
        What is known already of files and notebooks; by default nothing.

    Raises
    ------
    PipelineError
        An input file does not exist.
    """
    wrote = files or {}
    around = around or Surroundings()
    known = around.digests
    python = interpreter_of(stage.kernel or stage.source.kernel, known)
    found = _modules(pipeline, stage, parameters, around, python)
    written = {*own, *(str(pipeline.folder / name) for name in stage.files)}
    cells, shown = around.cells(stage.source)
    return {
        "notebook": [digest(text) for _, text in cells],
        "parameters": _kept(parameters.identity),
        "inputs": without(inputs_of(pipeline, stage, known), pipeline.folder, written),
        "modules": found.modules,
        "upstream": {
            name: _upstream((*given.get(name, {}).values(), *wrote.get(name, ())), keys.get(name, ""))
            for name in sorted(stage.after)
        },
        "outputs": sorted({*stage.variables, *stage.files}),
        "environment": _kept(stage.environment),
        "kernel": python.kernel,
        "packages": {"python": python.version, **versions(found.names, python.folders, known)},
        "cells": shown,
        "chains": found.chains,
    }


def rewritten(before: Parts, pipeline: Pipeline, stage: Stage, *, digests: Digests | None = None) -> dict[str, Path]:
    """Give the files named by parameters that are new or changed since ``before``: the stage has written them."""
    now = files_of_parameters(pipeline, stage.parameters, digests or Digests())
    return {name: pipeline.folder / name for name, digest in now.items() if before["inputs"].get(name) != digest}


def key_of(parts: Parts) -> str:
    """Give the key of a stage: sha256 over its parts."""
    return digest(json.dumps({name: part for name, part in parts.items() if name not in _TOLD}, sort_keys=True))


def _modules(
    pipeline: Pipeline, stage: Stage, parameters: Parameters, around: Surroundings, python: Interpreter
) -> Found:
    root = around.workspace.root if around.workspace is not None else pipeline.folder
    named = stage.environment.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    places = [Path(place).absolute() for place in named.split(os.pathsep) if place]
    places += project_folders(python.folders, around.digests)
    # What lies elsewhere is known by its version, if it has one.
    path = [place for place in places if place.is_relative_to(root) or place.is_relative_to(pipeline.folder)]
    asked = around.asked(stage.source, parameters.values)
    return modules_of(stage.source.path, asked, pipeline.folder, around.digests, root=root, path=path)


def _upstream(outputs: Sequence[Output], key: str) -> dict[str, str]:
    return {item.name: item.digest for item in sorted(outputs, key=lambda item: item.name)} or {"": key}


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in sorted(kept(values).items())}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str, sort_keys=True))
