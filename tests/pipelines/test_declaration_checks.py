"""What is looked at before a pipeline runs: parameters and their types, files, kernels, names, notebooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from nbops.errors import InvalidPipeline, PipelineError
from nbops.pipelines.declaration.annotations import accepts
from nbops.pipelines.declaration.kernels import kernel_note
from nbops.pipelines.running.options import with_parameters
from nbops.pipelines.spec import load_pipeline


def _told(project, text):
    with pytest.raises(InvalidPipeline) as caught:
        load_pipeline(project.pipeline(text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("int", [1, -3], [1.5, "1", True, None, [1]]),
        ("float", [1, 1.5], ["1.5", True]),
        ("str", ["a", ""], [1, ["a"]]),
        ("bool", [True], [1, "true"]),
        ("list[str]", [[], ["a"]], ["a", [1], ["a", 2], {}]),
        ("List[int]", [[1]], [[1.5]]),
        ("str | None", ["a", None], [1]),
        ("Optional[int]", [1, None], ["a"]),
        ("typing.Union[int, str]", [1, "a"], [1.5]),
        ("Literal['a', 'b', 3]", ["a", 3], ["c", "3", 3.0, True]),
        ("dict[str, int]", [{}, {"a": 1}], [{"a": "b"}, []]),
        ("tuple[int, str]", [[1, "a"]], [[1], ["a", 1]]),
        ("tuple[float, ...]", [[], [1, 2.5]], [["a"]]),
        ("'list[float]'", [[1.5]], [["a"]]),
        ("pathlib.Path", ["a.csv"], [1]),
        ("date", ["2024-02-29"], ["2023-02-29", "soon", 3]),
        ("Annotated[int, 'years']", [1], ["a"]),
        ("list[Literal['x']]", [["x"]], [["y"]]),
        ("Any", [1, None, {}], []),
        ("MyOwn[int]", [1, "a"], []),
        ("pd.DataFrame", ["table.parquet"], []),
        ("not python", [1], []),
    ],
)
def test_annotations(annotation, good, bad):
    assert [value for value in good if not accepts(annotation, value)] == []
    assert [value for value in bad if accepts(annotation, value)] == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('{ depth = "deep" }', "depth must be int, not 'deep' (text). See a.ipynb, cell 2."),
        ("{ depth = 2.5 }", "depth must be int, not 2.5 (a number)."),
        ('{ names = ["a", 3] }', "names must be list[str], not ['a', 3] (a list)."),
        ('{ way = "c" }', "way must be Literal['a', 'b'], not 'c' (text)."),
        ("{ plain = 3 }", "plain must be str, not 3 (a whole number)."),
        ("{ dept = 2 }", "a.ipynb has no parameter 'dept'. Did you mean 'depth'?"),
    ],
)
def test_parameters_are_checked_against_the_types_in_the_notebook(project, parameters, message):
    cell = "depth: int = 3\nnames: list[str] = []\nway: Literal['a', 'b'] = 'a'\nplain = 'x'"
    project.notebook("a.ipynb", "1", parameters=cell)
    told = _told(project, f'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\nparameters = {parameters}\n')
    assert told.startswith(f"pipeline.toml:4: stage 'a': {message}")


def test_values_of_a_grid_and_of_the_whole_pipeline_are_checked_where_they_stand(project):
    project.notebook("a.ipynb", "1", parameters="depth: int = 3\nseed: int = 0")
    told = _told(
        project,
        'parameters = { seed = "x", sed = 1 }\n[stages.a]\nnotebook = "a.ipynb"\n[stages.a.foreach]\ndepth = [\n1,\n"2",\n]\n',
    ).split("\n")
    assert told[0].startswith("pipeline.toml:1: stage 'a': seed must be int")
    assert told[1].startswith("pipeline.toml:1: no stage has a parameter 'sed'. Did you mean 'seed'?")
    assert told[2].startswith("pipeline.toml:7: stage 'a': depth must be int, not '2' (text).")


def test_without_types_any_name_will_do_and_numbers_are_numbers(project):
    project.notebook("a.ipynb", "1", parameters="alpha = 1\nnothing = None\nmade = Path('x')")
    text = '[stages.a]\nnotebook = "a.ipynb"\nparameters = { alpha = 0.5, nothing = "x", made = 3, extra = [1] }\n'
    assert load_pipeline(project.pipeline(text)).stages[0].parameters["extra"] == [1]


def test_types_in_the_metadata_count_like_those_in_the_cell(project):
    path = project.notebook("a.ipynb", "1", parameters="depth = 3")
    book = json.loads(path.read_text())
    book["metadata"]["nbops"] = {"parameters": {"depth": {"type": "int"}}}
    path.write_text(json.dumps(book))
    assert "depth must be int" in _told(project, '[stages.a]\nnotebook = "a.ipynb"\nparameters = { depth = "x" }\n')


def test_parameters_set_for_one_run_are_checked_too(project):
    project.notebook("a.ipynb", "1", parameters="depth: int = 3")
    pipeline = load_pipeline(project.pipeline('[stages.a]\nnotebook = "a.ipynb"\n'))
    assert with_parameters(pipeline, {"a.depth": 5}).stages[0].parameters == {"depth": 5}
    with pytest.raises(PipelineError, match="stage 'a': depth must be int, not 'x'"):
        with_parameters(pipeline, {"depth": "x"})


@pytest.mark.parametrize("name", ["no.csv", "no/*.csv", "folder/"])
def test_an_input_must_be_there_or_be_made(project, name):
    project.notebook("a.ipynb", "1")
    text = f'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\ninputs = [\n"pipeline.toml",\n"{name}",\n]\n'
    assert _told(project, text).startswith(f"pipeline.toml:6: stage 'a': there is no input {name}")
    assert load_pipeline(project.file, check_inputs=False).stages[0].inputs[1] == name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('outputs = ["data/a.csv"]', "data/a.csv"),
        ('outputs = ["data/a.csv"]', "data/*.csv"),
        ('outputs = ["data/a.csv"]', "data"),
        ('parameters = { target = "data/a.csv" }', "./data/a.csv"),
        ('parameters = { folder = "data" }', "data/a.csv"),
    ],
)
def test_an_input_that_a_stage_before_makes_need_not_be_there(project, written, read):
    project.notebook("a.ipynb", "1")
    text = (
        f'[stages.a]\nnotebook = "a.ipynb"\n{written}\n'
        f'[stages.b]\nnotebook = "a.ipynb"\nafter = ["a"]\ninputs = ["{read}"]\n'
    )
    assert load_pipeline(project.pipeline(text)).after["b"] == ("a",)
    text = text.replace('after = ["a"]\n', "").replace(written, "")
    assert "there is no input" in _told(project, text)


def test_files_that_cannot_be_written_are_told(project):
    project.notebook("a.ipynb", "1")
    (project.folder / "data").mkdir()
    text = '[stages.a]\nnotebook = "a.ipynb"\noutputs = ["data/", "pipeline.toml/x.csv"]\n'
    told = _told(project, text).split("\n")
    assert told[0] == "pipeline.toml:3: stage 'a': data/ cannot be written: it is a folder."
    assert told[1] == "pipeline.toml:3: stage 'a': pipeline.toml/x.csv cannot be written: pipeline.toml is no folder."


def test_a_write_protected_folder_is_told_to_whom_it_is_protected_from(project):
    project.notebook("a.ipynb", "1")
    closed = project.folder / "closed"
    closed.mkdir(mode=0o500)
    text = '[stages.a]\nnotebook = "a.ipynb"\noutputs = ["closed/x.csv"]\n'
    if os.access(closed, os.W_OK):  # root may write everywhere
        assert load_pipeline(project.pipeline(text)).stages[0].files == ("closed/x.csv",)
    else:
        assert "closed is write-protected" in _told(project, text)


def test_a_missing_kernel_is_told_and_one_of_python_replaced(project):
    path = project.notebook("a.ipynb", "1")
    text = '[stages.a]\nnotebook = "a.ipynb"\n'
    assert "pipeline.toml:3: stage 'a': the kernel 'pyhton3' is not installed. Did you mean 'python3'?" in _told(
        project, f'{text}kernel = "pyhton3"\n'
    )
    book = json.loads(path.read_text())

    def note(spec):
        book["metadata"] = {"kernelspec": spec} if spec else {}
        path.write_text(json.dumps(book))
        return kernel_note(load_pipeline(project.pipeline(text)).stages[0])

    assert note({}) == "python3 (a.ipynb names no kernel)"
    assert note({"name": "myenv", "language": "python"}) == "python3 (myenv is not installed here)"
    assert note({"name": "python3", "language": "python"}) == "python3"
    book["metadata"] = {"kernelspec": {"name": "ir", "language": "R"}}
    path.write_text(json.dumps(book))
    assert "the kernel 'ir' (r) is not installed" in _told(project, text)


def test_names_that_are_one_file_are_told(project):
    project.notebook("a.ipynb", "1")
    told = _told(project, '[stages.Train]\nnotebook = "a.ipynb"\n[stages.train]\nnotebook = "a.ipynb"\n')
    assert told.startswith("pipeline.toml:3: stages 'Train' and 'train' differ only in capitals")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no notebook: Expecting value"),
        ('{"cells": [', "is no notebook: Expecting value"),
        ("[]", "it is not a JSON object"),
        ('{"cells": []}', "it does not say which nbformat"),
        ('{"nbformat": 4}', "it has no list of cells"),
        ('{"nbformat": 4, "cells": ["x"]}', "it has no list of cells"),
        ("\x00\x01", "is no notebook"),
    ],
)
def test_a_corrupt_notebook_is_told_at_the_stage_that_names_it(project, content, message):
    (project.folder / "a.ipynb").write_text(content)
    told = _told(project, 'name = "p"\n[stages.a]\n# here\nnotebook = "a.ipynb"\n')
    assert told.startswith("pipeline.toml:4: stage 'a': ")
    assert message in told
    assert "\n" not in told


def test_strange_metadata_do_no_harm(project):
    book = {
        "nbformat": 4,
        "metadata": {"nbops": 3, "kernelspec": [], "language_info": None},
        "cells": [{"cell_type": "code", "source": ["x", " = 1"], "metadata": {"tags": 3}}],
    }
    (project.folder / "a.ipynb").write_text(json.dumps(book))
    (stage,) = load_pipeline(project.pipeline('[stages.a]\nnotebook = "a.ipynb"\n')).stages
    assert stage.source.code[0].source == "x = 1"


def test_parameters_that_are_no_python_are_told_with_notebook_and_cell(project):
    project.notebook("a.ipynb", "1", parameters="x = 1\ny = = 2")
    told = _told(project, '[stages.a]\nnotebook = "a.ipynb"\n[stages.b]\nnotebook = "a.ipynb"\n')
    assert told == "a.ipynb, cell 2: its parameters are no Python: invalid syntax (line 2)."


def test_a_pipeline_is_read_with_the_standard_library_alone(project):
    (project.folder / "data.csv").write_text("1")
    project.notebook("a.ipynb", "import pandas", parameters="depth: int = 3")
    project.pipeline(
        '[stages.a]\nnotebook = "a.ipynb"\ninputs = ["*.csv"]\nkernel = "python3"\nforeach = { depth = [1, 2] }\n'
    )
    code = (
        "import sys; from nbops.pipelines.spec import load_pipeline; load_pipeline('pipeline.toml');"
        "own = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names);"
        "print(sorted(name for name in own if not name.startswith(('_', 'nbops', 'sitecustomize'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.folder, capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout.strip() == "[]"


def test_what_follows_from_another_problem_is_not_told(project):
    project.notebook("a.ipynb", "1")
    text = (
        '[stages.a]\nnotebook = "no.ipynb"\noutputs = ["x.csv"]\n'
        '[stages.b]\nnotebook = "a.ipynb"\nafter = ["a"]\ninputs = ["x.csv"]\n'
    )
    told = _told(project, text)
    assert told.startswith("pipeline.toml:2: stage 'a': there is no notebook")
    assert "\n" not in told
