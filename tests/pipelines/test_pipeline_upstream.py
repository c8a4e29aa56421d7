"""What makes a stage stale: files beside variables, packages of any form, and pipelines that share a name."""

from __future__ import annotations

import pytest

from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.outputs import Output, file_output
from nbops.pipelines.passing import Parameters, parameters_of
from nbops.pipelines.running.state import states_name
from nbops.pipelines.spec import load_pipeline
from nbops.pipelines.staleness.parts import difference, parts_of


def _parts(project, given, files):
    pipeline = load_pipeline(project.file)
    stage = pipeline.stages[-1]
    parameters = parameters_of(pipeline, stage, given)
    return parts_of(pipeline, stage, parameters, given, {"a": "key"}, files=files), parameters


def test_a_file_that_an_upstream_stage_wrote_beside_a_variable_counts(project):
    project.notebook("a.ipynb", "x = 1")
    project.notebook("b.ipynb", "open('made.csv').read()")
    project.pipeline(
        'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\noutputs = ["x", "made.csv"]\n'
        '[stages.b]\nnotebook = "b.ipynb"\nafter = ["a"]\n'
    )
    made = project.folder / "made.csv"
    given = {"a": {"x": Output(name="x", kind="json", value=1, digest="d")}}
    found = []
    for text in ("one", "two"):
        made.write_text(text)
        found.append(_parts(project, given, {"a": (file_output("made.csv", made),)}))
    (before, _), (after, parameters) = found
    assert difference(before, after, parameters) == "made.csv of a changed"


@pytest.mark.parametrize("cell", ["import words.german", "from words import german"])
def test_a_package_without_an_init_file_counts(project, cell):
    (project.folder / "words").mkdir()
    project.notebook("a.ipynb", cell)
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    found = []
    for number in (1, 2):
        (project.folder / "words" / "german.py").write_text(f"WORD = {number}\n")
        found.append(_parts(project, {}, {}))
    (before, _), (after, parameters) = found
    assert difference(before, after, parameters) == "module words/german.py changed"


def test_two_pipelines_of_one_name_know_nothing_of_each_other(project):
    folders = [project.folder / name for name in ("one", "two")]
    notebook = project.notebook("a.ipynb", "1")
    for folder in folders:
        folder.mkdir()
        (folder / "pipeline.toml").write_text(f'name = "p"\n[stages.a]\nnotebook = "{notebook.as_posix()}"\n')
    first, second = (load_pipeline(folder / "pipeline.toml") for folder in folders)
    workspace = project.workspace
    names = [states_name(workspace, pipeline.name, pipeline.path) for pipeline in (first, second)]
    assert names[0] != names[1]
    # Whatever another writes: asked again, each still has its own.
    assert names == [states_name(workspace, pipeline.name, pipeline.path) for pipeline in (first, second)]


def test_an_error_of_who_watches_does_not_end_what_runs(project):
    project.notebook("a.ipynb", "x = 1", outputs=["x"])
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')

    def broken(event):
        raise RuntimeError("the display is gone")

    result = execute_pipeline(project.file, on_event=broken)
    assert result.status == "succeeded"
    assert result.stage("a").outputs == {"x": 1}
    assert execute_pipeline(project.file).stage("a").status == "skipped"


def test_a_state_of_the_first_nbops_is_compared_like_any_other():
    before, after = {"notebook": [[2, "aa"], [4, "bb"]]}, {"notebook": ["aa", "cc"], "cells": [[2, "a"], [4, "c"]]}
    assert difference(before, after, Parameters({}, {}, {})) == "notebook cell 4 edited"
