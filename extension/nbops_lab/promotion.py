"""Promotion of versions: what there is to see, the gates, and every decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NotFoundError, UsageError
from nbops.records import Identity
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler, number_of
from nbops_lab.gates import Key
from nbops_lab.workspaces import Place

_KNOWN = frozenset({"target", "expected", "gate_report", "reason", "digest"})
_PICKLE = "load:pickle"
# Below what proxies wait for an answer.
_PATIENCE = 20.0
_TARGET = "Production"


class PromotionHandler(NbopsHandler):
    """``GET models/{name}/versions/{version}/promotion``: everything one must see to decide."""

    @web.authenticated
    @authorized
    async def get(self, name: str, version: str) -> None:
        """Answer a :class:`~nbops.records.PromotionView` for ``target``."""
        place = self.tracked(await self.place())
        target = self.get_query_argument("target", "") or _TARGET
        from nbops.registry.view import promotion_view

        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(promotion_view, place.workspace, name, number_of(version), target, me))


class GatesHandler(NbopsHandler):
    """``models/{name}/versions/{version}/gates``: evaluate the gates; wait for them.

    The evaluation is a subprocess of its own: no model is loaded in the server.
    """

    @web.authenticated
    @authorized
    async def get(self, name: str, version: str) -> None:
        """Answer ``{"running", "failure"}``, at the latest after 20 seconds."""
        place = self.tracked(await self.place())
        target = self.get_query_argument("target", "") or _TARGET
        await self._wait(_key(place, name, number_of(version), target))

    @web.authenticated
    @authorized
    async def post(self, name: str, version: str) -> None:
        """Begin, unless it goes on already, and answer as for ``GET``; 202 while it goes on."""
        place = self.writable(await self.place())
        target = self.fields(frozenset({"target"})).get("target") or _TARGET
        me = await self.run(self.identity, place.workspace)
        from nbops.registry import get_version
        from nbops.registry.gates import run_gates

        found = await self.run(get_version, place.workspace, name, number_of(version))
        key = _key(place, name, found.version, target)
        self.gate_runs.start(key, lambda: run_gates(place.workspace, name, found.version, target, identity=me))
        await self._wait(key)

    async def _wait(self, key: Key) -> None:
        # Not in the threads for quick calls: a few who wait would keep everybody else waiting.
        outcome = await asyncio.to_thread(self.gate_runs.outcome, key, _PATIENCE)
        self.answer(outcome, 202 if outcome["running"] else 200)


class DecisionHandler(NbopsHandler):
    """``POST models/{name}/versions/{version}/{decision}``: request, approve, reject, withdraw, promote and so on."""

    @web.authenticated
    @authorized
    async def post(self, name: str, version: str, decision: str) -> None:
        """Answer the record of the decision; a conflict names the holder, a refusal what stands against it."""
        decide = _DECISIONS.get(decision)
        if decide is None:
            raise NotFoundError(f"There is no decision {decision[:40]!r}.", hint=f"Known: {', '.join(_DECISIONS)}.")
        place = self.writable(await self.place())
        said, number = self.fields(_KNOWN), number_of(version)
        me = await self.run(self.identity, place.workspace)
        self.answer(await self.run(decide, place.workspace, name, number, me, said))


class RequestsHandler(NbopsHandler):
    """``GET requests``: promotions that wait for approval."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.PromotionRequest`, oldest first."""
        place = await self.place()
        self.answer([] if place.empty else await self.run(_open_requests, place.workspace))


def _key(place: Place, name: str, version: int, target: str) -> Key:
    return (str(place.workspace.root), name, str(version), target)


def _open_requests(workspace: Workspace) -> Any:
    from nbops.ledger import open_ledger
    from nbops.registry.approvals import open_requests

    with open_ledger(workspace).connect() as connection:
        return open_requests(connection)


Said = dict[str, str]


def _request(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    target, comment = said.get("target") or _TARGET, said.get("reason", "")
    return registry.request_promotion(name, version, target, comment=comment, identity=me, workspace=workspace)


def _approve(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    target, reason = said.get("target") or _TARGET, said.get("reason", "")
    if target == _PICKLE:
        return registry.approve_pickle(name, version, reason=reason, identity=me, workspace=workspace)
    digest = said.get("digest", "")
    return registry.approve(name, version, target, comment=reason, digest=digest, identity=me, workspace=workspace)


def _reject(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    target, reason = said.get("target") or _TARGET, said.get("reason", "")
    return registry.reject(name, version, target, reason=reason, identity=me, workspace=workspace)


def _withdraw(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    target = said.get("target") or _TARGET
    asked = (r for r in _open_requests(workspace) if (r.model, r.version, r.target) == (name, version, target))
    request = next(asked, None)
    if request is None:
        raise NotFoundError(f"Nobody asks to promote {name} version {version} to {target}.")
    registry.withdraw(request.id, reason=said.get("reason", ""), identity=me, workspace=workspace)
    return {}


def _promote(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    return registry.promote(
        name,
        version,
        said.get("target") or _TARGET,
        expect=_expected(said.get("expected", "")),
        digest=said.get("digest", ""),
        gate_report=said.get("gate_report", ""),
        reason=said.get("reason", ""),
        # What was looked at is what counts; gates that were not run are said to be missing.
        evaluate=False,
        identity=me,
        workspace=workspace,
    )


def _rollback(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    target, reason = said.get("target") or _TARGET, said.get("reason", "")
    return registry.rollback(name, target, to=version, reason=reason, identity=me, workspace=workspace)


def _archive(workspace: Workspace, name: str, version: int, me: Identity, said: Said) -> Any:
    from nbops import registry

    return registry.archive(name, version, reason=said.get("reason", ""), identity=me, workspace=workspace)


def _expected(text: str) -> Any:
    from nbops import registry

    if text == "":
        return registry.ANY
    if text == "none":
        return None
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"expected must be the number of a version or none, not {text[:40]!r}.")
    return int(text)


_DECISIONS: dict[str, Callable[[Workspace, str, int, Identity, Said], Any]] = {
    "request": _request,
    "approve": _approve,
    "reject": _reject,
    "withdraw": _withdraw,
    "promote": _promote,
    "rollback": _rollback,
    "archive": _archive,
}
