"""Promotion over HTTP: what is seen, who decides, what is refused, and that one of several wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_server.auth.identity import IdentityProvider, User

from nbops import registry
from nbops.ledger.audit import read_events
from nbops.records import ModelVersion, Placement, PromotionRequest, PromotionView, from_wire
from nbops.workspace import Workspace

POLICY = """
[policy.stages.Production]
approvals = 1
roles = ["reviewer"]

[policy.roles]
ada = ["reviewer"]
ben = ["reviewer"]
"""
DECISIONS = ("request", "approve", "reject", "withdraw", "promote", "rollback", "archive")


class Named(IdentityProvider):
    """Knows people by their tokens, as JupyterHub does."""

    async def get_user_token(self, handler: Any) -> User | None:
        token = self.get_token(handler) or ""
        if token.startswith("token-of-"):
            return User(token.removeprefix("token-of-"))
        return await super().get_user_token(handler)


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbops_lab": True, "jupyter_server_terminals": False},
            "identity_provider_class": Named,
        }
    }


Decide = Callable[..., Awaitable[Any]]


@pytest.fixture
def decide(call: Any) -> Decide:
    """Ask for a decision as somebody."""

    async def send(who: str, decision: str, version: int = 1, **said: str) -> Any:
        route = f"models/churn/versions/{version}/{decision}"
        return await call(route, method="POST", body=said, headers=_as(who))

    return send


@pytest.fixture
def version(workspace: Workspace, tracked: Any) -> Callable[..., ModelVersion]:
    """Register a version that ada made."""

    def make(number: int = 1) -> ModelVersion:
        return registry.register("churn", run_id=tracked(number).run_id, author="ada", workspace=workspace)

    return make


@pytest.fixture
def governed(workspace: Workspace) -> Workspace:
    (workspace.root / "nbops.toml").write_text(POLICY)
    return workspace


def _as(who: str) -> dict[str, str]:
    return {"Authorization": f"token token-of-{who}"}


async def _view(call: Any, who: str = "ada", version: int = 1, target: str = "Production") -> PromotionView:
    reply = await call(f"models/churn/versions/{version}/promotion", target=target, headers=_as(who))
    assert reply.code == 200, reply.body
    return from_wire(PromotionView, reply.json())


async def test_the_view_joins_what_decides(call: Any, governed: Workspace, version: Any) -> None:
    made = version()
    view = await _view(call)
    assert (view.model, view.version, view.target, view.holder) == ("churn", 1, "Production", None)
    assert view.digest == made.digest
    assert (view.me.name, view.me.source, view.me.roles) == ("ada", "jupyter", ("reviewer",))
    assert [one.kind for one in view.obstacles] == ["approvals"]
    assert "somebody else" in view.can_approve
    assert (await _view(call, "ben")).can_approve == ""


async def test_asked_approved_by_a_second_person_and_promoted(
    call: Any, decide: Decide, governed: Workspace, version: Any
) -> None:
    version()
    assert (await decide("ada", "request", reason="better on the south")).code == 200
    (waiting,) = (from_wire(PromotionRequest, one) for one in (await call("requests")).json())
    assert (waiting.requested_by, waiting.comment, waiting.target) == ("ada", "better on the south", "Production")
    own = await decide("ada", "approve")
    assert own.code == 403
    assert "somebody else" in own.json()["message"]
    early = await decide("ada", "promote", expected="none")
    assert early.code == 422
    assert [one["kind"] for one in early.json()["obstacles"]] == ["approvals"]
    assert (await decide("ben", "approve", reason="looked at the segments")).code == 200
    view = await _view(call, "ben")
    assert (view.approved, view.obstacles) == (1, ())
    done = await decide("ada", "promote", expected="none", digest=view.digest, reason="better")
    assert done.code == 200, done.body
    assert (done.json()["version"], done.json()["actor"], done.json()["self_approved"]) == (1, "ada", False)
    assert registry.holder(governed, "churn", "Production") == 1
    assert (await call("requests")).json() == []
    log = [(event.action, event.actor, event.source) for event in read_events(governed)]
    assert ("refused", "ada", "jupyter") in log
    assert ("approve", "ben", "jupyter") in log
    assert ("promote", "ada", "jupyter") in log


async def test_a_wrong_role_is_refused(decide: Decide, governed: Workspace, version: Any) -> None:
    version()
    reply = await decide("eve", "approve")
    assert reply.code == 403
    assert "role" in reply.json()["message"]


async def test_an_approval_is_for_what_was_looked_at(decide: Decide, governed: Workspace, version: Any) -> None:
    version()
    reply = await decide("ben", "approve", digest="0" * 64)
    assert reply.code == 403
    assert "digest" in reply.json()["message"]


async def test_who_came_too_late_is_told_the_holder(decide: Decide, workspace: Workspace, version: Any) -> None:
    version(1), version(2)
    assert (await decide("ada", "promote", 1, expected="none")).code == 200
    late = await decide("ben", "promote", 2, expected="none")
    assert late.code == 409
    assert late.json()["holder"] == 1
    assert (await decide("ben", "promote", 2, expected="1")).code == 200


async def test_back_to_a_former_holder(call: Any, decide: Decide, workspace: Workspace, version: Any) -> None:
    version(1), version(2)
    await decide("ada", "promote", 1)
    await decide("ada", "promote", 2)
    assert (await decide("ben", "rollback", 1)).code == 400
    reply = await decide("ben", "rollback", 1, reason="too slow")
    assert reply.code == 200, reply.body
    history = [from_wire(Placement, one) for one in (await call("models/churn/history", target="Production")).json()]
    assert [(one.version, one.kind) for one in history] == [(1, "promote"), (2, "promote"), (1, "rollback")]
    assert (history[-1].reason, history[-1].actor) == ("too slow", "ben")


async def test_rejected_and_withdrawn(call: Any, decide: Decide, governed: Workspace, version: Any) -> None:
    version()
    await decide("ada", "request")
    assert (await decide("ben", "withdraw")).code == 403
    assert (await decide("ada", "withdraw")).code == 200
    assert (await decide("ada", "withdraw")).code == 404
    await decide("ada", "request")
    assert (await decide("ben", "reject")).code == 400
    assert (await decide("ben", "reject", reason="the south got worse")).code == 200
    assert (await call("requests")).json() == []


async def test_archived(call: Any, decide: Decide, workspace: Workspace, version: Any) -> None:
    version(1), version(2)
    await decide("ada", "promote", 1)
    assert (await decide("ada", "archive", 1)).code == 409
    reply = await decide("ada", "archive", 2, reason="superseded")
    assert reply.json()["lifecycle_stage"] == "Archived"


@pytest.mark.parametrize(
    ("decision", "body", "code"),
    [
        ("promote", {"expected": "three"}, 400),
        ("promote", {"expected": "-1"}, 400),
        ("promote", {"expected": 1}, 400),
        ("promote", {"exspected": "1"}, 400),
        ("promote", {"target": "../x"}, 400),
        ("promote", b"[]", 400),
        ("destroy", {}, 404),
        ("gates", {"expected": "1"}, 400),
    ],
)
async def test_what_makes_no_sense_is_told(
    call: Any, workspace: Workspace, version: Any, decision: str, body: Any, code: int
) -> None:
    version()
    reply = await call(f"models/churn/versions/1/{decision}", method="POST", body=body, headers=_as("ada"))
    assert reply.code == code, reply.body
    assert set(reply.json()) == {"message", "hint"}
    assert registry.holder(workspace, "churn", "Production") is None


@pytest.mark.parametrize("number", ["x", "-1", "1.0", "²", "9" * 400, "%00"])
async def test_a_version_is_a_number(call: Any, workspace: Workspace, version: Any, number: str) -> None:
    version()
    assert (await call(f"models/churn/versions/{number}/promotion", headers=_as("ada"))).code == 400
    assert (
        await call(f"models/churn/versions/{number}/promote", method="POST", body={}, headers=_as("ada"))
    ).code == 400


async def test_what_is_not_there(call: Any, decide: Decide, workspace: Workspace, version: Any) -> None:
    assert (await call("models/churn/versions/1/promotion", headers=_as("ada"))).code == 404
    assert (await call("requests")).json() == []
    assert not workspace.data.exists(), "a look must not create a ledger"
    version()
    assert (await decide("ada", "promote", 2)).code == 404
    assert (await call("models/other/history")).code == 404


@pytest.mark.parametrize("decision", [*DECISIONS, "gates"])
async def test_read_only(
    decide: Decide, workspace: Workspace, version: Any, decision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version()
    monkeypatch.setenv("NBOPS_READONLY", "1")
    before = read_events(workspace)
    said = {} if decision == "gates" else {"reason": "x"}
    reply = await decide("ada", decision, **said)
    assert reply.code == 403
    assert "read-only" in reply.json()["message"]
    assert read_events(workspace) == before


@pytest.mark.parametrize("decision", [*DECISIONS, "gates"])
async def test_a_shared_token_is_nobody_where_people_are_known(
    call: Any, workspace: Workspace, version: Any, decision: str
) -> None:
    """The token of the server must not lend anybody the identity of the server's own user."""
    version()
    before = read_events(workspace)
    said = {} if decision == "gates" else {"reason": "x"}
    reply = await call(f"models/churn/versions/1/{decision}", method="POST", body=said)
    assert reply.code == 403
    assert "not logged in as anybody" in reply.json()["message"]
    assert read_events(workspace) == before
    assert (await call("status")).json()["me"] is None
    assert (await call("models")).code == 200


