"""Gates over HTTP: evaluated elsewhere, what they find decides, and it is the report that was looked at that counts."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression

import nbops
from nbops import registry
from nbops.records import ModelVersion, PromotionView, from_wire
from nbops.workspace import Workspace

GATES = """
[gates]
data = "holdout.csv"
target = "churned"

[[gates.check]]
name = "accuracy, held out"
kind = "metric"
metric = "accuracy"
min = {least}
"""


@pytest.fixture
def candidate(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], ModelVersion]:
    """Register a version of a model and declare the accuracy it must have."""
    monkeypatch.setenv("NBOPS_WORKSPACE", str(workspace.root))
    random = numpy.random.default_rng(3)
    rows = pandas.DataFrame({"age": random.normal(size=200)})
    rows["churned"] = (rows.age > 0).astype(int)
    rows.to_csv(workspace.root / "holdout.csv", index=False)

    def make(least: float) -> ModelVersion:
        (workspace.root / "nbops.toml").write_text(GATES.format(least=least))
        with nbops.track("train") as run:
            run.model(LogisticRegression().fit(rows[["age"]], rows.churned), "model")
        return registry.register("churn", run_id=run.run_id, workspace=workspace)

    return make


async def _view(call: Any) -> PromotionView:
    return from_wire(PromotionView, (await call("models/churn/versions/1/promotion")).json())


async def _gates(call: Any) -> None:
    reply = await call("models/churn/versions/1/gates", method="POST", body={"target": "Production"})
    while reply.json()["running"]:
        assert reply.code in {200, 202}
        reply = await call("models/churn/versions/1/gates", target="Production")
    assert reply.json() == {"running": False, "failure": ""}


async def test_gates_that_pass_open_the_way(
    call: Any, candidate: Any, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate(0.8)
    assert [one.kind for one in (await _view(call)).obstacles] == ["gates"]
    body = {"target": "Production", "expected": "none"}
    early = await call("models/churn/versions/1/promote", method="POST", body=body)
    assert early.code == 422, "the server does not evaluate gates unasked"

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("a model was loaded in the server")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    await _gates(call)
    view = await _view(call)
    assert view.report is not None
    assert view.report.passed, view.report
    assert (view.report_current, view.obstacles) == (True, ())
    body["gate_report"] = "0" * 64
    assert (await call("models/churn/versions/1/promote", method="POST", body=body)).code == 422
    body["gate_report"] = view.report.digest
    assert (await call("models/churn/versions/1/promote", method="POST", body=body)).code == 200
    assert registry.holder(workspace, "churn", "Production") == 1


async def test_gates_that_fail_bar_it(call: Any, candidate: Any, workspace: Workspace) -> None:
    candidate(1.5)
    await _gates(call)
    view = await _view(call)
    assert view.report is not None
    assert [gate.verdict for gate in view.report.gates] == ["failed"]
    reply = await call("models/churn/versions/1/promote", method="POST", body={"expected": "none"})
    assert reply.code == 422
    assert "accuracy, held out" in reply.json()["obstacles"][0]["message"]
    assert registry.holder(workspace, "churn", "Production") is None


async def test_gates_of_what_is_not_there(call: Any, candidate: Any) -> None:
    candidate(0.8)
    assert (await call("models/churn/versions/7/gates", method="POST", body={})).code == 404
