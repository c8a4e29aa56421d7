"""Registered models over HTTP: list, register, read-only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbops.records import ModelVersion, RegisteredModel, from_wire


async def test_register_then_list(call: Any, tracked: Any) -> None:
    run = tracked(1)
    reply = await call(
        "models/churn/versions", method="POST", body={"run_id": run.run_id, "model": "", "alias": "champion"}
    )
    assert reply.code == 201, reply.body
    version = from_wire(ModelVersion, reply.json())
    assert (version.model, version.version, version.run_id) == ("churn", 1, run.run_id)
    (model,) = (from_wire(RegisteredModel, one) for one in (await call("models")).json())
    assert model.name == "churn"
    assert [(v.version, v.aliases) for v in model.versions] == [(1, ("champion",))]
    second = tracked(2)
    reply = await call("models/churn/versions", method="POST", body={"run_id": second.run_id})
    assert reply.json()["version"] == 2


async def test_names_in_the_address_are_decoded(call: Any, tracked: Any) -> None:
    reply = await call("models/tür 1/versions", method="POST", body={"run_id": tracked(1).run_id})
    assert reply.code == 201, reply.body
    assert reply.json()["model"] == "tür 1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json", 400),
        (b"\xff\xfe", 400),
        (b"[1]", 400),
        (b"[" * 100_000, 400),
        ({"run_id": 7}, 400),
        ({}, 400),
        ({"run_id": "", "model": ""}, 400),
        ({"run_id": "feedfeed"}, 404),
        ({"run_id": f"{1:032x}", "colour": "red"}, 400),
        ({"run_id": f"{1:032x}", "model": "other"}, 409),
        ({"run_id": f"{1:032x}", "alias": "../x"}, 400),
    ],
    ids=["text", "bytes", "list", "deep", "number", "empty", "blank", "unknown-run", "field", "model", "alias"],
)
async def test_bad_bodies_are_told_so(call: Any, tracked: Any, body: Any, code: int) -> None:
    tracked(1)
    reply = await call("models/churn/versions", method="POST", body=body)
    assert reply.code == code, reply.body
    assert set(reply.json()) == {"message", "hint"}
    assert (await call("models")).json() == []


async def test_a_run_without_a_model_cannot_be_registered(call: Any, tracked: Any) -> None:
    reply = await call("models/churn/versions", method="POST", body={"run_id": tracked(1, models=()).run_id})
    assert reply.code == 409


async def test_read_only(call: Any, tracked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tracked(1)
    monkeypatch.setenv("NBOPS_READONLY", "1")
    reply = await call("models/churn/versions", method="POST", body={"run_id": run.run_id})
    assert reply.code == 403
    assert "read-only" in reply.json()["message"]
    assert (await call("status")).json()["readonly"] is True
    assert (await call("runs")).json()["total"] == 1


async def test_reading_models_never_unpickles(call: Any, tracked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("unpickled")

    monkeypatch.setattr(pickle, "loads", forbidden)
    monkeypatch.setattr(pickle, "load", forbidden)
    run = tracked(1)
    assert (await call("models/churn/versions", method="POST", body={"run_id": run.run_id})).code == 201
    decided = await call("models/churn/versions/1/promote", method="POST", body={"expected": "none"})
    assert decided.code == 200, decided.body
    for route in (
        "models",
        "models/churn/versions/1/promotion",
        "models/churn/history",
        "requests",
        "audit",
        "audit/verify",
        "runs",
        f"runs/{run.run_id}",
    ):
        assert (await call(route)).code == 200


async def test_status_hides_passwords(call: Any, workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://ada:hunter2@mlflow.example")
    reply = await call("status")
    assert reply.code == 200
    assert "hunter2" not in json.dumps(reply.json())
    assert reply.json()["mlflow"] == "https://***@mlflow.example"
    assert reply.json()["settings"]["mlflow_tracking_uri"]["source"] == "MLFLOW_TRACKING_URI"
