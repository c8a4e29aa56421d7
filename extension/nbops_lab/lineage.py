"""Lineage: what something came from and what came from it."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops_lab.base import NbopsHandler


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
        from nbops.governance.lineage import lineage

        self.answer(await self.run(lineage, place.workspace, start))
