"""A pipeline from the tags of one notebook: what goes between its stages, which notebooks are made, what is told."""

from __future__ import annotations

import json

import pytest

from nbops.errors import InvalidPipeline, NotFoundError, StageFailed, UsageError
from nbops.pipelines.declaration.tagged.uses import uses_of
from nbops.pipelines.declared import declared_pipelines
from nbops.pipelines.engine import execute_pipeline, plan_pipeline
from nbops.pipelines.running.history import pipeline_runs
from nbops.pipelines.spec import load_pipeline
from nbops.tracking.search import search_runs

SHOP = (
    ("text", "# Shop"),
    ("", "import math\nimport pandas as pd"),
    ("parameters", "rows: int = 4  # how many\ndepth: int = 2\nunused = 3"),
    ("shared", "def doubled(frame):\n    return frame * 2"),
    ("stage:ingest", "table = pd.DataFrame({'a': range(rows)})"),
    ("", "labels = {0: 'no', 1: 'yes'}"),
    ("text", "## Train"),
    ("stage:train", "import numpy as np\nweights = np.ones(depth) * table['a'].sum()"),
    ("stage:text", "words = sorted(labels.values())"),
    ("skip", "1 / 0"),
    ("stage:report", "total = float(weights.sum()) + len(words)\nroot = np.sqrt(doubled(total))"),
)


def test_stages_follow_from_the_variables_they_read(project):
    pipeline = load_pipeline(project.tagged(*SHOP))
    assert pipeline.name == "analysis"
    assert pipeline.after == {"ingest": (), "train": ("ingest",), "text": ("ingest",), "report": ("train", "text")}
    assert pipeline.folder == project.folder
    ingest, train, text, report = pipeline.stages
    assert train.source.receives == {"table": "ingest"}
    assert report.source.receives == {"weights": "train", "words": "text"}
    assert set(ingest.source.gives) == {"table", "labels"}
    assert report.source.gives == {}
    assert {stage.written for stage in pipeline.stages} == {project.folder / "analysis.ipynb"}


def test_a_stage_notebook_holds_what_the_stage_needs_and_where_it_is_from(project):
    path = project.tagged(*SHOP)
    train = load_pipeline(path).stages[1]
    assert train.notebook == project.folder / ".nbops" / "pipelines" / "analysis" / "notebooks" / "train.ipynb"
    book = json.loads(train.notebook.read_text())
    sources = [cell["source"] for cell in book["cells"]]
    assert sources[:2] == ["import math\nimport pandas as pd", "depth: int = 2"]
    assert sources[2].endswith("_nbops_take(globals(), 'table')")
    assert sources[3].startswith("import numpy as np")
    assert sources[4].endswith("_nbops_give(globals(), 'weights')")
    origins = [cell["metadata"]["nbops"]["origin"] for cell in book["cells"]]
    assert [origin["cell"] for origin in origins] == [2, 3, 8, 8, 8]
    assert {origin["notebook"] for origin in origins} == {"analysis.ipynb"}
    assert [cell["id"] for cell in book["cells"]] == ["cell-2", "cell-3", "nbops-take", "cell-8", "nbops-give"]
    assert [cell.number for cell in train.source.cells] == [2, 3, 8, 8, 8]
    assert train.source.types == {"depth": "int"}
    report = json.loads(load_pipeline(path).stages[3].notebook.read_text())
    # What another stage imports is imported here, too; helpers only where they are used.
    assert report["cells"][2]["source"].startswith("import numpy as np\nfrom nbops.pipelines.handing import take")
    assert any("def doubled" in cell["source"] for cell in report["cells"])


