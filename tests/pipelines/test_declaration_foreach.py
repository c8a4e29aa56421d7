"""Grids and dates: which stages they make, what those are called, and what comes after what."""

from __future__ import annotations

import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import InvalidPipeline
from nbops.pipelines.declaration.dates import dates_of
from nbops.pipelines.declaration.naming import instance_name, slug_of
from nbops.pipelines.graph import Graph, ancestors, order
from nbops.pipelines.outputs import Output
from nbops.pipelines.passing import parameters_of
from nbops.pipelines.spec import load_pipeline


@pytest.fixture
def grid(project):
    """Give a function that loads a pipeline whose notebooks take depth, alpha, date and a list of models."""
    project.notebook("train.ipynb", "model = 1", parameters="depth = 1\nalpha = 0.5\ndate = ''", outputs=["model"])
    project.notebook("evaluate.ipynb", "1", parameters="model = []\ndepth = 1\nalpha = 0.5\ndate = ''")

    def load(text):
        return load_pipeline(project.pipeline(f'name = "p"\n{text}'))

    return load


def _given(pipeline):
    return {
        stage.name: {"model": Output(name="model", kind="json", value=stage.name, digest=stage.name)}
        for stage in pipeline.stages
        if stage.notebook.name == "train.ipynb"
    }


def test_a_grid_makes_a_stage_for_each_combination(grid):
    pipeline = grid(
        '[stages.evaluate]\nnotebook = "evaluate.ipynb"\nafter = ["train"]\n'
        '[stages.train]\nnotebook = "train.ipynb"\nparameters = { date = "d/{depth}.csv" }\n'
        'outputs = ["out/{depth}-{alpha}.bin"]\nforeach = { depth = [4, 2], alpha = [0.1, 1.0] }\n'
    )
    *several, last = pipeline.stages
    names = [f"train[depth={depth},alpha={alpha}]" for depth in (4, 2) for alpha in (0.1, 1.0)]
    assert [stage.name for stage in several] == names
    assert {stage.group for stage in several} == {"train"}
    assert several[1].instance == {"depth": 4, "alpha": 1.0}
    assert several[1].parameters == {"date": "d/4.csv", "depth": 4, "alpha": 1.0}
    assert several[1].files == ("out/4-1.0.bin",)
    assert all(stage.source is several[0].source for stage in several)
    assert last.after == tuple(names)
    assert parameters_of(pipeline, last, _given(pipeline)).values["model"] == names


def test_the_same_grid_goes_on_stage_by_stage(grid):
    pipeline = grid(
        '[stages.prepare]\nnotebook = "train.ipynb"\nforeach = { depth = [2, 4], alpha = [0.1, 1.0] }\n'
        '[stages.same]\nnotebook = "train.ipynb"\nafter = ["prepare"]\nforeach = { alpha = [1.0], depth = [4, 2] }\n'
        '[stages.fewer]\nnotebook = "evaluate.ipynb"\nafter = ["prepare"]\nforeach = { depth = [2, 4] }\n'
        '[stages.other]\nnotebook = "evaluate.ipynb"\nafter = ["prepare"]\nforeach = { date = ["a", "b"] }\n'
    )
    after = pipeline.after
    assert after["same[alpha=1.0,depth=4]"] == ("prepare[depth=4,alpha=1.0]",)
    assert after["fewer[depth=2]"] == ("prepare[depth=2,alpha=0.1]", "prepare[depth=2,alpha=1.0]")
    assert len(after["other[date=a]"]) == 4


def test_values_are_gathered_in_the_order_of_the_grid_whatever_order_they_run_in(grid):
    pipeline = grid(
        '[stages.train]\nnotebook = "train.ipynb"\nafter = ["prepare"]\nforeach = { depth = [2, 4] }\n'
        '[stages.prepare]\nnotebook = "evaluate.ipynb"\nforeach = { depth = [4, 2] }\n'
        '[stages.evaluate]\nnotebook = "evaluate.ipynb"\nafter = ["train"]\n'
    )
    ran = [stage.name for stage in pipeline.stages if stage.group == "train"]
    assert ran == ["train[depth=4]", "train[depth=2]"]
    found = parameters_of(pipeline, pipeline.stages[-1], _given(pipeline))
    assert found.values["model"] == ran[::-1]
    assert found.sources["model"] == tuple(ran[::-1])


