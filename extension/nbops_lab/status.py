"""What is in force and what runs: the sidebar's first question."""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

import nbops
from nbops.errors import NbopsError
from nbops.records import Identity
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler
from nbops_lab.workspaces import Place

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


class StatusHandler(NbopsHandler):
    """``GET status``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer the workspace, the settings with their sources, and the courier's state."""
        place = await self.place()
        courier = await self.run(_courier, place)
        settings = place.workspace.settings.values()
        self.answer(
            {
                "version": nbops.__version__,
                "server_root": self.workspaces.root.as_posix(),
                "workspace": place.workspace.root.as_posix(),
                "origin": place.workspace.origin,
                "tracked": not place.empty,
                "ledger": shown(place.workspace.ledger_uri),
                "mlflow": shown(place.workspace.mlflow_uri),
                "courier": courier,
                "settings": {one.name: {"value": shown(one.value), "source": one.source} for one in settings},
                "readonly": place.workspace.readonly,
                "me": await self.run(self._me, place.workspace),
            }
        )

    def _me(self, workspace: Workspace) -> Identity | None:
        try:
            return self.identity(workspace)
        except NbopsError:  # whoever is nobody can still look
            return None


def shown(address: str) -> str:
    """Give an address without the user name and password it may carry."""
    return _USER_INFO.sub("***@", address)


def _courier(place: Place) -> dict[str, Any]:
    if place.empty:
        return {"running": False, "pending": 0, "error": ""}
    from nbops.tracking.status import courier_status

    try:
        state = courier_status(place.workspace)
    except NbopsError as error:
        return {"running": False, "pending": 0, "error": str(error)}
    return {"running": state["running"], "pending": state["pending"], "error": shown(state["error"])}
