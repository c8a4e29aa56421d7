"""A pipeline declared in Python: the same as from a file, and written as one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nbops
from nbops.errors import InvalidPipeline, PipelineError, UsageError
from nbops.pipelines.spec import load_pipeline


def _stages(project):
    project.notebook("clean.ipynb", "table = [1]", outputs=["table"])
    project.notebook(
        "train.ipynb", "model = depth", parameters="table = []\ndepth: int = 1\nseed = 0", outputs=["model"]
    )
    pipeline = nbops.Pipeline("churn", folder=project.folder, parameters={"seed": 7}, jobs=2, description="all")
    pipeline.stage("clean", notebook="clean.ipynb", retries=1, timeout="10 min")
    return pipeline.stage(
        "train",
        notebook=Path("train.ipynb"),
        after="clean",
        foreach={"depth": [2, np.int64(4)]},
        memory="1GB",
        environment={"A": "b"},
    )


def test_what_is_declared_in_python_is_what_a_file_would_declare(project):
    built = _stages(project).checked()
    assert built.after == {"clean": (), "train[depth=2]": ("clean",), "train[depth=4]": ("clean",)}
    assert (built.jobs, built.description, built.folder) == (2, "all", project.folder)
    assert built.stages[0].timeout == 600
    assert built.stages[2].parameters == {"seed": 7, "depth": 4}
    assert built.path == project.folder / ".nbops" / "pipelines" / "churn" / "declared.toml"


def test_it_is_written_as_a_person_would_and_read_again(project):
    pipeline = _stages(project)
    path = pipeline.save("pipeline.toml")
    assert path.read_text() == (
        'name = "churn"\ndescription = "all"\nparameters = {seed = 7}\njobs = 2\n\n'
        '[stages.clean]\nnotebook = "clean.ipynb"\nretries = 1\ntimeout = "10 min"\n\n'
        '[stages.train]\nnotebook = "train.ipynb"\nafter = ["clean"]\nforeach = {depth = [2, 4]}\n'
        'resources = {memory = "1GB"}\nenvironment = {A = "b"}\n'
    )
    again = nbops.Pipeline.load(path)
    assert again == pipeline
    assert again.checked().stages == load_pipeline(path).stages
    # Elsewhere the file says where relative paths start.
    (project.folder / "sub").mkdir()
    moved = pipeline.save("sub/other.toml")
    assert 'folder = ".."' in moved.read_text()
    assert nbops.Pipeline.load(moved) == pipeline
    assert load_pipeline(moved).folder == project.folder


def test_it_runs_and_shows_itself(project, capsys):
    pipeline = _stages(project)
    assert {stage.status for stage in pipeline.plan().stages} == {"pending"}
    result = pipeline.run()
    assert [stage.outputs for stage in result.stages] == [{"table": [1]}, {"model": 2}, {"model": 4}]
    pipeline.why("train")
    told = capsys.readouterr().out
    assert told.count("train[depth=") == 2
    assert "clean" not in told
    with pytest.raises(PipelineError, match="has no stage 'trian'. Did you mean 'train'"):
        pipeline.why("trian")
    pipeline.show()
    assert "churn: up to date" in capsys.readouterr().out
    assert {stage.status for stage in pipeline.run().stages} == {"skipped"}


@pytest.mark.parametrize(
    ("stage", "error", "told"),
    [
        ({"notebook": "no.ipynb"}, InvalidPipeline, "there is no notebook"),
        ({}, InvalidPipeline, "neither notebook nor template"),
        ({"template": "train", "parameters": {"x": None}}, UsageError, "cannot hold None. Leave it out"),
        ({"template": "train", "parameters": {"x": object()}}, UsageError, "cannot hold a object"),
        ({"template": "train", "parameters": {"x": "\ud800"}}, UsageError, "no text that a file can hold"),
        ({"template": "train", "parameters": {"x": {1: 2}}}, UsageError, "the keys of a table are texts, not 1"),
        ({"template": "train", "retries": "many"}, InvalidPipeline, "retries must be a whole number"),
    ],
)
def test_what_is_wrong_is_told(project, stage, error, told):
    with pytest.raises(error, match=told):
        nbops.Pipeline("p", folder=project.folder).stage("a", **stage).checked()


def test_a_name_is_given_once_and_a_notebook_is_no_file(project):
    with pytest.raises(UsageError, match="has a stage 'clean' already"):
        _stages(project).stage("clean", template="train")
    with pytest.raises(UsageError, match="its tags are the declaration"):
        nbops.Pipeline.load(project.tagged(("stage:a", "1")))
    with pytest.raises(PipelineError):
        nbops.Pipeline("p", folder=project.folder).checked()


_NAMES = st.from_regex(r"[A-Za-z][\w .+-]{0,8}", fullmatch=True)
_KEYS = st.from_regex(r"[a-z_]{1,6}", fullmatch=True).filter(str.isidentifier)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_STAGE = st.fixed_dictionaries(
    {},
    optional={
        "parameters": st.dictionaries(_KEYS, _VALUES, max_size=3),
        "outputs": st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=2, unique=True),
        "foreach": st.dictionaries(_KEYS.map("x_{}".format), st.lists(st.integers(), min_size=1, max_size=3, unique=True), max_size=2),
        "retries": st.integers(0, 5),
        "timeout": st.integers(1, 100) | st.sampled_from(["90s", "2h"]),
        "memory": st.sampled_from(["1GB", 10]),
        "environment": st.dictionaries(_KEYS, _TEXT.filter(lambda text: "\0" not in text), max_size=2),
        "description": _TEXT.filter(str.strip),
    },
)  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_every_pipeline_is_written_so_that_it_is_read_as_it_was(project, data):
    project.notebook("a.ipynb", "1")
    names = data.draw(st.lists(_NAMES, min_size=1, max_size=4, unique_by=str.casefold))
    pipeline = nbops.Pipeline(data.draw(_NAMES), folder=project.folder, description=data.draw(_TEXT.filter(str.strip)))
    for number, name in enumerate(names):
        after = data.draw(st.lists(st.sampled_from(names[:number]), unique=True)) if number else []
        pipeline.stage(name, notebook="a.ipynb", after=after, **data.draw(_STAGE))
    built = pipeline.checked()
    again = nbops.Pipeline.load(pipeline.save("pipeline.toml"))
    assert repr(again._content) == repr(pipeline._content)
    assert [_plain(stage) for stage in again.checked().stages] == [_plain(stage) for stage in built.stages]


def _plain(stage):
    found = {name: getattr(stage, name) for name in stage.__dataclass_fields__ if name != "source"}
    # NaN is among the values, which is not equal to itself.
    return repr(found)


def test_the_builder_is_there_when_it_is_asked_for(tmp_path):
    code = "import nbops, sys; assert 'nbops.display' not in sys.modules; print(nbops.Pipeline.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env={**os.environ}
    )
    assert done.stdout.strip() == "Pipeline"
