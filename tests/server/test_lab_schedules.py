"""Schedules over HTTP: written, foreseen, paused, run, removed; and what became of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbops.ledger import open_ledger, tables
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

DRAFT = {"pipeline": "pipeline.toml", "trigger": "cron", "cron": "0 2 * * *", "timezone": "Europe/Berlin"}


@pytest.fixture(autouse=True)
def pipeline(workspace: Workspace) -> Path:
    cells = [
        nbformat.v4.new_code_cell("depth = 1", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("1 / 0"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), workspace.root / "clean.ipynb")
    file = workspace.root / "pipeline.toml"
    file.write_text('name = "churn"\n[stages.clean]\nnotebook = "clean.ipynb"\n')
    # Nothing but these tests looks after the schedules.
    (workspace.root / "nbops.toml").write_text("[scheduler]\njupyter = false\n")
    return file


async def put(call: Any, name: str, **changes: Any) -> Any:
    return await call(f"schedules/{name}", method="PUT", body={**DRAFT, **changes})


async def test_a_schedule_from_its_making_to_its_end(call: Any) -> None:
    made = await put(call, "nightly", parameters={"depth": "6"}, alerts=["lab"])
    assert made.code == 200
    schedule, times = made.json()["schedule"], made.json()["times"]
    assert (schedule["name"], schedule["pipeline"], schedule["parameters"]) == (
        "nightly",
        "pipeline.toml",
        {"depth": "6"},
    )
    assert len(times) == 5
    assert times == sorted(times)
    assert times[0] > time.time()
    (listed,) = (await call("schedules")).json()
    assert (listed["next_at"], listed["problem"]) == (times[0], "")
    assert listed["words"]

    changed = await put(call, "nightly", cron="30 6 * * 1", alerts=["lab"])
    assert changed.json()["schedule"]["cron"] == "30 6 * * 1"
    assert len((await call("schedules")).json()) == 1

    paused = await call("schedules/nightly/pause", method="POST", body={})
    assert (paused.json()["paused"], paused.json()["next_at"]) == (True, None)
    assert (await put(call, "nightly", cron="0 7 * * *")).json()["schedule"]["paused"]
    resumed = await call("schedules/nightly/resume", method="POST", body={})
    assert resumed.json()["next_at"] is not None

    assert (await call("schedules/nightly", method="DELETE")).code == 200
    assert (await call("schedules")).json() == []
    assert (await call("schedules/nightly", method="DELETE")).code == 404


async def test_run_now_is_a_run_with_evidence(call: Any) -> None:
    await put(call, "nightly")
    asked = await call("schedules/nightly/run", method="POST", body={})
    assert asked.code == 200
    run = asked.json()
    assert (run["schedule"], run["status"]) == ("nightly", "running")
    assert "asked for by" in run["evidence"]
    (listed,) = (await call("schedules/nightly/runs")).json()
    assert listed["id"] == run["id"]
    started = (await call(f"pipelines/runs/{run['run_id']}")).json()
    assert started["schedule"] == "nightly"
    await call(f"pipelines/runs/{run['run_id']}/stop", method="POST", body={})


async def test_when_it_comes_due_is_foreseen_or_what_is_wrong_said(call: Any, workspace: Workspace) -> None:
    found = (await call("schedules/preview", cron="*/15 * * * *", timezone="America/New_York")).json()
    assert (len(found["times"]), found["problem"]) == (5, "")
    assert [b - a for a, b in zip(found["times"], found["times"][1:], strict=False)] == [900.0] * 4
    for cron, zone, said in (
        ("61 * * * *", "UTC", "61"),
        ("0 2 * *", "UTC", "five"),
        ("@daily", "Berlin", "Europe/Berlin"),
    ):
        wrong = (await call("schedules/preview", cron=cron, timezone=zone)).json()
        assert wrong["times"] == []
        assert said in wrong["problem"]
    assert not workspace.data.exists()


@pytest.mark.parametrize("name", ["preview", "failures", "runs", "a b.c"])
async def test_a_schedule_may_be_called_like_a_route(call: Any, name: str) -> None:
    assert (await put(call, name)).code == 200
    assert (await call("schedules")).json()[0]["name"] == name
    assert (await call(f"schedules/{name}", method="DELETE")).code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cron": "61 * * * *"}, 400),
        ({"timezone": "Mars/Olympus"}, 400),
        ({"trigger": "sometimes"}, 400),
        ({"pipeline": "missing.toml"}, 404),
        ({"alerts": ["pigeon"]}, 400),
        ({"parameters": {"depth": 6}}, 400),
        ({"threshold": "many"}, 400),
        ({"missed_cap": True}, 400),
        ({"color": "red"}, 400),
    ],
)
async def test_what_cannot_be_is_refused_in_words(call: Any, changes: dict[str, Any], code: int) -> None:
    reply = await put(call, "nightly", **changes)
    assert reply.code == code
    assert reply.json()["message"]
    assert (await call("schedules")).json() == []


async def test_all_that_cannot_be_is_said_at_once_each_of_its_field(call: Any) -> None:
    wrong = {
        "pipeline": "../pipeline.toml",
        "cron": "61 * * * *",
        "timezone": "Mars/Olympus",
        "missed_cap": 0,
        "overlap": "maybe",
        "alerts": ["pigeon"],
        "parameters": {"password": "hunter2hunter2"},
    }
    said = (await put(call, "nightly", **wrong)).json()
    assert sorted([said["field"], *(one["field"] for one in said["further"])]) == sorted(wrong)
    assert (await call("schedules")).json() == []


async def test_a_pipeline_outside_is_refused(call: Any, tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text('[stages.a]\nnotebook = "a.ipynb"\n')
    for name in (str(tmp_path / "pipeline.toml"), "../pipeline.toml"):
        assert (await put(call, "nightly", pipeline=name)).code == 403


async def test_a_pipeline_that_is_gone_is_a_problem(call: Any, pipeline: Path) -> None:
    await put(call, "nightly")
    pipeline.unlink()
    (listed,) = (await call("schedules")).json()
    assert "pipeline.toml" in listed["problem"]


async def test_only_failures_that_are_to_be_told_here_are_news(call: Any, workspace: Workspace) -> None:
    await put(call, "told", alerts=["lab"])
    await put(call, "quiet")
    ledger = open_ledger(workspace)
    rows = [
        {"schedule": name, "status": status, "error": name + status}
        for name in ("told", "quiet")
        for status in ("succeeded", "failed", "lost")
    ]
    with ledger.begin() as connection:
        for number, row in enumerate(rows):
            row |= {"workspace": workspace_id(workspace), "occasion": str(number), "due_at": float(number)}
            connection.execute(tables.schedule_runs.insert().values(ended_at=5.0, **row))
    failures = (await call("schedules/failures")).json()
    assert [run["error"] for run in failures] == ["toldlost", "toldfailed"]


async def test_readonly_changes_nothing(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(call, "nightly")
    monkeypatch.setenv("NBOPS_READONLY", "1")
    replies = [
        await put(call, "nightly", cron="0 7 * * *"),
        await call("schedules/nightly", method="DELETE"),
        *[await call(f"schedules/nightly/{act}", method="POST", body={}) for act in ("pause", "resume", "run")],
    ]
    assert [reply.code for reply in replies] == [403] * 5
    assert (await call("schedules")).json()[0]["cron"] == "0 2 * * *"


async def test_unknown_acts_and_schedules(call: Any) -> None:
    await put(call, "nightly")
    assert (await call("schedules/nightly/explode", method="POST", body={})).code == 404
    assert (await call("schedules/weekly/pause", method="POST", body={})).code == 404
