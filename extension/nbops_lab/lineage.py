"""Lineage: what something came from and what came from it."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops.records import Lineage
from nbops.workspace import Workspace
from nbops_lab.base import NbopsHandler
from nbops_lab.workspaces import ForbiddenPathError


class LineageHandler(NbopsHandler):
    """``GET lineage``: the graph around ``start``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a :class:`~nbops.records.Lineage`."""
        place = self.tracked(await self.place())
        start = self.get_query_argument("start", "")
        if not start:
            raise UsageError("start is missing.", hint="Name a model, a version (churn@3), a run or data.")
        self.answer(await self.run(_lineage, place.workspace, start))


def _lineage(workspace: Workspace, start: str) -> Lineage:
    from nbops.governance.lineage import lineage

    _confine(workspace, start)
    return lineage(workspace, start)


def _confine(workspace: Workspace, start: str) -> None:
    """Refuse paths that lead outside: a data file is known by its content, and a page must not have others read."""
    try:
        inside = (workspace.root / start).resolve().is_relative_to(workspace.root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long, a NUL
        inside = False
    if not inside or start.startswith("~"):
        raise ForbiddenPathError(
            "The path leads outside the workspace.", hint="Name data by its fingerprint: data:9c41f0…"
        )