async def test_registering_is_in_the_name_of_who_asks(call: Any, governed: Workspace, tracked: Any) -> None:
    body = {"run_id": tracked(1, author="cleo").run_id}
    reply = await call("models/churn/versions", method="POST", body=body, headers=_as("ben"))
    assert reply.code == 201, reply.body
    assert reply.json()["author"] == "ben"
    (event,) = read_events(governed, action="register")
    assert (event.actor, event.source) == ("ben", "jupyter")
    assert "somebody else" in (await _view(call, "ben")).can_approve
    assert (await _view(call, "ada")).can_approve == ""


async def test_of_eight_at_once_exactly_one_wins(call: Any, decide: Decide, workspace: Workspace, version: Any) -> None:
    versions = [version(number).version for number in range(1, 9)]
    expected = "none"
    for _ in range(10):
        racing = [number for number in versions if str(number) != expected]
        replies = await asyncio.gather(*(decide("ada", "promote", n, expected=expected) for n in racing))
        (winner,) = [n for n, reply in zip(racing, replies, strict=True) if reply.code == 200]
        told = {reply.json()["holder"] for reply in replies if reply.code != 200}
        assert {reply.code for reply in replies} == {200, 409}
        assert told == {winner}
        assert registry.holder(workspace, "churn", "Production") == winner
        expected = str(winner)
