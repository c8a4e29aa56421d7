"""Pipelines over HTTP: what there is, what would run, a run from its start to its page; nothing outside the workspace."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbops.ledger import open_ledger, tables
from nbops.tracking.process import process_identity
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.ownership import workspace_id

FILE = """
name = "churn"
[stages.clean]
notebook = "clean.ipynb"
outputs = ["rows"]
[stages.train]
notebook = "train.ipynb"
after = ["clean"]
"""
TRAIN = """from pathlib import Path
print("<b>epoch</b>")
assert Path("good").exists(), f"depth {depth} is no good" """


@pytest.fixture
def pipeline(workspace: Workspace) -> Path:
    """A pipeline whose second stage fails while there is no file ``good``."""
    for name, source in (("clean", "rows = 7"), ("train", TRAIN)):
        cells = [nbformat.v4.new_code_cell(source)]
        if name == "train":
            cells.insert(0, nbformat.v4.new_code_cell("depth: int = 4", metadata={"tags": ["parameters"]}))
        nbformat.write(nbformat.v4.new_notebook(cells=cells), workspace.root / f"{name}.ipynb")
    file = workspace.root / "pipeline.toml"
    file.write_text(FILE)
    return file


def write_run(workspace: Workspace, run_id: str, *stages: dict[str, Any], **facts: Any) -> None:
    """Write the rows of a run straight into the ledger, as the process that carries it does."""
    row = {
        "run_id": run_id,
        "workspace": workspace_id(workspace),
        "pipeline": "churn",
        "path": (workspace.root / "pipeline.toml").as_posix(),
        "status": "succeeded",
        "owner": process_identity(),
        "heartbeat_at": time.time(),
        "started_at": 1000.0,
        "ended_at": 1010.0,
        "options": {"parameters": {"depth": 6}},
        **facts,
    }
    made = [
        {"status": "succeeded", "detail": {}, "position": position, "run_id": run_id, **stage}
        for position, stage in enumerate(stages)
    ]
    ledger = open_ledger(workspace)
    with ledger.begin() as connection:
        connection.execute(tables.pipeline_runs.insert().values(row))
        if made:
            connection.execute(tables.stage_runs.insert(), made)
        ledger.touch(connection)


async def ended(call: Any, run_id: str) -> dict[str, Any]:
    """Wait until a run is over."""
    for _ in range(600):
        run = (await call(f"pipelines/runs/{run_id}")).json()
        if run["status"] != "running":
            return dict(run)
        await asyncio.sleep(0.1)
    raise AssertionError(f"the run goes on: {run}")


async def test_looking_makes_nothing(call: Any, pipeline: Path, workspace: Workspace) -> None:
    (line,) = (await call("pipelines")).json()
    assert (line["name"], line["path"], line["last"], line["runs"]) == ("churn", pipeline.as_posix(), None, 0)
    plan = (await call("pipelines/graph", pipeline="pipeline.toml")).json()
    assert [(one["stage"], one["status"], one["after"]) for one in plan["stages"]] == [
        ("clean", "pending", []),
        ("train", "pending", ["clean"]),
    ]
    assert plan["stages"][0]["reason"] == "never ran"
    assert (await call("pipelines/runs", pipeline="pipeline.toml")).json() == []
    assert (await call("schedules")).json() == []
    assert (await call("schedules/failures")).json() == []
    assert (await call("pipelines/runs/last")).code == 404
    assert not workspace.data.exists()


async def test_a_file_of_the_file_browser_is_its_own_pipeline(call: Any, pipeline: Path) -> None:
    assert (await call("pipelines/graph", path="pipeline.toml")).json()["pipeline"] == "churn"
    by_path = (await call("pipelines/graph", pipeline=str(pipeline))).json()
    assert by_path["path"] == pipeline.as_posix()
    assert (await call("pipelines/graph")).code == 404


async def test_pipelines_of_the_settings_file_go_by_their_names(
    call: Any, pipeline: Path, workspace: Workspace
) -> None:
    stage = '.stages.clean]\nnotebook = "clean.ipynb"\n'
    (workspace.root / "nbops.toml").write_text(f"[pipelines.a{stage}[pipelines.b{stage}")
    assert {line["name"] for line in (await call("pipelines")).json()} == {"a", "b", "churn"}
    assert (await call("pipelines/graph", pipeline="b")).json()["pipeline"] == "b"


async def test_what_is_wrong_with_a_file_is_said(call: Any, pipeline: Path) -> None:
    pipeline.write_text(FILE.replace("after", "afterwards"))
    (line,) = (await call("pipelines")).json()
    assert "afterwards" in line["problem"]
    for reply in (
        await call("pipelines/graph", pipeline="pipeline.toml"),
        await call("pipelines/runs", method="POST", body={"pipeline": "pipeline.toml"}),
    ):
        assert reply.code == 422
        assert "afterwards" in reply.json()["message"]


async def test_a_name_is_no_file_of_somebodys_home_or_of_the_servers_folder(
    call: Any, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "of_somebody"
    home.mkdir()
    (home / "other.toml").write_text(FILE)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    for name in ("~/other.toml", "other.toml"):
        assert (await call("pipelines/graph", pipeline=name)).code == 404
        assert (await call("pipelines/runs", method="POST", body={"pipeline": name})).code == 404


@pytest.mark.parametrize("name", ["../other/pipeline.toml", "/etc/passwd", "link/pipeline.toml", "loop/x"])
async def test_pipelines_outside_are_refused(call: Any, workspace: Workspace, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "other"
    outside.mkdir()
    (outside / "pipeline.toml").write_text(FILE)
    (workspace.root / "link").symlink_to(outside)
    (workspace.root / "loop").symlink_to(workspace.root / "loop")
    for reply in (
        await call("pipelines/graph", pipeline=name),
        await call("pipelines/why", pipeline=name, stage="clean"),
        await call("pipelines/runs", method="POST", body={"pipeline": name}),
    ):
        assert reply.code == 403


async def test_a_run_fails_is_read_and_resumed(call: Any, pipeline: Path, workspace: Workspace) -> None:
    body = {"pipeline": "pipeline.toml", "parameters": {"depth": "6"}}
    started = await call("pipelines/runs", method="POST", body=body)
    assert started.code == 202
    run_id = started.json()["run_id"]
    # It is there before its process is.
    (line,) = (await call("pipelines")).json()
    assert (line["last"]["run_id"], line["runs"]) == (run_id, 1)
    run = await ended(call, run_id)
    assert (run["status"], run["pipeline"], run["options"]["parameters"]) == ("failed", "churn", {"depth": 6})
    clean, train = run["stages"]
    assert (clean["status"], train["status"]) == ("succeeded", "failed")
    assert "depth 6 is no good" in train["error"]

    page = await call(f"pipelines/runs/{run_id}/stages/train/page")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Nbops-Stage"] == "failed"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert b"&lt;b&gt;epoch&lt;/b&gt;" in page.body
    notebook = (await call(f"executed/01.ipynb/@{run_id}/train.ipynb", content="1", type="notebook")).json()
    assert (notebook["type"], notebook["writable"], notebook["name"]) == ("notebook", False, "train.ipynb")
    assert "depth 6 is no good" in json.dumps(notebook["content"]["cells"])
    assert (await call(f"executed/@{run_id}/clean.ipynb", content="0")).json()["content"] is None

    assert (await call(f"pipelines/runs/{run_id}/stop", method="POST", body={})).code == 409
    (workspace.root / "good").touch()
    resumed = await call(f"pipelines/runs/{run_id}/resume", method="POST", body={})
    assert resumed.code == 202
    again = await ended(call, resumed.json()["run_id"])
    assert [stage["status"] for stage in again["stages"]] == ["skipped", "succeeded"]
    assert again["options"]["parameters"] == {"depth": 6}
    refused = await call(f"pipelines/runs/{again['run_id']}/resume", method="POST", body={})
    assert refused.code == 409
    assert "nothing to resume" in refused.json()["message"]
    lines = (await call("pipelines/runs", pipeline="pipeline.toml")).json()
    assert [(line["run_id"], line["counts"]) for line in lines] == [
        (again["run_id"], {"skipped": 1, "succeeded": 1}),
        (run_id, {"failed": 1, "succeeded": 1}),
    ]


async def test_a_run_of_a_thousand_stages_is_short_in_lists_and_squeezed_where_it_is_whole(
    call: Any, pipeline: Path, workspace: Workspace
) -> None:
    stages = [{"stage": f"day[{i}]", "status": "failed" if i == 7 else "succeeded"} for i in range(1000)]
    write_run(workspace, "a" * 32, *stages, status="failed")
    (line,) = (await call("pipelines")).json()
    assert line["last"]["counts"] == {"failed": 1, "succeeded": 999}
    assert [stage["stage"] for stage in line["last"]["stages"]] == ["day[7]"]
    (row,) = (await call("pipelines/runs", pipeline=str(pipeline))).json()
    assert (row["counts"], row["stages"]) == ({"failed": 1, "succeeded": 999}, [])
    plain = await call(f"pipelines/runs/{'a' * 32}", headers={"Accept-Encoding": "identity"})
    assert len(plain.json()["stages"]) == 1000
    squeezed = await call(f"pipelines/runs/{'a' * 32}", headers={"Accept-Encoding": "gzip"})
    # The client of these tests unpacks what it gets, and says so.
    assert squeezed.headers["X-Consumed-Content-Encoding"] == "gzip"
    assert squeezed.json() == plain.json()


async def test_runs_of_one_pipeline_are_told_from_those_of_others(
    call: Any, pipeline: Path, workspace: Workspace
) -> None:
    write_run(workspace, "a" * 32)
    write_run(workspace, "b" * 32, pipeline="other", path=(workspace.root / "other.toml").as_posix(), started_at=2000.0)
    (workspace.root / "other.toml").write_text(FILE.replace("churn", "other"))
    ids = [run["run_id"][0] for run in (await call("pipelines/runs", pipeline="other.toml")).json()]
    assert ids == ["b"]
    assert [run["run_id"][0] for run in (await call("pipelines/runs")).json()] == ["b", "a"]
    assert (await call("pipelines/runs", limit="0")).code == 400


async def test_a_dead_run_is_not_running(call: Any, pipeline: Path, workspace: Workspace) -> None:
    dead = process_identity().split(":")
    owner = ":".join(["999999", *dead[1:]])
    write_run(
        workspace, "a" * 32, {"stage": "clean", "status": "running"}, status="running", ended_at=None, owner=owner
    )
    run = (await call(f"pipelines/runs/{'a' * 32}")).json()
    assert (run["status"], run["stages"][0]["status"]) == ("lost", "lost")


async def test_only_notebooks_of_the_workspace_are_shown(call: Any, workspace: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), secret)
    write_run(
        workspace,
        "a" * 32,
        {"stage": "out", "detail": {"notebook": str(secret)}},
        {"stage": "none", "detail": {}},
    )
    assert (await call(f"pipelines/runs/{'a' * 32}/stages/out/page")).code == 500
    assert (await call(f"executed/@{'a' * 32}/out.ipynb")).code == 500
    assert (await call(f"pipelines/runs/{'a' * 32}/stages/none/page")).code == 404
    assert (await call(f"pipelines/runs/{'a' * 32}/stages/missing/page")).code == 404
    assert (await call(f"executed/../../@{'a' * 32}/out.ipynb")).code in {400, 403, 404}


async def test_executed_notebooks_are_never_written(call: Any, workspace: Workspace) -> None:
    write_run(workspace, "a" * 32)
    place = f"executed/@{'a' * 32}/train.ipynb"
    for verb in ("PUT", "POST", "PATCH", "DELETE"):
        assert (await call(place, method=verb, body={})).code == 405
    assert (await call(f"{place}/checkpoints")).json() == []
    folder = (await call(f"executed/work/@{'a' * 32}")).json()
    assert (folder["type"], folder["content"]) == ("directory", [])


async def test_why_says_what_a_stage_would_run_for(call: Any, pipeline: Path, workspace: Workspace) -> None:
    said = (await call("pipelines/why", pipeline="pipeline.toml", stage="clean")).json()
    assert (said["stage"], said["status"], said["reason"]) == ("clean", "stale", "never ran")
    assert (await call("pipelines/why", pipeline="pipeline.toml", stage="missing")).code == 404
    write_run(workspace, "a" * 32)
    said = (await call("pipelines/why", pipeline="pipeline.toml", stage="clean")).json()
    assert (said["status"], said["reason"]) == ("stale", "never ran")
    wrong = await call("pipelines/why", pipeline="pipeline.toml", stage="claen")
    assert "clean" in wrong.json()["hint"]


@pytest.mark.parametrize(
    "body",
    [
        {"pipeline": 7},
        {"pipeline": "pipeline.toml", "only": "clean"},
        {"pipeline": "pipeline.toml", "force": "yes"},
        {"pipeline": "pipeline.toml", "parameters": {"depth": 6}},
        {"pipeline": "pipeline.toml", "forec": True},
        [],
        b"no json",
    ],
)
async def test_a_slip_in_a_request_starts_nothing(call: Any, pipeline: Path, workspace: Workspace, body: Any) -> None:
    assert (await call("pipelines/runs", method="POST", body=body)).code == 400
    assert not workspace.data.exists()


async def test_unknown_stages_and_parameters_start_nothing(call: Any, pipeline: Path) -> None:
    for more in ({"only": ["trian"]}, {"parameters": {"dept": "6"}}):
        reply = await call("pipelines/runs", method="POST", body={"pipeline": "pipeline.toml", **more})
        assert reply.code in {409, 422}
        assert "Did you mean" in reply.json()["hint"]
    assert (await call("pipelines")).json()[0]["runs"] == 0


async def test_readonly_starts_and_stops_nothing(
    call: Any, pipeline: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(workspace, "a" * 32, status="failed")
    monkeypatch.setenv("NBOPS_READONLY", "1")
    for route, body in (
        ("pipelines/runs", {"pipeline": "pipeline.toml"}),
        (f"pipelines/runs/{'a' * 32}/resume", {}),
        (f"pipelines/runs/{'a' * 32}/stop", {}),
    ):
        reply = await call(route, method="POST", body=body)
        assert (reply.code, "read-only" in reply.json()["message"]) == (403, True)
    assert (await call("pipelines/runs", pipeline="pipeline.toml")).json()[0]["status"] == "failed"


async def test_progress_is_announced_and_signs_of_life_are_not(
    call: Any, workspace: Workspace, jp_ws_fetch: Any
) -> None:
    write_run(workspace, "a" * 32, {"stage": "clean", "status": "running"}, status="running", ended_at=None)
    socket = await jp_ws_fetch("api/events/subscribe")
    await call("pipelines")
    ledger, runs, stages = open_ledger(find_workspace(workspace.root)), tables.pipeline_runs, tables.stage_runs

    async def heard(seconds: float) -> int:
        count = 0
        try:
            async with asyncio.timeout(seconds):
                while True:
                    event = json.loads(await socket.read_message())
                    count += event["schema_id"].startswith("https://nbops.dev/")
        except TimeoutError:
            return count

    await heard(1.0)
    with ledger.begin() as connection:
        connection.execute(runs.update().values(heartbeat_at=time.time()))
    assert await heard(1.2) == 0
    with ledger.begin() as connection:
        connection.execute(stages.update().values(cell=3, cells=7))
        ledger.touch(connection)
    assert await heard(1.2) == 1
    socket.close()
