"""The audit log: its events, its proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NbopsError
from nbops.records import AuditEvent, AuditVerdict
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler

MOST_EVENTS = 1000


class AuditHandler(NbopsHandler):
    """``GET audit``: events of the log."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer ``{"events", "head"}``: oldest first, and the number of the log's last event."""
        place = await self.place()
        wanted: dict[str, Any] = {
            "after": self.whole("after", 0),
            "limit": self.whole("limit", 100, least=1, most=MOST_EVENTS),
            "model": self.get_query_argument("model", ""),
            "action": self.get_query_argument("action", ""),
            "newest": self.flag("newest", False),
        }
        if place.empty:
            self.answer({"events": [], "head": 0})
            return
        events, head = await self.run(_read, place.workspace, wanted)
        self.answer({"events": [_told(event) for event in events], "head": head})


class VerifyHandler(NbopsHandler):
    """``GET audit/verify``: prove the log and that the registry agrees with it."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer an :class:`~nbops.records.AuditVerdict`."""
        place = await self.place()
        if place.empty:
            self.answer(AuditVerdict(ok=True, events=0, rows=0, head=""))
            return
        heads: list[tuple[int, str]] = []
        try:
            heads = await self.run(_heads_outside, place.workspace)
        except NbopsError as error:
            # A server that is away must not keep the log from being proved by all that is here.
            self.log.warning("nbops: the heads noted in MLflow could not be compared: %s", error)
        self.answer(await self.run(_verify, place.workspace, heads))


def _read(workspace: Workspace, wanted: dict[str, Any]) -> tuple[tuple[AuditEvent, ...], int]:
    from nbops.ledger.audit import head, read_events

    # The head first: an event that comes in between is then told the next time, not never.
    last = head(workspace)[0]
    return read_events(workspace, **wanted), last


def _told(event: AuditEvent) -> AuditEvent:
    """Leave out what a list does not show: digests of rows, and the settings with hashes of tokens in them."""
    detail = {"digest": event.detail.get("digest", "")} if event.action == "settings" else event.detail
    return replace(event, rows={}, detail=detail)


def _heads_outside(workspace: Workspace) -> list[tuple[int, str]]:
    from nbops.tracking.registry_heads import audit_heads_in_mlflow

    return audit_heads_in_mlflow(workspace)


def _verify(workspace: Workspace, heads: list[tuple[int, str]]) -> AuditVerdict:
    from nbops.ledger.verification import verify

    return verify(workspace, heads)
