"""Runs of pipelines: what one is asked to do, beside each other, tried again, foreseen, watched, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from nbops.errors import NotFoundError, PipelineError, StageFailed, UsageError
from nbops.ledger import open_ledger, tables
from nbops.pipelines.engine import execute_pipeline, plan_pipeline
from nbops.pipelines.running import history
from nbops.pipelines.running.launching import launch
from nbops.pipelines.running.options import given_parameters
from nbops.tracking.search import search_runs


def _two(project) -> None:
    project.notebook("a.ipynb", "x = scale * 2", parameters="scale: int = 1", outputs=["x"])
    project.notebook("b.ipynb", "y = x + plus", parameters="x: int = 0\nplus: int = 0", outputs=["y"])
    project.pipeline(
        'name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n[stages.b]\nnotebook = "b.ipynb"\nafter = ["a"]\n'
        '[stages.c]\nnotebook = "b.ipynb"\nafter = ["b"]\nparameters = { x = 5 }\n'
    )


def _states(result) -> dict[str, str]:
    return {stage.name: f"{stage.status}: {stage.reason}" for stage in result.stages}


def test_what_a_run_is_asked_to_do(project):
    _two(project)
    with pytest.raises(PipelineError, match="no stage 'bb'") as caught:
        project.run(only=["bb"])
    assert "Did you mean 'b'" in caught.value.hint
    with pytest.raises(PipelineError, match="no stage has a parameter 'scall'"):
        project.run(parameters={"scall": 1})
    # Alone it cannot run: it needs what another stage gives.
    refused = project.run(only=["b"])
    assert (refused.status, "'a' has not succeeded yet" in refused.error) == ("failed", True)

    foreseen = plan_pipeline(project.file)
    assert [(stage.stage, stage.status, stage.reason) for stage in foreseen.stages] == [
        ("a", "pending", "never ran"),
        ("b", "pending", "a comes before and would run"),
        ("c", "pending", "b comes before and would run"),
    ]
    assert project.run(parameters={"scale": 3}).stage("b").outputs == {"y": 6}
    assert {stage.status for stage in plan_pipeline(project.file, parameters={"scale": 3}).stages} == {"skipped"}

    alone = project.run(only=["b"], parameters={"scale": 3, "b.plus": 1})
    assert _states(alone) == {
        "a": "skipped: not asked for",
        "b": "succeeded: parameter plus is now 1",
        "c": "skipped: not asked for",
    }
    assert alone.stage("b").outputs == {"y": 7}
    onwards = project.run(start="b", parameters={"scale": 3})
    assert _states(onwards) == {"a": "skipped: unchanged", "b": "succeeded: forced", "c": "succeeded: forced"}

    runs = history.pipeline_runs(project.workspace)
    assert [run.status for run in runs] == ["succeeded", "succeeded", "succeeded", "failed"]
    assert {stage.stage: stage.status for stage in runs[1].stages} == {"a": "skipped", "b": "succeeded", "c": "skipped"}
    assert history.pipeline_run(project.workspace, runs[0].run_id[:6]) == runs[0]
    with pytest.raises(NotFoundError, match="No pipeline run begins with 'zz'"):
        history.pipeline_run(project.workspace, "zz")
    (summary,) = history.pipelines(project.workspace)
    assert (summary.name, summary.runs, summary.last, summary.problem) == ("p", 4, runs[0], "")


GRID = "t[depth=2,kind=a].j=].x="


def test_parameters_of_a_command_line():
    assert given_parameters(
        ["a=1", "b=1.5", "c=text", 'd="1"', "e=[1, 2]", "s.f=true", 'g={"h": 1}', "i=a=b", GRID]
    ) == {
        "a": 1,
        "b": 1.5,
        "c": "text",
        "d": "1",
        "e": [1, 2],
        "s.f": True,
        "g": {"h": 1},
        "i": "a=b",
        "t[depth=2,kind=a].j": "].x=",
    }
    with pytest.raises(UsageError, match="no NAME=VALUE"):
        given_parameters(["a"])


def test_stages_that_do_not_depend_on_each_other_run_at_once_and_go_on_after_a_failure(project):
    # Each waits until the other has begun, so that one after the other they would never end.
    meet = (
        "import pathlib, time\npathlib.Path(f'{me}.here').touch()\nbegun = time.monotonic()\n"
        "while not pathlib.Path(f'{other}.here').exists():\n"
        "    assert time.monotonic() - begun < 120\n    time.sleep(0.05)"
    )
    project.notebook("meet.ipynb", meet, parameters="me = ''\nother = ''")
    project.notebook("bad.ipynb", "1 / 0")
    project.notebook("last.ipynb", "done = True", outputs=["done"])
    project.pipeline(
        'name = "p"\n[stages.bad]\nnotebook = "bad.ipynb"\n'
        '[stages.left]\nnotebook = "meet.ipynb"\nparameters = { me = "left", other = "right" }\n'
        '[stages.right]\nnotebook = "meet.ipynb"\nparameters = { me = "right", other = "left" }\n'
        '[stages.last]\nnotebook = "last.ipynb"\nafter = ["left", "right"]\n'
        '[stages.never]\nnotebook = "last.ipynb"\nafter = ["bad"]\n'
    )
    result = project.run(jobs=3, keep_going=True)
    assert {stage.name: stage.status for stage in result.stages} == {
        "bad": "failed",
        "left": "succeeded",
        "right": "succeeded",
        "last": "succeeded",
        "never": "pending",
    }
    assert isinstance(result.failure, StageFailed)


def test_a_stage_is_tried_again_in_a_place_of_its_own(project):
    project.notebook(
        "flaky.ipynb",
        "import pathlib, nbops\nmark = pathlib.Path('tries')\ntries = len(mark.read_text()) + 1 if mark.exists() else 1\n"
        "mark.write_text('.' * tries)\nnbops.output(f'try_{tries}', tries)",
        "assert tries == 3, f'try {tries}'",
        outputs=["tries"],
    )
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "flaky.ipynb"\nretries = 1\n')
    events = []
    failed = project.run(on_event=events.append)
    assert "AssertionError: try 2" in failed.error
    assert [event.message for event in events if event.kind == "retry"] == ["attempt 1 failed: AssertionError: try 1"]
    (stage,) = history.pipeline_run(project.workspace, "last").stages
    assert (stage.status, stage.attempt, stage.failed_cell) == ("failed", 2, 3)
    good = project.run()
    # What the attempts before gave away is not among what this one gave.
    assert good.stage("a").outputs == {"try_3": 3, "tries": 3}
    assert [run.status for run in search_runs(project.workspace, limit=10).runs if run.kind == "stage"] == [
        "FINISHED",
        "FAILED",
    ]


def _launched(project, text: str) -> tuple[str, int]:
    project.notebook("slow.ipynb", "import pathlib, time\npathlib.Path('began').touch()", text)
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "slow.ipynb"\n')
    run_id = launch(project.workspace, project.file)
    seen = history.pipeline_run(project.workspace, run_id)
    assert (seen.status, seen.pipeline) == ("running", "p")
    for _ in range(1200):
        if (project.folder / "began").exists():
            break
        time.sleep(0.1)
    with open_ledger(project.workspace).connect() as connection:
        rows = tables.pipeline_runs
        owner = connection.scalar(select(rows.c.owner).where(rows.c.run_id == run_id))
    return run_id, int(str(owner).partition(":")[0])


def _when_over(project, run_id: str):
    for _ in range(600):
        run = history.pipeline_run(project.workspace, run_id)
        if run.status != "running":
            return run
        time.sleep(0.1)
    raise AssertionError(f"still running: {run}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_launched_run_is_watched_and_stopped(project):
    run_id, _ = _launched(project, "print('working')\ntime.sleep(120)")
    for _ in range(300):
        (stage,) = history.pipeline_run(project.workspace, run_id).stages
        if stage.cell == 2:
            break
        time.sleep(0.1)
    # Another machine, whose clock is ahead, has taken it for dead: it says that it is not.
    with open_ledger(project.workspace).begin() as connection:
        connection.execute(tables.pipeline_runs.update().values(status="lost"))
        connection.execute(tables.stage_runs.update().values(status="lost"))
    for _ in range(300):
        run = history.pipeline_run(project.workspace, run_id)
        if run.status == "running":
            break
        time.sleep(0.1)
    (stage,) = run.stages
    assert (stage.status, stage.cell, stage.cells) == ("running", 2, 2)
    with pytest.raises(PipelineError, match="running already"):
        project.run()
    history.stop_run(project.workspace, run_id[:8])
    run = _when_over(project, run_id)
    assert (run.status, run.stages[0].status) == ("stopped", "stopped")
    assert {one.status for one in search_runs(project.workspace).runs} == {"KILLED"}
    with pytest.raises(PipelineError, match="is over: stopped"):
        history.stop_run(project.workspace, run_id)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_run_whose_process_is_killed_is_lost_and_its_kernel_goes_with_it(project):
    run_id, pid = _launched(project, "import os\npathlib.Path('kernel').write_text(str(os.getpid()))\ntime.sleep(120)")
    for _ in range(300):
        if (project.folder / "kernel").exists() and (project.folder / "kernel").read_text():
            break
        time.sleep(0.1)
    kernel = int((project.folder / "kernel").read_text())
    os.kill(pid, signal.SIGKILL)
    run = _when_over(project, run_id)
    assert (run.status, run.stages[0].status) == ("lost", "lost")
    assert {one.status for one in search_runs(project.workspace).runs} == {"KILLED"}
    for _ in range(300):
        if not os.path.exists(f"/proc/{kernel}"):
            break
        time.sleep(0.1)
    assert not os.path.exists(f"/proc/{kernel}")
    project.notebook("slow.ipynb", "1", "2")
    assert project.run().status == "succeeded"


def test_a_launched_run_is_given_its_parameters_where_others_do_not_see_them(project):
    project.notebook(
        "a.ipynb",
        "import os, pathlib\nwords = pathlib.Path(f'/proc/{os.getppid()}/cmdline')",
        "seen = [depth, password, 'NBOPS_PIPELINE_PARAMETERS' in os.environ]",
        "pathlib.Path('seen').write_text(repr(seen) + (words.read_text() if words.exists() else ''))",
        parameters="depth = 1\npassword = ''",
    )
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\nforeach = { depth = [2] }\n')
    parameters = {"a[depth=2].password": "an open sesame", "depth": 2}
    run_id = launch(project.workspace, project.file, parameters=parameters)
    assert history.pipeline_run(project.workspace, run_id).options["parameters"]["depth"] == 2
    run = _when_over(project, run_id)
    assert run.status == "succeeded", run
    seen = (project.folder / "seen").read_text()
    assert seen.startswith("[2, 'an open sesame', False]")
    assert "sesame" not in seen[40:]
    assert "sesame" not in str(run.options)


def test_a_run_is_closed_when_its_file_is_gone_and_when_stopping_it_is_interrupted(project):
    project.notebook("a.ipynb", "import pathlib\npathlib.Path('pipeline.toml').unlink()")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    assert project.run().status == "succeeded"
    assert history.pipeline_run(project.workspace, "last").status == "succeeded"

    def interrupt(event) -> None:
        if event.kind in {"cell", "stopped"}:
            raise KeyboardInterrupt

    project.notebook("a.ipynb", "import time\ntime.sleep(60)")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "a.ipynb"\n')
    with pytest.raises(KeyboardInterrupt):
        project.run(on_event=interrupt)
    run = history.pipeline_run(project.workspace, "last")
    assert (run.status, run.stages[0].status) == ("stopped", "stopped")


def test_a_launched_run_that_cannot_begin_is_refused_at_once(project):
    project.notebook("a.ipynb", "1")
    project.pipeline('name = "p"\n[stages.a]\nnotebook = "missing.ipynb"\n')
    with pytest.raises(PipelineError, match=r"missing\.ipynb"):
        launch(project.workspace, project.file)
    assert history.pipeline_runs(project.workspace) == ()


def test_the_command_line_lists_and_shows(project):
    _two(project)
    execute_pipeline(project.file)

    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "nbops", "pipeline", *words],
            cwd=project.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "up to date" in said("run", "pipeline.toml", "--dry-run")
    assert "succeeded" in said("runs")
    assert "b.ipynb" in said("log", "last", "b")
    assert "p " in said("list")
    assert '"status": "succeeded"' in said("log", "--json")
    page = project.folder / "b.html"
    said("log", "last", "b", "--html", str(page))
    assert "x + plus" in page.read_text(encoding="utf-8").replace("<span", "\n<span") or "plus" in page.read_text()


def test_resume_goes_on_from_the_failed_cell_and_says_so(project):
    project.notebook("early.ipynb", "x = 1", outputs=["x"])
    cells = [
        "import pathlib\nwith open('count', 'a') as file: file.write('.')",
        "total = sum(range(scale + x))",
        "1 / 0",
        "y = total + 1",
    ]
    project.notebook("late.ipynb", *cells, parameters="scale = 10\nx = 0", outputs=["y"])
    project.pipeline(
        'name = "p"\n[stages.early]\nnotebook = "early.ipynb"\n[stages.late]\nnotebook = "late.ipynb"\nafter = ["early"]\n'
    )
    assert "cell 5: ZeroDivisionError" in project.run().error
    failed = history.pipeline_run(project.workspace, "last").stages[1]
    assert (failed.failed_cell, failed.resumable, failed.resume_problem) == (5, True, "")

    cells[2] = "1 / 1"
    project.notebook("late.ipynb", *cells, parameters="scale = 10\nx = 0", outputs=["y"])
    mended = project.run(resume=True)
    assert mended.status == "succeeded", mended.error
    assert mended.stage("late").reason.endswith("; from cell 5")
    runs = history.pipeline_runs(project.workspace)
    assert (runs[0].resumed_from, runs[1].resumed_from) == (runs[1].run_id, "")
    assert mended.stage("late").outputs == {"y": 56}
    assert (project.folder / "count").read_text() == "."

    # An earlier value that is another one makes what was kept worthless.
    cells[2] = "1 / 0"
    project.notebook("late.ipynb", *cells, parameters="scale = 10\nx = 0", outputs=["y"])
    assert project.run().status == "failed"
    project.notebook("early.ipynb", "x = 2", outputs=["x"])
    cells[2] = "1 / 2"
    project.notebook("late.ipynb", *cells, parameters="scale = 10\nx = 0", outputs=["y"])
    again = project.run(resume=True)
    assert again.stage("late").outputs == {"y": 67}
    assert "from the start: " in again.stage("late").reason
