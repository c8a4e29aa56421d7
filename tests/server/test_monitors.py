"""Monitors over HTTP: added, run, looked into, acknowledged, muted, changed, removed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.naive_bayes import GaussianNB

from nbops.monitoring.monitors import run_monitor
from nbops.workspace import Workspace

DRAFT = {
    "source": "now.parquet",
    "reference": "before.parquet",
    "window": "all",
    "checks": [{"name": "drift", "kind": "drift"}],
}

STAGE = nbformat.v4.new_code_cell('source = ""', metadata={"tags": ["parameters"]})


@pytest.fixture(scope="module")
def wines() -> pd.DataFrame:
    return load_wine(as_frame=True).frame.drop(columns="target")


@pytest.fixture(autouse=True)
def files(workspace: Workspace, wines: pd.DataFrame) -> Path:
    """Wines of one grower before, of another now."""
    wines.head(59).to_parquet(workspace.root / "before.parquet")
    wines.tail(48).to_parquet(workspace.root / "now.parquet")
    # Nothing but these tests looks after the monitors.
    (workspace.root / "nbops.toml").write_text("[scheduler]\njupyter = false\n")
    return workspace.root


async def put(call: Any, name: str, **changes: Any) -> Any:
    return await call(f"monitors/{name}", method="PUT", body={**DRAFT, **changes})


async def post(call: Any, name: str, act: str, **body: Any) -> Any:
    return await call(f"monitors/{name}/{act}", method="POST", body=body)


async def seen(call: Any, workspace: Workspace, name: str = "wine") -> Any:
    """Add a monitor and let it look once; answer it whole."""
    assert (await put(call, name)).code == 200
    await asyncio.get_running_loop().run_in_executor(None, run_monitor, workspace, name)
    return (await call(f"monitors/{name}")).json()


async def test_where_nothing_is_watched_nothing_is_made(call: Any, workspace: Workspace) -> None:
    assert (await call("monitors")).json() == []
    assert (await call("incidents")).json() == []
    assert (await call("monitors/wine")).code == 404
    assert not workspace.data.exists()


async def test_a_monitor_from_its_making_to_its_end(call: Any, workspace: Workspace) -> None:
    made = await put(call, "wine", cron="0 6 * * *", routes=["lab"])
    assert made.code == 200
    assert (made.json()["source"], made.json()["checks"][0]["name"]) == ("now.parquet", "drift")
    assert made.json()["next_at"] > time.time()
    (listed,) = (await call("monitors")).json()
    assert (listed["state"], listed["monitor"]["author"]) == ("waiting", made.json()["author"])

    changed = await put(call, "wine", cron="", remind_hours=2)
    assert (changed.json()["next_at"], changed.json()["remind_hours"]) == (None, 2)
    assert (await post(call, "wine", "pause")).json()["paused"]
    assert (await call("monitors")).json()[0]["state"] == "paused"
    assert not (await post(call, "wine", "resume")).json()["paused"]

    assert (await call("monitors/wine", method="DELETE")).code == 200
    assert (await call("monitors")).json() == []
    assert (await call("monitors/wine", method="DELETE")).code == 404


async def test_drift_is_seen_told_acknowledged_and_muted(call: Any, workspace: Workspace) -> None:
    whole = await seen(call, workspace)
    assert whole["summary"]["state"] == "alert"
    (run,) = whole["runs"]
    assert (run["rows"], run["state"]) == (48, "alert")
    assert run["report"]
    assert whole["look"] == {"running": False, "failure": ""}
    (check,) = (await call("monitors")).json()[0]["last"]["checks"]
    assert "σ" in check["detail"]["worst"]
    assert check["value"] > check["limit"]
    (incident,) = whole["incidents"]
    assert (incident["state"], incident["check"]) == ("open", "drift")
    assert [one["id"] for one in (await call("incidents")).json()] == [incident["id"]]
    assert (await call("monitors/wine/runs", limit="1")).json()[0]["checks"][0]["check"] == "drift"

    without = await post(call, "wine", "acknowledge", incident=incident["id"], reason=" ")
    assert without.code == 400
    assert "reason" in without.json()["message"]
    known = await post(call, "wine", "acknowledge", incident=incident["id"], reason="other grower")
    assert (known.json()["state"], known.json()["reason"]) == ("acknowledged", "other grower")
    for number in (999, 2**40, 10**30):
        assert (await post(call, "wine", "acknowledge", incident=number, reason="x")).code == 404

    until = time.time() + 3600
    muted = await post(call, "wine", "mute", until=until, reason="a move")
    assert (muted.json()["muted_until"], muted.json()["mute_reason"]) == (until, "a move")
    assert (await call("incidents")).json() == []
    assert (await post(call, "wine", "unmute")).json()["muted_until"] is None
    assert len((await call("incidents")).json()) == 1
    assert (await post(call, "wine", "mute", until=time.time() - 1, reason="x")).code == 400


async def test_only_monitors_that_tell_jupyterlab_are_news(call: Any, workspace: Workspace) -> None:
    await seen(call, workspace)
    (incident,) = (await call("incidents")).json()
    await put(call, "wine", routes=[])
    assert (await call("incidents")).json() == []
    assert incident["monitor"] == "wine"


async def test_what_has_been_open_for_long_is_among_the_news(
    call: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbops_lab.monitors._INCIDENTS", 1)
    whole = await seen(call, workspace)
    await seen(call, workspace, "younger")
    names = {one["monitor"] for one in (await call("incidents")).json()}
    assert names == {"wine", "younger"}
    number = whole["incidents"][0]["id"]
    assert (await post(call, "wine", "acknowledge", incident=number, reason="x")).code == 200


async def test_a_report_is_a_page_that_runs_nothing(call: Any, workspace: Workspace, wines: pd.DataFrame) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    for name, frame in (("before", wines.head(59)), ("now", wines.tail(48))):
        frame.rename(columns={"proline": hostile}).to_parquet(workspace.root / f"{name}.parquet")
    whole = await seen(call, workspace)
    reply = await call(f"monitors/wine/runs/{whole['runs'][0]['id']}/report")
    assert reply.code == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    page = reply.body.decode()
    assert "flavanoids" in page
    assert "<img src=x" not in page
    assert "<script" not in page
    assert (await call("monitors/wine/runs/999/report")).code == 404
    assert (await call("monitors/wine/runs/x/report")).code == 400
    assert (await call(f"monitors/wine/runs/{10**17}/report")).code == 404


async def test_the_report_of_any_look_can_be_read_by_its_monitor_alone(
    call: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbops_lab.monitors._MOST_RUNS", 1)
    first = (await seen(call, workspace))["runs"][0]["id"]
    await asyncio.get_running_loop().run_in_executor(None, run_monitor, workspace, "wine")
    assert (await call(f"monitors/wine/runs/{first}/report")).code == 200
    await put(call, "beer")
    elsewhere = await call(f"monitors/beer/runs/{first}/report")
    assert elsewhere.code == 404
    assert "'beer' has no look" in elsewhere.json()["message"]


async def test_run_now_looks_in_a_process_of_its_own(call: Any, workspace: Workspace) -> None:
    await put(call, "wine")
    asked = await post(call, "wine", "run")
    assert (asked.code, asked.json()["running"]) == (202, True)
    while (whole := (await call("monitors/wine")).json())["look"]["running"]:
        await asyncio.sleep(0.2)
    assert whole["look"]["failure"] == ""
    assert whole["runs"][0]["state"] == "alert"


async def test_the_list_needs_no_pandas(call: Any, workspace: Workspace) -> None:
    """A server that lists monitors stays small."""
    await seen(call, workspace)
    code = (
        "import sys; from pathlib import Path; from nbops.workspace import find_workspace\n"
        "from nbops_lab import monitors\n"
        "workspace = find_workspace(Path(sys.argv[1]))\n"
        "assert monitors._summaries(workspace) and monitors._news(workspace) and monitors._view(workspace, 'wine')\n"
        "print([name for name in ('pandas', 'scipy', 'sklearn', 'pyarrow') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    done = await asyncio.get_running_loop().run_in_executor(
        None, lambda: subprocess.run(command, capture_output=True, text=True, check=False)
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cron": "61 * * * *"}, 400),
        ({"timezone": "Mars/Olympus"}, 400),
        ({"window": "soon"}, 400),
        ({"model": "missing"}, 404),
        ({"routes": ["pigeon"]}, 400),
        ({"remind_hours": "often"}, 400),
        ({"checks": [{"name": "drift"}]}, 400),
        ({"checks": [{"name": "drift", "kind": "luck"}]}, 400),
        ({"checks": [{"name": "drift", "kind": "drift", "threshold": "much"}]}, 400),
        ({"checks": [{"name": "drift", "kind": "drift", "colour": "red"}]}, 400),
        ({"color": "red"}, 400),
        ({"source": "/etc/passwd"}, 403),
        ({"source": "../*.parquet"}, 403),
        ({"source": "data/*/../../../x.parquet"}, 403),
        ({"source": "file:///etc/passwd"}, 403),
        ({"reference": "/etc/passwd"}, 403),
        ({"reference": "run:nothing/frame"}, 404),
    ],
)
async def test_what_cannot_be_is_refused_in_words(call: Any, changes: dict[str, Any], code: int) -> None:
    reply = await put(call, "wine", **changes)
    assert reply.code == code, reply.body
    assert reply.json()["message"]
    # What can be said of one field is said of it.
    (named,) = {*changes} - {"color"} or {""}
    assert reply.json().get("field", "") == named
    assert (await call("monitors")).json() == []


async def test_all_that_cannot_be_is_said_at_once_each_of_its_field(call: Any, workspace: Workspace) -> None:
    wrong = {
        "source": "/etc/passwd",
        "reference": "run:nothing/frame",
        "window": "soon",
        "cron": "61 * * * *",
        "timezone": "Mars/Olympus",
        "remind_hours": -1,
        "routes": ["pigeon", "lab", "owl"],
        "checks": [{"name": "a", "kind": "volume", "metric": "luck"}, {"name": "b", "kind": "infrastructure"}],
    }
    said = (await put(call, "wine", **wrong)).json()
    found = [said["field"], *(one["field"] for one in said["further"])]
    assert sorted(found) == sorted([*wrong, "checks", "routes"])
    assert (await call("monitors")).json() == []


async def test_a_link_that_leads_outside_is_refused(call: Any, workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / "away").symlink_to(tmp_path)
    assert (await put(call, "wine", source="away/*.parquet")).code == 403


async def test_readonly_changes_nothing(call: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await seen(call, workspace)
    monkeypatch.setenv("NBOPS_READONLY", "1")
    number = whole["incidents"][0]["id"]
    replies = [
        await put(call, "wine", window="1d"),
        await call("monitors/wine", method="DELETE"),
        await post(call, "wine", "mute", until=time.time() + 60, reason="x"),
        await post(call, "wine", "acknowledge", incident=number, reason="x"),
        *[await post(call, "wine", act) for act in ("pause", "resume", "run", "unmute")],
    ]
    assert {reply.code for reply in replies} == {403}
    assert (await call("monitors/wine")).json()["incidents"][0]["state"] == "open"


async def test_unknown_acts_fields_and_monitors(call: Any, workspace: Workspace) -> None:
    await put(call, "wine")
    assert (await post(call, "wine", "explode")).code == 404
    assert (await post(call, "beer", "pause")).code == 404
    assert (await post(call, "beer", "run")).code == 404
    assert (await post(call, "wine", "pause", why="x")).code == 400
    assert (await post(call, "wine", "mute", reason="x")).code == 400
    assert (await post(call, "wine", "acknowledge", incident=True, reason="x")).code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "~/x.parquet"},
        {"reference": "~/x.parquet"},
        {"checks": [{"name": "quality", "kind": "quality", "options": {"rules": "../rules.toml"}}]},
        {"checks": [{"name": "quality", "kind": "quality", "options": {"rules": "~/rules.toml"}}]},
    ],
)
async def test_no_file_of_elsewhere_is_asked_for_by_a_page(call: Any, changes: dict[str, Any]) -> None:
    assert (await put(call, "wine", **changes)).code == 403


async def test_without_a_policy_nothing_is_trained(call: Any, workspace: Workspace) -> None:
    whole = await seen(call, workspace)
    assert (whole["policy"], whole["decisions"]) == (None, [])
    refused = await post(call, "wine", "retrain")
    assert refused.code == 400
    assert "watches no model" in refused.json()["message"]


async def test_retrain_now_is_a_decision_that_a_process_carries_out(
    call: Any, workspace: Workspace, wines: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbops
    from nbops import registry
    from nbops.records import RetrainPolicy
    from nbops.scheduling import retraining

    monkeypatch.chdir(workspace.root)
    with nbops.track("train") as run:
        run.model(GaussianNB().fit(wines.iloc[:, :2], wines.index < 59), "model")
    registry.register("wine", run_id=run.run_id, workspace=workspace)
    (workspace.root / "train.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[STAGE])))
    (workspace.root / "pipeline.toml").write_text('[stages.train]\nnotebook = "train.ipynb"\noutputs = ["model"]\n')
    policy = RetrainPolicy(model="wine", pipeline="pipeline.toml", source="before.parquet", label="alcohol")
    retraining.set_policy(workspace, policy)
    carried: list[int] = []
    monkeypatch.setattr(retraining, "launch_retraining", lambda _, number: carried.append(number))
    assert (await put(call, "wine", model="wine@1")).code == 200
    asked = await post(call, "wine", "retrain", reason="a new vintage")
    assert (asked.code, asked.json()["outcome"], asked.json()["message"]) == (202, "queued", "a new vintage")
    assert carried == [asked.json()["id"]]
    whole = (await call("monitors/wine")).json()
    assert whole["policy"]["pipeline"] == "pipeline.toml"
    assert [one["id"] for one in whole["decisions"]] == carried
    assert (await call("monitors")).json()[0]["retrain"]["id"] == carried[0]
