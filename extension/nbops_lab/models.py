"""Registered models: the list, and one more version of one."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import UsageError
from nbops_lab.base import NbopsHandler, ReadOnlyError

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

        The model's bytes are taken from the content store as they are; nothing is unpickled here.
        """
        place = await self.place()
        if place.workspace.readonly:
            raise ReadOnlyError("nbops is read-only here.", hint="Unset NBOPS_READONLY or readonly in nbops.toml.")
        self.tracked(place)
        wanted = self.body()
        if unknown := sorted(set(wanted) - _KNOWN):
            raise UsageError(f"Unknown field {unknown[0][:40]!r}.", hint=f"Known: {', '.join(sorted(_KNOWN))}.")
        if not wanted.get("run_id"):
            raise UsageError("run_id is missing.", hint="Name the run whose model is to be registered.")
        from nbops import registry

        version = await self.run(
            registry.register,
            name,
            run_id=wanted["run_id"],
            model=wanted.get("model") or None,
            alias=wanted.get("alias") or None,
            description=wanted.get("description", ""),
            workspace=place.workspace,
        )
        self.answer(version, 201)
