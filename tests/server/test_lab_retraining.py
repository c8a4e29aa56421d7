"""Policies of retraining over HTTP: set, changed, paused, removed; what cannot be is said of its field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from nbops import registry
from nbops.ledger.audit import read_events
from nbops.records import RetrainPolicy
from nbops.scheduling import retraining
from nbops.workspace import Workspace

DRAFT = {"pipeline": "pipeline.toml", "on": ["drift"], "window": "90d"}
_PARAMETERS = 'source = ""\ndepth = 3'


@pytest.fixture
def wine(workspace: Workspace, tracked: Any) -> Workspace:
    """A registered model and the pipeline that trains it."""
    (workspace.root / "nbops.toml").write_text("[scheduler]\njupyter = false\n")
    registry.register("wine", run_id=tracked(1).run_id, workspace=workspace)
    cell = nbformat.v4.new_code_cell(_PARAMETERS, metadata={"tags": ["parameters"]})
    (workspace.root / "train.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
    (workspace.root / "pipeline.toml").write_text('[stages.train]\nnotebook = "train.ipynb"\noutputs = ["model"]\n')
    pd.DataFrame({"a": [1]}).to_parquet(workspace.root / "labelled.parquet")
    return workspace


async def put(call: Any, **changes: Any) -> Any:
    return await call("retraining/wine", method="PUT", body={**DRAFT, **changes})


async def post(call: Any, act: str, **body: Any) -> Any:
    return await call(f"retraining/wine/{act}", method="POST", body=body)


async def test_a_policy_from_its_making_to_its_end(call: Any, wine: Workspace) -> None:
    assert (await call("retraining/wine")).json() == {"policy": None, "decisions": []}
    made = await put(call, parameters={"depth": "4"}, budget=2, cool_down_hours=6, mode="promote")
    assert made.code == 200, made.body
    (kept,) = retraining.policies(wine)
    assert (kept.on, kept.window, kept.parameters, kept.budget, kept.mode) == (
        ("drift",),
        "90d",
        {"depth": 4},
        2,
        "promote",
    )
    assert (await call("retraining/wine")).json()["policy"] == made.json()

    # What is not sent stays; a number that is left empty is the usual one.
    changed = await call("retraining/wine", method="PUT", body={"budget": None, "on": ["volume"], "volume": 500})
    assert (changed.json()["budget"], changed.json()["volume"], changed.json()["mode"]) == (4, 500, "promote")
    assert (await post(call, "pause")).json()["paused"]
    assert (await put(call, on=["drift"], volume=0)).json()["paused"]
    assert not (await post(call, "resume")).json()["paused"]

    assert (await call("retraining/wine", method="DELETE")).code == 200
    assert (await call("retraining/wine")).json()["policy"] is None
    assert (await call("retraining/wine", method="DELETE")).code == 404
    assert (await post(call, "pause")).code == 404
    done = [one.action for one in read_events(wine) if one.action.startswith("retrain")]
    assert done == ["retrain-policy"] * 2 + [
        "retrain-pause",
        "retrain-policy",
        "retrain-resume",
        "retrain-policy-remove",
    ]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"pipeline": ""}, 400, "pipeline"),
    ({"pipeline": "none.toml"}, 404, "pipeline"),
    ({"pipeline": "../pipeline.toml"}, 403, "pipeline"),
    ({"on": ["luck"]}, 400, "on"),
    ({"on": ["schedule"]}, 400, "cron"),
    ({"on": ["schedule"], "cron": "61 * * * *"}, 400, "cron"),
    ({"timezone": "Mars/Olympus"}, 400, "timezone"),
    ({"on": ["volume"]}, 400, "volume"),
    ({"on": ["volume"], "volume": "many"}, 400, "volume"),
    ({"window": "soon"}, 400, "window"),
    ({"source": ""}, 400, "source"),
    ({"source": "none/*.csv"}, 404, "source"),
    ({"source": "/etc/passwd"}, 403, "source"),
    ({"source": "~/labelled.parquet"}, 403, "source"),
    ({"data_parameter": "sauce"}, 400, "data_parameter"),
    ({"parameters": {"dept": "4"}}, 409, "parameters"),
    ({"holdout": 0.99}, 400, "holdout"),
    ({"budget": 10**400}, 400, "budget"),
    ({"budget": 1.5}, 400, "budget"),
    ({"metric": "beauty"}, 400, "metric"),
    ({"target": "None"}, 400, "target"),
    ({"mode": "perhaps"}, 400, "mode"),
    ({"parameters": {"password": "hunter2hunter2"}}, 400, "parameters"),
]


async def test_what_cannot_be_is_said_of_its_field(call: Any, wine: Workspace) -> None:
    for changes, code, field in WRONG:
        reply = await put(call, **changes)
        assert (reply.code, reply.json().get("field")) == (code, field), (changes, reply.body)
        assert reply.json()["message"], changes
    assert retraining.policies(wine) == ()


async def test_all_that_cannot_be_is_said_at_once_each_of_its_field(call: Any, wine: Workspace) -> None:
    wrong = {
        "source": "/etc/passwd",
        "parameters": {"dept": "4"},
        "holdout": 0.99,
        "mode": "perhaps",
        "timezone": "Mars/Olympus",
        "on": ["schedule"],
        "cron": "61 * * * *",
    }
    reply = await put(call, **wrong)
    said = reply.json()
    found = [(said["field"], said["message"]), *((one["field"], one["message"]) for one in said["further"])]
    assert reply.code == 403
    assert sorted(field for field, _ in found) == sorted(set(wrong) - {"on"})
    assert all(message for _, message in found)
    assert retraining.policies(wine) == ()
    kinds = await put(call, holdout="much", mode=3)
    assert [kinds.json()["field"], *(one["field"] for one in kinds.json()["further"])] == ["holdout", "mode"]
    nothing = await put(call, pipeline="", budget=0)
    assert [nothing.json()["field"], *(one["field"] for one in nothing.json()["further"])] == ["budget", "pipeline"]


async def test_labelled_rows_may_come_from_a_file_of_the_workspace(call: Any, wine: Workspace) -> None:
    made = await put(call, source="labelled.parquet", label="a", time="")
    assert (made.code, made.json()["source"]) == (200, "labelled.parquet")


async def test_what_was_declared_elsewhere_may_lie_anywhere(call: Any, wine: Workspace, tmp_path: Path) -> None:
    away = tmp_path / "away.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(away)
    policy = RetrainPolicy(model="wine", pipeline="pipeline.toml", source=str(away), label="a")
    retraining.set_policy(wine, policy)
    assert (await put(call, source=str(away))).code == 200
    assert (await put(call, source=str(tmp_path))).code == 403


async def test_a_model_that_is_not_there(call: Any, wine: Workspace) -> None:
    assert (await call("retraining/wein")).code == 404
    refused = await call("retraining/wein", method="PUT", body=DRAFT)
    assert (refused.code, refused.json()["field"]) == (404, "model")


async def test_unknown_acts_and_fields(call: Any, wine: Workspace) -> None:
    assert (await put(call, colour="red")).code == 400
    assert (await put(call)).code == 200
    assert (await post(call, "explode")).code == 404
    assert (await post(call, "pause", why="x")).code == 400


async def test_retrain_now_is_in_the_name_of_who_asked(
    call: Any, wine: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[int] = []
    monkeypatch.setattr(retraining, "launch_retraining", lambda _, number: carried.append(number))
    assert (await post(call, "now")).code == 404
    await put(call)
    asked = await post(call, "now", reason="a new vintage")
    assert (asked.code, asked.json()["message"]) == (202, "a new vintage")
    assert carried == [asked.json()["id"]]
    (decision,) = (await call("retraining/wine")).json()["decisions"]
    assert decision["evidence"]["vouched_for_by"] == "os"
    assert decision["evidence"]["asked_by"] == decision["actor"]


async def test_readonly_changes_nothing(call: Any, wine: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    await put(call)
    monkeypatch.setenv("NBOPS_READONLY", "1")
    replies = [
        await put(call, window="1d"),
        await call("retraining/wine", method="DELETE"),
        *[await post(call, act) for act in ("pause", "resume", "now")],
    ]
    assert {reply.code for reply in replies} == {403}
    assert (await call("retraining/wine")).json()["policy"]["window"] == "90d"


async def test_where_nothing_was_tracked_nothing_is_made(call: Any, workspace: Workspace) -> None:
    assert (await call("retraining/wine")).code == 404
    assert (await put(call)).code == 404
    assert not workspace.data.exists()
