"""Runs: a page of them, one whole, its series, the experiments."""

from __future__ import annotations

from typing import Any, get_args

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops.records import RunPage, RunStatus
from nbops_lab.base import NbopsHandler

MOST_ROWS = 500
_STATUS = frozenset({"", *get_args(RunStatus)})


class RunsHandler(NbopsHandler):
    """``GET runs``: a page of runs, those still in the outbox included."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a :class:`~nbops.records.RunPage`."""
        place = await self.place()
        wanted = self._wanted(place.notebook)
        if place.empty:
            self.answer(RunPage(runs=(), total=0, offset=wanted["offset"], limit=wanted["limit"]))
            return
        from nbops.tracking import search

        self.answer(await self.run(search.search_runs, place.workspace, **wanted))

    def _wanted(self, notebook: str) -> dict[str, Any]:
        only_here = self.flag("notebook", False)
        if only_here and not notebook:
            raise UsageError("notebook=1 needs the notebook's path.", hint="Send it as the path parameter.")
        status = self.get_query_argument("status", "")
        if status not in _STATUS:
            raise UsageError(
                f"There is no status {status[:40]!r}.", hint=f"Known: {', '.join(sorted(_STATUS - {''}))}."
            )
        return {
            "query": self.get_query_argument("q", ""),
            "notebook": notebook if only_here else "",
            "experiment": self.get_query_argument("experiment", ""),
            "status": status,
            "kind": self.get_query_argument("kind", ""),
            "parent_id": self.get_query_argument("parent", None),
            "sort": self.get_query_argument("sort", "") or "started_at",
            "descending": self.flag("descending", True),
            "include_mlflow": self.flag("mlflow", True),
            "offset": self.whole("offset", 0),
            "limit": self.whole("limit", 50, least=1, most=MOST_ROWS),
        }


class RunHandler(NbopsHandler):
    """``GET runs/{run_id}``: one run as its card."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Answer a :class:`~nbops.records.Card`."""
        place = self.tracked(await self.place())
        from nbops.tracking import search

        self.answer(await self.run(search.card_of, place.workspace, run_id))


class SeriesHandler(NbopsHandler):
    """``GET runs/{run_id}/series``: every point of every metric."""

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """Answer a list of :class:`~nbops.records.MetricPoint`."""
        place = self.tracked(await self.place())
        from nbops.tracking import search

        self.answer(await self.run(search.metric_series, place.workspace, run_id))


class ExperimentsHandler(NbopsHandler):
    """``GET experiments``: their names."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of names."""
        place = await self.place()
        if place.empty:
            self.answer([])
            return
        from nbops.tracking import search

        page: RunPage = await self.run(search.search_runs, place.workspace, limit=1)
        self.answer(page.experiments)
