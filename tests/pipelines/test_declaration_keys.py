"""The keys of a pipeline file: what each may hold, and on which line what is wrong stands."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from nbops.errors import InvalidPipeline
from nbops.pipelines.declaration.positions import lines_of
from nbops.pipelines.declaration.quantities import bytes_of, seconds_of
from nbops.pipelines.spec import load_pipeline


def test_every_key_of_a_stage_is_read(project):
    project.notebook("a.ipynb", "table = 1", parameters="depth = ''\nseed = 0")
    file = project.pipeline(
        'name = "p"\ndescription = "all of it"\njobs = 3\nparameters = { seed = 7 }\n'
        '[stages.a]\nnotebook = "a.ipynb"\noutputs = ["out/file.csv", "x"]\nreturns = ["table", "x"]\nretries = 2\n'
        'retry_delay = "1.5s"\ntimeout = "2h"\ncell_timeout = "1h 30m"\nresources = { memory = "2GB", cpus = 2 }\n'
        'environment = { OMP_NUM_THREADS = "1" }\nkernel = "python3"\ndescription = "fits"\n'
        "parameters = { depth = 2024-01-31 }\n"
    )
    pipeline = load_pipeline(file)
    (stage,) = pipeline.stages
    assert (pipeline.jobs, pipeline.description) == (3, "all of it")
    assert stage.variables == ("x", "table")
    assert stage.files == ("out/file.csv",)
    assert (stage.retries, stage.retry_delay, stage.timeout, stage.cell_timeout) == (2, 1.5, 7200, 5400)
    assert (stage.memory, stage.cpus, stage.kernel, stage.description) == (2 * 10**9, 2, "python3", "fits")
    assert stage.environment == {"OMP_NUM_THREADS": "1"}
    assert stage.parameters == {"seed": 7, "depth": "2024-01-31"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("retries = -1", "retries must be a whole number of 0 or more"),
        ("retries = true", "retries must be a whole number"),
        ('timeout = "soon"', "timeout must be seconds, or text such as '90s'"),
        ("timeout = 0", "timeout must be more than nothing"),
        ("cell_timeout = nan", "cell_timeout must be seconds"),
        ('resources = { memory = "2 elephants" }', "memory must be bytes"),
        ("resources = { cpus = 0 }", "cpus must be a whole number of 1 or more"),
        ("resources = { gpus = 1 }", "unknown key 'gpus'"),
        ("environment = { A = 1 }", "environment variable A must be text, not a whole number"),
        ('environment = { "A=B" = "1" }', "cannot name an environment variable"),
        ('returns = ["a/b.csv"]', "cannot name a variable"),
        ("kernel = 3", "kernel must be text"),
        ("foreach = 3", "foreach must be a table, not a whole number"),
        ('inputs = ["a", 3]', "inputs must be a list of texts"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(project, line, message):
    project.notebook("a.ipynb", "1")
    with pytest.raises(InvalidPipeline) as caught:
        load_pipeline(project.pipeline(f'name = "p"\n\n[stages.a]\nnotebook = "a.ipynb"\n# here\n{line}\n'))
    assert str(caught.value).startswith("pipeline.toml:6: stage 'a': ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_problems_are_told_at_once_the_first_line_first(project):
    project.notebook("a.ipynb", "1")
    stages = "".join(f'[stages.s{i}]\nnotebook = "a.ipynb"\nretris = {i}\n' for i in range(12))
    with pytest.raises(InvalidPipeline) as caught:
        load_pipeline(project.pipeline(stages))
    told = str(caught.value).split("\n")
    assert [line.split(" ")[0] for line in told[:10]] == [f"pipeline.toml:{3 * i + 3}:" for i in range(10)]
    assert told[10:] == ["… and 2 more problems."]
    assert [problem[1] for problem in caught.value.problems] == [3 * i + 3 for i in range(12)]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("\n\nname = \n", "pipeline.toml:3: this is no TOML: Invalid value (column 8)"),
        ('a = 1\nb = """', "pipeline.toml:2: this is no TOML: "),
        ("a = 1\na = 2\n", "pipeline.toml:2: this is no TOML: "),
    ],
)
def test_text_that_is_no_toml_is_told_with_its_line(project, text, start):
    with pytest.raises(InvalidPipeline) as caught:
        load_pipeline(project.pipeline(text))
    assert str(caught.value).startswith(start)


def test_a_file_that_is_no_text_is_told_with_its_line(project):
    project.file.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(InvalidPipeline, match=r"pipeline\.toml:2: this is no TOML: it is not written in UTF-8"):
        load_pipeline(project.file)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90s", 90),
        ("10 min", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1 day", 86400),
        (".5h", 1800),
    ],
)
def test_durations(value, seconds):
    assert seconds_of(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "size"), [(10, 10), ("2GB", 2 * 10**9), ("1 GiB", 2**30), ("512 MB", 512 * 10**6), ("2Gi", 2**31)]
)
def test_amounts_of_memory(value, size):
    assert bytes_of(value) == size


_KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=4) | st.sampled_from(["a", "b-1", "."])
_SCALARS = (
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(st.characters(codec="utf-8")) | st.dates()
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)


def _paths(value, path=()):
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _paths(inner, (*path, key))


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_every_key_of_a_file_has_a_line(content):
    text = tomlkit.dumps(content)
    found = lines_of(text)
    assert set(found) == set(_paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


def test_lines_of_every_form_of_toml():
    text = '''# a comment with = and [brackets]
title = "a # b" # c
[owner.'x.y'] # later
dob = 1979-05-27 07:32:00
"k\\"ey" = { a.b = 1, "c" = [ { d = 2 } ] }
long = """
[no.table]
x = "" ""\\""""
raw = \'\'\'
it's'\'\'\'\'
list = [ # first
  1, [2,
  3],
  { e = 4 },
]
[[fruit]]
name = "apple"
[fruit.physical]
color = "red"
[[fruit.kinds]]
k = 1
[[fruit.kinds]]
k = 2
[[fruit]]
name = "banana"
spread . out = true
'''
    found = lines_of(text)
    assert set(found) == set(_paths(tomllib.loads(text)))
    assert found["title",] == 2
    assert found["owner", "x.y"] == 3
    assert found["owner", "x.y", 'k"ey', "c", 0, "d"] == 5
    assert found["owner", "x.y", "list", 1, 1] == 13
    assert found["owner", "x.y", "list", 2, "e"] == 14
    assert found["fruit", 0, "physical", "color"] == 19
    assert found["fruit", 0, "kinds", 1, "k"] == 23
    assert found["fruit", 1, "spread", "out"] == 26
