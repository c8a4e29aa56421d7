"""kill -9 in the middle of promotions: nothing acknowledged is lost, nothing is half there."""

import json
import os
import random
import time
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops.ledger.audit import read_events
from nbops.ledger.verification import verify
from nbops.registry import get_model, history, holder, load_model, promote, register
from nbops.registry.gc import find_leftovers
from nbops.workspace import find_workspace

# A thousand take minutes; CI makes do with fewer.
LONG = os.environ.get("NBOPS_LONG_FAULTS") == "1"
KILLS, REGISTERS = (1000, 200) if LONG else (25, 8)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Three versions of a model, each of which has been in production."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    for number in (1, 2, 3):
        with nbops.track(f"run-{number}") as run:
            run.model(LogisticRegression(C=number).fit([[0.0], [1.0]], [0, 1]), "model")
        register("churn", run_id=run.run_id)
        promote("churn", number)
    return find_workspace()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_promotions_killed_at_any_point_are_whole_or_absent(workspace, nursery, tmp_path):
    acks = tmp_path / "acks"
    acks.touch()
    warm = nursery("nbops.registry", "nbops.ledger.verification", "sqlalchemy.dialects.sqlite")
    dice = random.Random(7)
    for turn in range(KILLS):
        before = acks.stat().st_size
        pid = warm.start("promote", workspace=workspace.root, acks=acks)
        deadline = time.monotonic() + 30
        while acks.stat().st_size == before and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(dice.random() * 0.03)
        warm.kill(pid)
        last = json.loads(acks.read_text().splitlines()[-1])
        # What was committed just before the kill may not have been acknowledged any more; then there is one event more.
        newest = read_events(workspace, limit=1, newest=True)[0]
        assert last["seq"] <= newest.seq <= last["seq"] + 1, (turn, last, newest)
        assert holder(workspace, "churn", "Production") == newest.detail["to"]
        stages = [v.lifecycle_stage for v in get_model(workspace, "churn").versions]
        assert sorted(stages) == ["Archived", "Archived", "Production"]
        if turn % 20 == 0:
            assert verify(workspace).ok
    verdict = verify(workspace)
    assert verdict.ok, verdict
    acknowledged = {line["seq"]: line["version"] for line in map(json.loads, acks.read_text().splitlines())}
    told = {p.seq: p.version for p in history(workspace, "churn", target="Production")}
    assert acknowledged.items() <= told.items()
    print(f"{KILLS} kills, {len(acknowledged)} promotions acknowledged, {verdict.events} events")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_registrations_killed_at_any_point_are_whole_or_leftovers(tmp_path, monkeypatch, nursery):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("NBOPS_COURIER", "false")
    workspace, acks = find_workspace(), tmp_path / "acks"
    acks.touch()
    warm = nursery("nbops.registry", "nbops.tracking.tracker", "sklearn.linear_model", "skops.io", "pandas")
    dice = random.Random(11)
    for turn in range(REGISTERS):
        before = acks.stat().st_size
        pid = warm.start("register", workspace=workspace.root, acks=acks, name=f"turn-{turn}")
        deadline = time.monotonic() + 60
        while acks.stat().st_size == before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(dice.random() * 0.25)
        warm.kill(pid)
    told = [json.loads(line) for line in acks.read_text().splitlines()]
    versions = {version.version: version for version in get_model(workspace, "churn").versions}
    assert sorted(versions) == list(range(1, len(versions) + 1))
    assert {line["version"] for line in told} <= set(versions)
    expected = {line["version"]: line["c"] for line in told}
    for number in versions:
        loaded = load_model("churn", number)
        assert expected.get(number, loaded.C) == loaded.C
    assert verify(workspace).ok
    left = find_leftovers(workspace, older=-1)
    needed = {file.digest for version in versions.values() for file in version.files}
    assert not {Path(leftover.path).name for leftover in left} & needed
    print(f"{REGISTERS} kills, {len(versions)} versions, {len(told)} acknowledged, {len(left)} leftovers")