def test_a_stage_may_come_after_one_of_a_grid(grid):
    pipeline = grid(
        '[stages.train]\nnotebook = "train.ipynb"\nforeach = { depth = [2, 4] }\n'
        '[stages.evaluate]\nnotebook = "evaluate.ipynb"\nafter = ["train[depth=4]"]\n'
    )
    assert pipeline.stages[-1].after == ("train[depth=4]",)


@pytest.mark.parametrize(
    ("foreach", "message"),
    [
        ("{ depth = [] }", "foreach depth must be a list that is not empty"),
        ("{ depth = 3 }", "foreach depth must be a list that is not empty, or dates { from = …, to = … }, not a whole"),
        ("{ depth = [1, 2, 1] }", "foreach depth has 1 twice"),
        ('{ "a b" = [1] }', "cannot name a parameter"),
        ('{ date = { from = "2024-02-30", to = "today" } }', "'from' that is no date such as '2024-01-31'"),
        ('{ date = { from = "2024-02-02", to = "2024-02-01" } }', "ends before it begins"),
        ('{ date = { from = "2024-02-02" } }', "needs 'to'"),
        ('{ date = { from = "2024-02-02", to = "today", step = "year" } }', "none of hour, day, week, month"),
        ('{ date = { form = "2024-02-02" } }', "unknown key 'form'"),
        ('{ date = { from = "1900-01-01", to = "2024-01-01" } }', "more than 20000 stages"),
    ],
)
def test_a_wrong_grid_is_told_with_its_line(grid, foreach, message):
    with pytest.raises(InvalidPipeline) as caught:
        grid(f'[stages.train]\nnotebook = "train.ipynb"\nforeach = {foreach}\n')
    assert str(caught.value).startswith("pipeline.toml:4: stage 'train': foreach ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            (
                '[stages.a]\nnotebook = "train.ipynb"\nforeach = { depth = [2] }\n'
                '[stages.b]\nnotebook = "train.ipynb"\nafter = ["a"]\nforeach = { depth = [2, 3] }\n'
            ),
            "pipeline.toml:7: stage 'b' comes after 'a', which has nothing for depth=3.",
        ),
        (
            '[stages.a]\nnotebook = "train.ipynb"\noutputs = ["x.csv"]\nforeach = { depth = [2, 3] }\n',
            (
                "pipeline.toml:4: stages 'a[depth=2]' and 'a[depth=3]' both write x.csv. "
                "Put a name of its grid into the path: {depth}"
            ),
        ),
        (
            '[stages.a]\nnotebook = "train.ipynb"\nparameters = { depth = 1 }\nforeach = { depth = [2, 3] }\n',
            "pipeline.toml:5: stage 'a': 'depth' is both in foreach and in parameters.",
        ),
    ],
)
def test_grids_that_do_not_fit_are_told(grid, text, message):
    with pytest.raises(InvalidPipeline) as caught:
        grid(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("content", "first", "last", "count"),
    [
        ({"from": "2024-01-01", "to": "2024-12-31"}, "2024-01-01", "2024-12-31", 366),
        ({"from": "2024-01-01", "to": "2024-02-01", "step": "week"}, "2024-01-01", "2024-01-29", 5),
        ({"from": "2023-10-31", "to": "2024-03-31", "step": "month"}, "2023-10-31", "2024-03-31", 6),
        ({"from": "2024-01-01", "to": "2024-01-02", "step": "hour"}, "2024-01-01T00:00", "2024-01-02T23:00", 48),
        (
            {"from": "2024-01-01T06:30", "to": "2024-01-01T08:00", "step": "hour"},
            "2024-01-01T06:30",
            "2024-01-01T07:30",
            2,
        ),
        ({"from": "9999-12-01", "to": "9999-12-31", "step": "week"}, "9999-12-01", "9999-12-29", 5),
    ],
)
def test_dates(content, first, last, count):
    found = list(dates_of(content, 1000))
    assert (found[0], found[-1], len(found)) == (first, last, count)


def test_today_comes_a_day_after_yesterday():
    assert len(list(dates_of({"from": "yesterday", "to": "today"}, 10))) == 2


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
) | st.sampled_from(["2", "true", "null", "NaN", "0.1", "2024-01-01", "a,b=c", 'a"', "x" * 60, "x" * 61, "…"])
_KEYS = st.sampled_from(["a", "b", "ab"])


