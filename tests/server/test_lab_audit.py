"""The audit log over HTTP, and evaluations of gates that outlive their request."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from nbops import registry
from nbops.errors import RegistryError
from nbops.ledger import open_ledger, tables
from nbops.records import AuditVerdict, from_wire
from nbops.workspace import Workspace
from nbops_lab.gates import GateRuns

KEY = ("/w", "churn", "1", "Production")


@pytest.fixture
def decided(workspace: Workspace, tracked: Any) -> Workspace:
    """Two models, the first promoted."""
    registry.register("churn", run_id=tracked(1).run_id, workspace=workspace)
    registry.register("fraud", run_id=tracked(2).run_id, workspace=workspace)
    registry.promote("churn", 1, reason="better", workspace=workspace)
    return workspace


async def test_events_oldest_first_from_either_end(call: Any, decided: Workspace) -> None:
    page = (await call("audit")).json()
    numbers = [event["seq"] for event in page["events"]]
    assert numbers == sorted(numbers)
    assert page["head"] == numbers[-1]
    assert page["events"][-1]["action"] == "promote"
    assert page["events"][-1]["reason"] == "better"
    newest = (await call("audit", newest="1", limit="1")).json()
    assert [event["seq"] for event in newest["events"]] == numbers[-1:]
    later = (await call("audit", after=str(numbers[0]))).json()
    assert [event["seq"] for event in later["events"]] == numbers[1:]
    other = (await call("audit", model="fraud")).json()
    assert {event["model"] for event in other["events"]} == {"fraud"}
    assert other["head"] == page["head"]


async def test_the_log_of_an_empty_folder(call: Any, workspace: Workspace) -> None:
    assert (await call("audit")).json() == {"events": [], "head": 0}
    assert (await call("audit/verify")).json()["ok"] is True
    assert not workspace.data.exists()


@pytest.mark.parametrize("wrong", [{"limit": "0"}, {"limit": "1001"}, {"after": "-1"}, {"newest": "maybe"}])
async def test_questions_that_make_no_sense(call: Any, decided: Workspace, wrong: dict[str, str]) -> None:
    assert (await call("audit", **wrong)).code == 400


async def test_settings_are_told_without_what_is_in_them(call: Any, workspace: Workspace, tracked: Any) -> None:
    secret = "ab" * 32
    (workspace.root / "nbops.toml").write_text(f'[policy.tokens]\n"{secret}" = "ada"\n')
    registry.register("churn", run_id=tracked(1).run_id, workspace=workspace)
    registry.promote("churn", 1, workspace=workspace)
    reply = await call("audit")
    assert "settings" in {event["action"] for event in reply.json()["events"]}
    assert secret.encode() not in reply.body


async def test_proof_and_its_failure(call: Any, decided: Workspace) -> None:
    verdict = from_wire(AuditVerdict, (await call("audit/verify")).json())
    assert verdict.ok
    assert verdict.events > 0
    with open_ledger(decided).begin() as connection:
        connection.execute(tables.model_versions.update().values(digest="0" * 64))
    broken = from_wire(AuditVerdict, (await call("audit/verify")).json())
    assert not broken.ok
    assert {problem.kind for problem in broken.problems} == {"row"}


@pytest.fixture
def runs() -> Any:
    found = GateRuns(logging.getLogger("tests"))
    yield found
    found.stop()


def test_an_evaluation_goes_on_without_its_request_and_never_twice(runs: GateRuns) -> None:
    begun, go = [], threading.Event()

    def evaluate() -> None:
        begun.append(1)
        assert go.wait(30)

    runs.start(KEY, evaluate)
    runs.start(KEY, evaluate)
    assert runs.outcome(KEY, 0.01) == {"running": True, "failure": ""}
    go.set()
    assert runs.outcome(KEY, 30) == {"running": False, "failure": ""}
    assert begun == [1]
    runs.start(KEY, evaluate)
    assert runs.outcome(KEY, 30) == {"running": False, "failure": ""}
    assert begun == [1, 1]


def test_a_failed_evaluation_says_why_to_people_and_the_rest_to_the_log(
    runs: GateRuns, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise RegistryError("data/holdout.parquet is missing.", hint="Put it there.")

    def stumble() -> None:
        raise ZeroDivisionError("a secret of the inside")

    runs.start(KEY, refuse)
    assert runs.outcome(KEY, 30)["failure"] == "data/holdout.parquet is missing. Put it there."
    runs.start(KEY, stumble)
    assert "secret" not in runs.outcome(KEY, 30)["failure"]
    assert "a secret of the inside" in caplog.text


def test_nothing_was_begun(runs: GateRuns) -> None:
    assert runs.outcome(KEY, 0) == {"running": False, "failure": ""}
