"""jupyter-scheduler's own API, with our execution manager behind it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbops.pipelines.running.history import pipeline_runs
from nbops.tracking.process import is_alive, process_identity

_PATIENCE = 120


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    extensions = {"nbops_lab": True, "jupyter_scheduler": True, "jupyter_server_terminals": False}
    return {
        "ServerApp": {"jpserver_extensions": extensions},
        "Scheduler": {"execution_manager_class": "nbops_lab.jobs.NbopsExecutionManager"},
    }


@pytest.fixture
def jobs(jp_fetch: Any, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch):
    """Ask jupyter-scheduler, which writes what is downloaded below the server's working directory."""
    monkeypatch.chdir(jp_root_dir)

    async def ask(method: str, *route: str, body: Any = None) -> Any:
        sent = json.dumps(body) if body is not None else None
        got = await jp_fetch("scheduler", *route, method=method, body=sent, allow_nonstandard_methods=True)
        return json.loads(got.body) if got.body else None

    return ask


def notebook(path: Path, *cells: str, parameters: str = "", pipeline: str = "") -> None:
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if pipeline:
        book.metadata["nbops"] = {"pipeline": pipeline}
    if parameters:
        book.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    book.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(book, path)


def tag(path: Path, *tags: list[str]) -> None:
    """Write a notebook whose cells are tagged."""
    notebook(path, *[f"print({number})" for number in range(len(tags))])
    book = nbformat.read(path, as_version=4)
    for cell, given in zip(book.cells, tags, strict=True):
        cell.metadata["tags"] = given
    nbformat.write(book, path)


async def create(jobs: Any, path: str, **given: Any) -> str:
    body = {"name": "a job", "input_uri": path, "runtime_environment_name": "here", "output_formats": ["ipynb", "html"]}
    return (await jobs("POST", "jobs", body={**body, **given}))["job_id"]


async def state(jobs: Any, job: str, *wanted: str) -> dict[str, Any]:
    for _ in range(_PATIENCE * 2):
        found = await jobs("GET", "jobs", job)
        if found["status"] in wanted:
            return found
        await asyncio.sleep(0.5)
    raise AssertionError(found)


@pytest.mark.slow
async def test_jobs_run_notebooks_and_pipelines(jobs, jp_root_dir, workspace):
    (jp_root_dir / "sub").mkdir()
    notebook(jp_root_dir / "alone.ipynb", "print('depth is', depth)", parameters="depth = 1")
    notebook(jp_root_dir / "sub" / "first.ipynb", "table = [depth]", parameters="depth = 1")
    notebook(jp_root_dir / "sub" / "second.ipynb", "print('got', table)", "1 / 0", parameters="table: list = []")
    (jp_root_dir / "sub" / "pipeline.toml").write_text(
        'name = "churn"\n[stages.first]\nnotebook = "first.ipynb"\noutputs = ["table"]\n'
        '[stages.second]\nnotebook = "second.ipynb"\nafter = ["first"]\n'
    )
    notebook(jp_root_dir / "sub" / "control.ipynb", "x = 1", pipeline="pipeline.toml")
    alone = await create(jobs, "alone.ipynb", parameters={"depth": "4"})
    tag(jp_root_dir / "tagged.ipynb", ["stage:one"], ["stage:two", "after:one"])
    tagged = await create(jobs, "tagged.ipynb")
    several = await create(jobs, "sub/control.ipynb", parameters={"first.depth": "7"})

    done = await state(jobs, alone, "COMPLETED", "FAILED")
    assert done["status"] == "COMPLETED", done["status_message"]
    failed = await state(jobs, several, "COMPLETED", "FAILED")
    assert failed["status"] == "FAILED"
    assert failed["status_message"].startswith("stage 'second' failed in cell 3: ZeroDivisionError: division by zero")

    assert (await state(jobs, tagged, "COMPLETED", "FAILED"))["status"] == "COMPLETED"
    for job, texts in ((alone, ["depth is 4"]), (several, ["# first", "got [7]", "ZeroDivisionError"])):
        await jobs("GET", "jobs", job, "download_files")
        for kind in ("ipynb", "html"):
            path = await output(jobs, job, kind, jp_root_dir)
            content = path.read_text()
            for text in texts if kind == "ipynb" else texts[1:]:
                assert text in content
        nbformat.validate(nbformat.read(await output(jobs, job, "ipynb", jp_root_dir), as_version=4))
    runs = {run.pipeline: run.status for run in pipeline_runs(workspace)}
    assert runs == {"alone": "succeeded", "churn": "failed", "tagged": "succeeded"}


async def output(jobs: Any, job: str, kind: str, root: Path) -> Path:
    for _ in range(_PATIENCE * 2):
        found = await jobs("GET", "jobs", job)
        path = next(one["file_path"] for one in found["job_files"] if one["file_format"] == kind)
        if path and (root / path).stat().st_size:
            return root / path
        await asyncio.sleep(0.5)
    raise AssertionError(found)


@pytest.mark.slow
async def test_a_job_that_is_stopped_leaves_nothing_running(jobs, jp_root_dir, workspace):
    pid = jp_root_dir / "pid"
    notebook(
        jp_root_dir / "long.ipynb", f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    job = await create(jobs, "long.ipynb")
    await state(jobs, job, "IN_PROGRESS")
    kernel = ""
    while not kernel:
        await asyncio.sleep(0.2)
        kernel = process_identity(int(pid.read_text())) if pid.exists() and pid.read_text() else ""
    assert [run.status for run in pipeline_runs(workspace)] == ["running"]
    await jobs("PATCH", "jobs", job, body={"status": "STOPPED"})
    await state(jobs, job, "STOPPED")
    for _ in range(_PATIENCE * 2):
        (run,) = pipeline_runs(workspace)
        if run.status == "lost" and not is_alive(kernel):
            break
        await asyncio.sleep(0.5)
    assert run.status == "lost"
    assert not is_alive(kernel)


async def test_what_the_dialog_may_offer(jobs):
    features = (await jobs("GET", "config"))["supported_features"]
    assert {name for name, yes in features.items() if yes} == {
        "job_name",
        "parameters",
        "output_formats",
        "stop_job",
        "delete_job",
    }