@given(st.lists(st.dictionaries(_KEYS, _VALUES, min_size=1), min_size=2, max_size=6))
def test_different_values_never_share_a_name_or_a_file(several):
    different = {json.dumps(list(one.items()), sort_keys=True) for one in several}
    names = {instance_name("train", one) for one in several}
    assert len(names) == len(different)
    slugs = {slug_of(name) for name in names}
    assert len(slugs) == len(names)
    assert all(re.fullmatch(r"[\w.+ ~-]+", slug) and len(os.fsencode(slug)) <= 120 for slug in slugs)
    assert not {slug.casefold() for slug in slugs} & {"train", "con", "nul"}


def test_what_can_be_a_file_name_is_one():
    assert slug_of("clean data.v2") == "clean data.v2"
    assert slug_of("train[depth=2,alpha=0.1]").startswith("train-depth-2-alpha-0.1~")
    assert len(slug_of("ü" * 80).encode()) < 120


def test_files_say_what_comes_first(project):
    project.notebook("a.ipynb", "1")
    (project.folder / "data").mkdir()
    (project.folder / "data" / "raw.csv").write_text("1")
    pipeline = load_pipeline(
        project.pipeline(
            'name = "p"\n[stages.fit]\nnotebook = "a.ipynb"\ninputs = ["./data/clean.csv"]\noutputs = ["data/model.bin"]\n'
            # Its own pattern meets what is made of it later: that does not make it wait.
            '[stages.clean]\nnotebook = "a.ipynb"\ninputs = ["data/*"]\noutputs = ["data/clean.csv"]\n'
            '[stages.pack]\nnotebook = "a.ipynb"\ninputs = ["data"]\n'
        )
    )
    assert pipeline.after == {"clean": (), "fit": ("clean",), "pack": ("fit", "clean")}


def test_what_is_said_counts_more_than_files(project):
    project.notebook("a.ipynb", "1")
    (project.folder / "state.json").write_text("1")
    text = (
        'name = "p"\n[stages.begin]\nnotebook = "a.ipynb"\ninputs = ["state.json"]\n'
        '[stages.end]\nnotebook = "a.ipynb"\nafter = ["begin"]\noutputs = ["state.json"]\n'
    )
    # What the last run left is read, and written anew.
    assert load_pipeline(project.pipeline(text)).after == {"begin": (), "end": ("begin",)}


def test_a_circle_through_files_is_named(project):
    project.notebook("a.ipynb", "1")
    with pytest.raises(InvalidPipeline, match=r"pipeline\.toml:2: .*circle: a -> b -> a\."):
        load_pipeline(
            project.pipeline(
                'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = ["y.csv"]\noutputs = ["x.csv"]\n'
                '[stages.b]\nnotebook = "a.ipynb"\ninputs = ["x.csv"]\noutputs = ["y.csv"]\n'
            )
        )


@given(st.data())
def test_the_graph_says_what_walking_along_it_says(data):
    names = [f"s{i}" for i in range(data.draw(st.integers(1, 9)))]
    after = {
        name: data.draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else [] for i, name in enumerate(names)
    }
    sequence = order(after)
    graph = Graph({name: after[name] for name in sequence})
    for name in names:
        found = ancestors(after, name)
        assert graph.upstream(name) == tuple(other for other in sequence if other in found)
        assert graph.downstream(name) == tuple(other for other in sequence if name in ancestors(after, other))
        assert all(graph.before(other, name) == (other in found) for other in names)


def test_thousands_of_stages_are_loaded_and_passed_on(grid):
    pipeline = grid(
        '[stages.train]\nnotebook = "train.ipynb"\nforeach = { date = { from = "2020-01-01", to = "2024-12-31" } }\n'
        '[stages.score]\nnotebook = "evaluate.ipynb"\nafter = ["train"]\n'
        'foreach = { date = { from = "2020-01-01", to = "2024-12-31" } }\n'
        '[stages.all]\nnotebook = "evaluate.ipynb"\nafter = ["score"]\n'
    )
    assert len(pipeline.stages) == 2 * 1827 + 1
    given = _given(pipeline)
    found = {stage.name: parameters_of(pipeline, stage, given).values for stage in pipeline.stages}
    assert found["score[date=2024-02-29]"]["model"] == ["train[date=2024-02-29]"]
    assert len(found["all"]["model"]) == 1827
    assert len({stage.slug for stage in pipeline.stages}) == len(pipeline.stages)
