"""All that is looked at before a pipeline may run, beyond the form of its file."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nbops.pipelines.declaration.files import check_inputs, check_outputs
from nbops.pipelines.declaration.kernels import missing_kernel
from nbops.pipelines.declaration.keys import Declared
from nbops.pipelines.declaration.naming import folded
from nbops.pipelines.declaration.parameters import check_parameters
from nbops.pipelines.declaration.problems import Problems
from nbops.pipelines.declaration.stages import Pipeline
from nbops.pipelines.notebook import Notebook, python_lines


def check(pipeline: Pipeline, declared: Mapping[str, Declared], problems: Problems, *, inputs: bool) -> None:
    """Note what is wrong: names that collide, parameters, kernels, notebooks, files."""
    folders: dict[str, str] = {}
    for name, one in declared.items():
        other = folders.setdefault(folded(name), name)
        if other != name:
            problems.add(one.path, f"stages {other!r} and {name!r} differ only in capitals, and so do their files.")
        if missing := missing_kernel(one.stage):
            problems.add((*one.path, "kernel"), f"stage {name!r}: {missing[0]}", missing[1])
        check_parameters(one, problems)
    for source in {id(one.stage.source): one.stage.source for one in declared.values()}.values():
        _check_cell(source, problems)
    places = {name: one.path for name, one in declared.items()}
    if inputs:
        check_inputs(pipeline, places, problems)
    check_outputs(pipeline, places, problems)


def _check_cell(source: Notebook, problems: Problems) -> None:
    """Note a parameters cell that is no Python: nothing could be put behind it."""
    if not source.parameters_cell or not source.is_python:
        return
    text = next(cell.source for cell in source.code if cell.number == source.parameters_cell)
    try:
        ast.parse(python_lines(text))
    except (SyntaxError, ValueError) as error:
        # IPython's own syntax is not ours to judge.
        if not any(sign in text for sign in "!%?"):
            said = error.msg if isinstance(error, SyntaxError) else str(error)
            line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
            problems.add_cell(source.path.name, source.parameters_cell, f"its parameters are no Python: {said}{line}.")
