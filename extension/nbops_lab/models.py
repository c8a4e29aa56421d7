"""Registered models: the list, and one more version of one."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops_lab.base import NbopsHandler, number_of

_KNOWN = frozenset({"run_id", "model", "alias", "description"})


class ModelsHandler(NbopsHandler):
    """``GET models``: every registered model with its versions."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer a list of :class:`~nbops.records.RegisteredModel`."""
        place = await self.place()
        if place.empty:
            self.answer([])
            return
        from nbops import registry

        self.answer(await self.run(registry.list_models, place.workspace))


class VersionsHandler(NbopsHandler):
    """``POST models/{name}/versions``: register the model of a run."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Answer the new :class:`~nbops.records.ModelVersion` with status 201.

        Nothing is unpickled in the server. With an alias, a 409 or 422 means that the version is registered and the
        alias did not go to it.
        """
        place = self.writable(await self.place())
        wanted = self.fields(_KNOWN)
        if not wanted.get("run_id"):
            raise UsageError("run_id is missing.", hint="Name the run whose model is to be registered.")
        from nbops import registry

        me = await self.run(self.identity, place.workspace)
        version = await self.run(
            registry.register,
            name,
            run_id=wanted["run_id"],
            model=wanted.get("model") or None,
            alias=wanted.get("alias") or None,
            description=wanted.get("description", ""),
            # The workspace's author is the server's own user; who is known by name is named.
            author=me.name if me.source == "jupyter" else None,
            identity=me,
            isolated=True,
            workspace=place.workspace,
        )
        self.answer(version, 201)


class HistoryHandler(NbopsHandler):
    """``GET models/{name}/history``: who held which lifecycle stage or alias."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Answer a list of :class:`~nbops.records.Placement`, oldest first."""
        place = self.tracked(await self.place())
        from nbops import registry

        target = self.get_query_argument("target", "")
        self.answer(await self.run(registry.history, place.workspace, name, target=target))


class CardHandler(NbopsHandler):
    """``models/{name}/versions/{version}/card``: the model card; write fields of it."""

    @web.authenticated
    @authorized
    async def get(self, name: str, version: str) -> None:
        """Answer a :class:`~nbops.records.ModelCard`."""
        place = self.tracked(await self.place())
        from nbops.registry.card import model_card

        self.answer(await self.run(model_card, place.workspace, name, number_of(version)))

    @web.authenticated
    @authorized
    async def post(self, name: str, version: str) -> None:
        """Take fields and their texts, and answer the card as it is then."""
        place = self.writable(await self.place())
        texts, number = self.body(), number_of(version)
        me = await self.run(self.identity, place.workspace)
        from nbops.registry.card import edit_card

        self.answer(await self.run(edit_card, name, number, texts, identity=me, workspace=place.workspace))