def test_outputs_and_what_the_front_end_remembers_change_no_stage_notebook(project):
    path = project.tagged(*SHOP)
    files = {stage.name: stage.notebook for stage in load_pipeline(path).stages}
    before = {name: (file.read_bytes(), file.stat().st_mtime_ns) for name, file in files.items()}
    book = json.loads(path.read_text())
    for number, cell in enumerate(book["cells"]):
        if cell["cell_type"] == "code":
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
            cell["metadata"] |= {"execution": {"iopub.status.busy": "now"}, "collapsed": True}
    book["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
    path.write_text(json.dumps(book))
    load_pipeline(path)
    changed = {name for name, file in files.items() if file.stat().st_mtime_ns != before[name][1]}
    # The name of the language is new in this file; that is all, and it is written once.
    assert all(json.loads(files[name].read_text())["cells"] == json.loads(before[name][0])["cells"] for name in changed)


def test_tags_say_the_rest(project):
    (project.folder / "data.csv").write_text("a\n1\n")
    path = project.tagged(
        ("stage:a retries:2 timeout:10min memory:2GB cpus:2 input:*.csv output:out.csv kernel:python3", "x = 1"),
        ("stage:b after:a retry_delay:3s", "y = 1"),
        ("after:c", "z = 1"),
        ("stage:c team:blue", "1"),
        nbops={"pipeline": {"name": "nightly", "jobs": 2, "description": "all"}},
    )
    pipeline = load_pipeline(path)
    assert (pipeline.name, pipeline.jobs, pipeline.description) == ("nightly", 2, "all")
    a, c, b = pipeline.stages
    assert (a.retries, a.timeout, a.memory, a.cpus, a.kernel) == (2, 600, 2 * 10**9, 2, "python3")
    assert (a.inputs, a.files) == (("*.csv",), ("out.csv",))
    assert (b.after, b.retry_delay) == (("a", "c"), 3)
    assert c.name == "c"


def _after(project, *cells):
    return {name: set(after) for name, after in load_pipeline(project.tagged(*cells)).after.items()}


@pytest.mark.parametrize(
    ("cells", "after"),
    [
        # What is changed in place comes from whoever changed it last.
        (
            [("stage:a", "x = []"), ("stage:b", "x.append(1)"), ("stage:c", "print(x)")],
            {"a": set(), "b": {"a"}, "c": {"b"}},
        ),
        ([("stage:a", "d = {}"), ("stage:b", "d['k'] = 1"), ("stage:c", "d")], {"a": set(), "b": {"a"}, "c": {"b"}}),
        (
            [("stage:a", "f = load()"), ("stage:b", "f.drop('x', inplace=True)"), ("stage:c", "f")],
            {"a": set(), "b": {"a"}, "c": {"b"}},
        ),
        # What stands before every stage and is changed by one comes from that one.
        ([("", "r = {}"), ("stage:a", "r['a'] = 1"), ("stage:b", "r")], {"a": set(), "b": {"a"}}),
        # Bound again before it is read: nothing is taken.
        ([("stage:a", "x = 1"), ("stage:b", "x = 2\nprint(x)")], {"a": set(), "b": set()}),
        # A stage may have cells in several places.
        (
            [("stage:a", "x = 1"), ("stage:b", "y = 1"), ("stage:a", "z = x"), ("stage:c", "z + y")],
            {"a": set(), "b": set(), "c": {"a", "b"}},
        ),
        # Through a function that is put before every stage.
        (
            [("", "def score():\n    return model.predict(table)"), ("stage:a", "table = 1"), ("stage:b", "model = 2"),
             ("stage:c", "score()")],
            {"a": set(), "b": set(), "c": {"a", "b"}},
        ),
        # In lines and cells that only IPython understands.
        ([("stage:a", "path = 'x'"), ("stage:b", "!ls {path}"), ("stage:c", "%time print(path)")],
         {"a": set(), "b": {"a"}, "c": {"a"}}),
        ([("stage:a", "name = 'x'"), ("stage:b", "%%bash\necho {name}"), ("stage:c", "%%time\ny = name")],
         {"a": set(), "b": {"a"}, "c": {"a"}}),
        # Names inside of functions and comprehensions are their own.
        ([("stage:a", "i = 1\nx = 2"), ("stage:b", "[i for i in range(3)]\ndef f(x):\n    return x")],
         {"a": set(), "b": set()}),
    ],
)  # fmt: skip
def test_data_flow_decides(project, cells, after):
    assert _after(project, *cells) == after


@pytest.mark.parametrize(
    ("source", "reads", "binds", "changes"),
    [
        ("x = y + 1", {"y"}, {"x": "value"}, set()),
        ("import a.b as c\nfrom d import e", set(), {"c": "import", "e": "import"}, set()),
        ("try:\n    import ujson as json\nexcept ImportError:\n    import json", set(), {"json": "import"}, set()),
        ("f = lambda a: a + g", {"g"}, {"f": "function"}, set()),
        ("class A(B):\n    x = 1", {"B"}, {"A": "class"}, set()),
        ("model.fit(X, y)", {"model", "X", "y"}, {}, {"model"}),
        ("a.b.c['k'] += 1", {"a"}, {}, {"a"}),
        ("def f():\n    own = []\n    own.append(1)", set(), {"f": "function"}, set()),
        ("%%capture out\nx = 1", set(), {"x": "value", "out": "value"}, set()),
        ("for i in rows:\n    pass", {"rows"}, {"i": "value"}, set()),
        ("_ = In[1]", set(), {}, set()),
        ("files = !ls {folder}", {"folder", "ls"}, {"files": "value"}, set()),
    ],
)
def test_what_a_cell_does_with_names(source, reads, binds, changes):
    uses = uses_of(source)
    assert (set(uses.reads), uses.binds, set(uses.changes)) == (reads, binds, changes)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([("", "x = 1")], "analysis.ipynb: no cell is tagged stage:NAME."),
        ([("stage:a", "1"), ("after:b", "1")], "analysis.ipynb, cell 2: stage 'a' comes after 'b', which does not exist."),
        ([("stage:a stage:b", "1")], "analysis.ipynb, cell 1: one cell cannot be in two stages, 'a' and 'b'."),
        ([("stage:../a", "1")], "analysis.ipynb, cell 1: '../a' cannot name a stage."),
        ([("stage:a", "1"), ("stages:b", "1")], "analysis.ipynb, cell 2: unknown tag 'stages:b'. Did you mean 'stage'?"),
        ([("stage:a", "x = = 1")], "analysis.ipynb, cell 1: this is no Python: invalid syntax (line 1)."),
        ([("stage:a retries:many", "1")], "analysis.ipynb, cell 1: stage 'a': retries must be a whole number of 0 or more"),
        (
            [("parameters", "x = 1"), ("stage:a", "1"), ("parameters", "y = 1")],
            "analysis.ipynb, cell 3: there are parameters in cell 1 already.",
        ),
        (
            [("stage:a", "def f():\n    pass"), ("stage:b", "f()")],
            ("analysis.ipynb, cell 2: stage 'b' reads the function 'f', which cell 1 of stage 'a' defines; a function "
            "cannot be passed on. Tag a cell that defines f with 'shared'."),
        ),
        (
            [("stage:a", "x = 1"), ("shared", "y = x + 1")],
            "analysis.ipynb, cell 2: this cell stands before every stage and reads 'x', which stage 'a' assigns in cell 1.",
        ),
        (
            [("stage:a after:b", "x = 1"), ("stage:b", "print(x)")],
            "analysis.ipynb, cell 1: the stages depend on each other in a circle: a -> b -> a.",
        ),
        ([("stage:a", "1"), ("stage:A", "1")], "analysis.ipynb, cell 2: stages 'a' and 'A' differ only in capitals"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_notebook_and_cell(project, cells, told):
    path = project.tagged(*cells)
    with pytest.raises(InvalidPipeline) as caught:
        load_pipeline(path)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_a_notebook_in_another_language_is_refused(project):
    path = project.tagged(("stage:a", "x <- 1"), kernelspec={"name": "ir", "language": "R"})
    with pytest.raises(InvalidPipeline, match="stages cannot be made from its tags: it is in r"):
        load_pipeline(path)


def test_variables_arrive_as_the_objects_they_were_and_nothing_runs_again_that_need_not(project):
    path = project.tagged(
        *SHOP,
        ("stage:fit", "from sklearn.linear_model import Ridge\nmodel = Ridge().fit(table[['a']], table['a'])"),
        ("", "column = table['a'] * 2\nkeys = (1, {2: 'b'})"),
        (
            "stage:check after:report",
            (
                "assert isinstance(keys, tuple) and keys[1] == {2: 'b'}\nassert type(column).__name__ == 'Series'\n"
                "assert labels == {0: 'no', 1: 'yes'}\nscore = round(float(model.predict(column.to_frame()).max()), 6)"
            ),
        ),
        (
            "stage:last",
            "score, total, root\nresult = [score, total, root]\nimport nbops\nnbops.output('result', result)",
        ),
    )
    result = execute_pipeline(path)
    assert result.error == ""
    assert result.stage("last").outputs["result"] == pytest.approx([5.6, 14.0, 28**0.5], abs=0.5)
    assert {stage.status for stage in execute_pipeline(path).stages} == {"skipped"}
    # A cell of text above and other words in a comment change the numbers of cells, and nothing that runs.
    book = json.loads(path.read_text())
    book["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# New", "id": "new"})
    book["cells"][3]["source"] = "rows: int = 4  # other words\ndepth: int = 3\nunused = 4"
    path.write_text(json.dumps(book))
    plan = {stage.stage: (stage.status, stage.reason) for stage in plan_pipeline(path).stages}
    assert plan["ingest"] == ("skipped", "unchanged")
    assert plan["train"] == ("pending", "notebook cell 4 edited")
    assert plan["text"] == ("skipped", "unchanged")
    assert plan["fit"] == ("skipped", "unchanged")
    assert plan["report"][0] == "pending"


def test_a_failure_names_the_cell_of_the_notebook_that_was_written(project):
    path = project.tagged(("", "import math"), ("stage:a", "x = 1"), ("stage:b", "y = x"), ("", "1 / (y - 1)"))
    result = execute_pipeline(path)
    assert isinstance(result.failure, StageFailed)
    assert result.failure.cell == 4
    assert "stage 'b' failed in cell 4: ZeroDivisionError" in result.error
    (run,) = pipeline_runs(project.workspace)
    assert [stage.failed_cell for stage in run.stages] == [0, 4]
    rows = search_runs(project.workspace).runs
    assert {row.notebook for row in rows if row.kind == "stage"} == {path.as_posix()}


def test_what_cannot_be_passed_names_variable_type_and_both_cells(project):
    path = project.tagged(
        ("stage:a", "lines = (i for i in range(3))\nn = 1"), ("", "n += 1"), ("stage:b", "sum(lines) + n")
    )
    told = execute_pipeline(path).error
    assert "the variable 'lines' (generator), assigned in cell 1, cannot be passed on" in told
    assert "stage 'b' reads it in cell 3" in told


def test_a_variable_that_is_assigned_on_some_ways_only_is_told(project):
    path = project.tagged(("parameters", "way = 1"), ("stage:a", "if way == 2:\n    x = 1"), ("stage:b", "print(x)"))
    assert "the variable 'x' did not come from the stage before" in execute_pipeline(path).error


def test_the_kernel_alone_can_run_a_stage_notebook_that_takes_nothing(project):
    from nbops.pipelines.handing import give, take

    # Opened by hand, outside of a pipeline: nothing is given away, and what is missing is told.
    give({"x": 1}, "x")
    with pytest.raises(UsageError):
        take({}, "x")


def test_secrets_among_the_variables_do_not_stay(project):
    project.tagged(
        ("stage:a", "import os\npassword = os.environ['HIDDEN']\nkeys = {'api_key': password}"),
        ("stage:b", "assert len(password) == 18 and keys['api_key'] == password"),
    )
    hidden = "hunter2secretvalue"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HIDDEN", hidden)
        assert execute_pipeline(project.folder / "analysis.ipynb").error == ""
    files = [path for path in (project.folder / ".nbops").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if hidden.encode() in path.read_bytes()]


def test_tagged_notebooks_are_among_the_pipelines_of_a_folder(project):
    project.notebook("plain.ipynb", "'stage:a'")
    path = project.tagged(("stage:a", "1"))
    assert declared_pipelines(project.folder) == (("analysis", path.as_posix(), ""),)
    with pytest.raises(NotFoundError, match=r"Did you mean 'analysis\.ipynb'"):
        load_pipeline(project.folder / "analysys.ipynb")
