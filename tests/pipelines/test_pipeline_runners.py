"""One pipeline, wherever its stages run: the same keys, the same outputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbops.pipelines.engine import execute_pipeline
from nbops.pipelines.running.history import pipeline_run
from nbops.pipelines.running.state import States, states_name
from nbops.tracking.search import search_runs

_FILE = """
name = "p"
[stages.read]
notebook = "read.ipynb"
inputs = ["in.csv"]
outputs = ["table", "copy.csv"]
[stages.left]
notebook = "fit.ipynb"
after = ["read"]
parameters = { alpha = 1.0 }
[stages.right]
notebook = "fit.ipynb"
after = ["read"]
parameters = { alpha = 9.0 }
[stages.judge]
notebook = "judge.ipynb"
after = ["left", "right"]
"""


def _written(project, *, deadly: bool = False) -> None:
    (project.folder / "in.csv").write_text("x,y\n1,1\n2,3\n3,2\n")
    (project.folder / "words.py").write_text("HEAD = 'r2'\n")
    project.notebook("read.ipynb", "import pandas as pd\ntable = pd.read_csv('in.csv')\ntable.to_csv('copy.csv')")
    # The first time it takes its worker with it.
    kill = "import os, pathlib, signal\nmark = pathlib.Path(os.environ['NBOPS_WORKSPACE'], '.nbops', 'died')\n"
    kill += "if alpha == 9.0 and not mark.exists():\n    mark.touch()\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    kill += "    import time\n    time.sleep(60)\n"
    project.notebook(
        "fit.ipynb",
        "import pandas as pd\nfrom sklearn.linear_model import Ridge\nfrom words import HEAD\nframe = pd.read_parquet(table)",
        kill if deadly else "pass",
        "model = Ridge(alpha=alpha).fit(frame[['x']], frame['y'])",
        "score = {HEAD: round(float(model.score(frame[['x']], frame['y'])), 9)}",
        parameters="table: str = ''\nalpha: float = 1.0",
        outputs=["model", "score"],
    )
    project.notebook(
        "judge.ipynb",
        "from nbops.pipelines.models import run_model\nfitted = [run_model(one)[0] for one in model]",
        "coefficients = [round(float(one.coef_[0]), 9) for one in fitted]\nscores = score",
        parameters="model: list = []\nscore: list = []",
        outputs=["coefficients", "scores"],
    )
    project.pipeline(_FILE)


def _found(project, result) -> dict[str, object]:
    """What must be equal: keys, and values by content."""
    assert result.status == "succeeded", result.error
    states = States(project.workspace, states_name(project.workspace, "p", project.file, claim=False))
    kept = {name: states.read(name) for name in ("read", "left", "right", "judge")}
    return {
        name: (
            state.key,
            {output: item.digest for output, item in state.outputs.items()},
            [item.digest for item in state.files],
        )
        for name, state in kept.items()
    }


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found.scheduler_address.removeprefix("tcp://")


@pytest.fixture(scope="module")
def expected(new_project):
    """What the pipeline gives stage after stage in this process."""
    project = new_project()
    _written(project)
    found = _found(project, project.run(jobs=1, warm=False))
    states = States(project.workspace, states_name(project.workspace, "p", project.file, claim=False))
    return found, states.read("judge").outputs["coefficients"].value, states.read("judge").outputs["scores"].value


def test_in_processes_beside_each_other(project, expected):
    _written(project)
    assert _found(project, project.run(jobs=2, warm=False)) == expected[0]


@pytest.mark.parametrize("ship", [False, True], ids=["shared", "shipped"])
def test_on_dask(project, expected, cluster, ship):
    _written(project)
    events = []
    result = project.run(on=f"dask://{cluster}{'?ship=true' if ship else ''}", warm=False, on_event=events.append)
    assert _found(project, result) == expected[0]
    assert (project.folder / "copy.csv").read_text().startswith(",x,y")
    assert Path(result.stage("judge").notebook).is_relative_to(project.workspace.pipelines)
    assert any(event.kind == "cell" and event.stage == "judge" for event in events)
    run = pipeline_run(project.workspace, result.run_id)
    assert (run.status, run.runner.partition(":")[0]) == ("succeeded", "dask")
    assert {stage.status for stage in run.stages} == {"succeeded"}
    # The whole of it is up to date for whoever comes next, wherever it ran.
    assert {stage.status for stage in project.run(warm=False).stages} == {"skipped"}


def test_a_worker_that_is_killed_costs_one_attempt(project, expected, cluster):
    _written(project, deadly=True)
    result = project.run(on=f"dask://{cluster}", warm=False)
    found, _, scores = expected
    assert result.status == "succeeded", result.error
    assert (project.workspace.data / "died").exists()
    assert result.stage("judge").outputs["scores"] == scores
    # Nothing of the attempt that died is among the results.
    notebook = json.loads(Path(result.stage("right").notebook).read_text(encoding="utf-8"))
    assert all(cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"])
    assert {run.status for run in search_runs(project.workspace).runs} == {"FINISHED"}


def test_what_cannot_be_reached_is_said_in_a_line(project):
    from nbops.errors import PipelineError, UsageError

    project.notebook("a.ipynb", "1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    with pytest.raises(UsageError, match="cannot run on 'moon'"):
        execute_pipeline(project.file, on="moon")
    with pytest.raises(PipelineError, match="does not answer"):
        execute_pipeline(project.file, on="dask://127.0.0.1:9")
    assert pipeline_run(project.workspace, "last").status == "failed"
