"""The pipeline file: what it may say, and what it says when something is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import NotFoundError, PipelineError
from nbops.pipelines.graph import ancestors, order
from nbops.pipelines.notebook import declared, read_notebook
from nbops.pipelines.spec import load_pipeline, templates


def test_a_pipeline_is_read_in_the_order_it_runs(project):
    (project.folder / "data.csv").write_text("1")
    project.notebook("a.ipynb", "1", outputs=["x"])
    project.notebook("b.ipynb", "2", parameters='depth: int = 3  # how deep\nname = "ü"')
    file = project.pipeline(
        'name = "Prüfung"\n[stages.later]\nnotebook = "b.ipynb"\nafter = ["first"]\nparameters = {depth = 4}\n'
        'inputs = ["data.csv"]\noutputs = ["y", "out/file.csv"]\n[stages.first]\nnotebook = "a.ipynb"\n'
    )
    pipeline = load_pipeline(file)
    assert pipeline.name == "Prüfung"
    assert [stage.name for stage in pipeline.stages] == ["first", "later"]
    first, later = pipeline.stages
    assert first.variables == ("x",)
    assert later.variables == ("y",)
    assert later.files == ("out/file.csv",)
    assert later.source.parameters == {"depth": 3, "name": "ü"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[stages.b]\nnotebook = "a.ipynb"\nafter = ["trian"]\n[stages.train]\nnotebook = "a.ipynb"', "mean 'train'"),
        (
            '[stages.a]\nnotebook = "a.ipynb"\nafter = ["b"]\n[stages.b]\nnotebook = "a.ipynb"\nafter = ["a"]',
            "a -> b -> a",
        ),
        ('[stages.a]\nnotebook = "a.ipynb"\ntemplate = "train"', "both notebook and template"),
        ("[stages.a]\nafter = []", "neither notebook nor template"),
        ('[stages.a]\nnotebok = "a.ipynb"', "mean 'notebook'"),
        ('nmae = "x"\n[stages.a]\nnotebook = "a.ipynb"', "mean 'name'"),
        ('[stages.a]\nnotebook = "aa.ipynb"', "mean 'a.ipynb'"),
        ('[stages.a]\ntemplate = "trian"', "mean 'train'"),
        ('[stages.a]\ntemplate = "train"\nparameters = {algoritm = "ridge"}', "mean 'algorithm'"),
        ('[stages.a]\nnotebook = "a.ipynb"\nparameters = {"not a name" = 1}', "cannot name a parameter"),
        ('[stages.a]\nnotebook = "a.ipynb"\nafter = "b"', "after must be a list"),
        ('[stages.a]\nnotebook = "broken.ipynb"', "is no notebook"),
        ('[stages."../a"]\nnotebook = "a.ipynb"', "cannot name a stage"),
        ("stages = 3", "there is no stage"),
        ("name = ", "is no TOML"),
        ('name = ""\n[stages.a]\nnotebook = "a.ipynb"', "name must be text"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(project, text, message):
    project.notebook("a.ipynb", "1")
    (project.folder / "broken.ipynb").write_text("{")
    with pytest.raises(PipelineError) as caught:
        load_pipeline(project.pipeline(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "pipeline.toml" in str(caught.value)


def test_a_missing_file_names_the_closest(project):
    project.pipeline("")
    with pytest.raises(NotFoundError, match=r"Did you mean 'pipeline\.toml'"):
        load_pipeline(project.folder / "pipline.toml")


def test_pipelines_of_the_settings_file_go_by_name(project):
    project.notebook("a.ipynb", "1")
    settings = project.folder / "nbops.toml"
    settings.write_text(
        '[pipelines.nightly.stages.a]\nnotebook = "a.ipynb"\n[pipelines.weekly.stages.a]\nnotebook = "a.ipynb"\n'
    )
    assert load_pipeline("nightly", root=project.folder).name == "nightly"
    with pytest.raises(PipelineError, match="several pipelines"):
        load_pipeline(settings)
    settings.write_text('[pipelines.nightly.stages.a]\nnotebook = "a.ipynb"\n')
    assert load_pipeline(settings).name == "nightly"


def test_templates_are_found():
    assert set(templates()) >= {"ingest", "validate", "train", "evaluate", "register", "promote", "monitor", "report"}
    assert all(path.is_file() for path in templates().values())


_NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=8, unique=True)


@given(st.data())
def test_every_stage_comes_after_those_it_depends_on(data):
    names = data.draw(_NAMES)
    after = {
        name: data.draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else [] for i, name in enumerate(names)
    }
    shuffled = {name: after[name] for name in data.draw(st.permutations(names))}
    found = order(shuffled)
    assert sorted(found) == sorted(names)
    for name in names:
        assert all(found.index(other) < found.index(name) for other in ancestors(shuffled, name))


def test_independent_stages_keep_the_order_of_the_file():
    assert order({"c": [], "a": [], "b": ["c"]}) == ("c", "a", "b")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a: int = 1  # x\nb = [1, 2]\nc: str", {"a": 1, "b": [1, 2], "c": None}),
        ("%load_ext nbops\n!ls\nx = 2.5", {"x": 2.5}),
        ("path = Path('a')\nx = y = 3", {"path": None, "x": 3, "y": 3}),
        ("def broken(:", {}),
        ("", {}),
    ],
)
def test_declared_parameters(source, expected):
    assert declared(source) == expected


def test_an_old_notebook_is_read(project):
    path = project.folder / "old.ipynb"
    path.write_text('{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x", " = 1"]}]}], "nbformat": 3}')
    assert read_notebook(path).code[0].source == "x = 1"
