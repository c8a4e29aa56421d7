"""What every handler shares: who may ask, how errors look, where blocking calls run."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from nbops.errors import (
    ApprovalRefused,
    DataError,
    InvalidPipeline,
    LedgerError,
    NbopsError,
    NotFoundError,
    PipelineError,
    PromotionConflict,
    PromotionRefused,
    RegistryError,
    UsageError,
)
from nbops.faults import Faults
from nbops.records import Identity, to_wire
from nbops.workspace import Workspace
from nbops_lab.gates import GateRuns
from nbops_lab.people import NotIdentifiedError, identity_of
from nbops_lab.workspaces import ForbiddenPathError, Place, Workspaces

P = ParamSpec("P")
T = TypeVar("T")


class ReadOnlyError(NbopsError):
    """The workspace may only be looked at."""


_STATUS: tuple[tuple[type[NbopsError], int], ...] = (
    (ForbiddenPathError, 403),
    (ReadOnlyError, 403),
    (NotIdentifiedError, 403),
    (ApprovalRefused, 403),
    (PromotionRefused, 422),
    (NotFoundError, 404),
    (UsageError, 400),
    (RegistryError, 409),
    (InvalidPipeline, 422),
    (DataError, 422),
    (PipelineError, 409),
    (LedgerError, 503),
)
_DIGITS = 9
_LOADING = threading.Lock()
_LONG = 1 << 15
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})


class NbopsHandler(APIHandler):
    """Base of the handlers under ``nbops/api``.

    Every request needs a logged-in user, also where the server lets handlers decide (``prepare``); writing needs the
    XSRF token unless the request carries the server's token itself, which is Jupyter's own rule.
    """

    auth_resource = "nbops"

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse who is not logged in, whatever the verb and whether it exists."""
        await super().prepare()
        if not self.current_user:
            raise web.HTTPError(403)

    @web.authenticated
    @authorized
    def options(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Answer a preflight of a logged-in user; pages of other origins have no business here."""
        super().options(*args, **kwargs)

    @property
    def workspaces(self) -> Workspaces:
        """The workspaces of this server."""
        found: Workspaces = self.settings["nbops"]
        return found

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in a thread."""
        loop = asyncio.get_running_loop()

        def work() -> T:
            _load()
            return function(*args, **kwargs)

        return await loop.run_in_executor(self.workspaces.threads, work)

    async def place(self, path: str | None = None) -> Place:
        """Give the workspace and notebook that ``path`` (by default the parameter) names, and watch that workspace."""
        named = self.get_query_argument("path", "", strip=False) if path is None else path

        def find() -> Place:
            place = self.workspaces.locate(named)
            try:
                self.workspaces.attend(place)
            except (NbopsError, OSError) as error:  # a courier that does not start must not hide the runs
                self.log.warning("nbops: %s", error)
            return place

        place = await self.run(find)
        self.workspaces.watcher.start()
        return place

    def tracked(self, place: Place) -> Place:
        """Give ``place`` back if anything was ever tracked there; a look must not create a ledger."""
        if place.empty:
            raise NotFoundError("Nothing has been tracked here yet.", hint="Run a cell that starts with %%track.")
        return place

    def changeable(self, place: Place) -> Place:
        """Give ``place`` back if it may be changed."""
        if place.workspace.readonly:
            raise ReadOnlyError("nbops is read-only here.", hint="Unset NBOPS_READONLY or readonly in nbops.toml.")
        return place

    def writable(self, place: Place) -> Place:
        """Give ``place`` back if something was tracked there and it may be changed."""
        return self.tracked(self.changeable(place))

    def identity(self, workspace: Workspace) -> Identity:
        """Give who acts by this request. Reads settings: call it in a thread."""
        return identity_of(self.identity_provider, self.current_user, workspace)

    @property
    def gate_runs(self) -> GateRuns:
        """Evaluations of gates under way."""
        found: GateRuns = self.settings["nbops_gates"]
        return found

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """Read a whole number from the query."""
        text = self.get_query_argument(name, "")
        try:
            value = int(text) if text else default
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise UsageError(f"{name} must be a whole number from {least} to {most}, not {text[:40]!r}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Read a yes or no from the query."""
        text = self.get_query_argument(name, "1" if default else "0").lower()
        if text not in _TRUE | _FALSE:
            raise UsageError(f"{name} must be 1 or 0, not {text[:40]!r}.")
        return text in _TRUE

    def body(self) -> dict[str, str]:
        """Read the request's JSON object, whose values must all be strings."""
        try:
            found = json.loads(self.request.body or b"{}")
        except (UnicodeDecodeError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise UsageError("The body must be a JSON object of strings.")
        return found

    def typed(self, known: Mapping[str, Callable[[object], bool]]) -> dict[str, Any]:
        """Read the request's JSON object, whose names must be known and whose values are what these tests say."""
        try:
            found = json.loads(self.request.body or b"{}")
        except (UnicodeDecodeError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise UsageError("The body must be a JSON object.")
        faults = Faults()
        for name, value in found.items():
            if name not in known:
                raise UsageError(f"Unknown field {name[:40]!r}.", hint=f"Known: {', '.join(sorted(known))}.")
            with faults.about(name):
                if not known[name](value):
                    raise UsageError(f"The field {name!r} is of the wrong kind.")
        faults.settle()
        return found

    def fields(self, known: frozenset[str]) -> dict[str, str]:
        """Read the request's JSON object, whose names must all be known: a slip must not change what is meant."""
        found = self.body()
        if unknown := sorted(set(found) - known):
            raise UsageError(f"Unknown field {unknown[0][:40]!r}.", hint=f"Known: {', '.join(sorted(known))}.")
        return found

    def answer(self, value: Any, status: int = 200) -> None:
        """Finish with a record, or a container of records, as JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(self.squeezed(json.dumps(to_wire(value), allow_nan=False).encode()))

    def squeezed(self, body: bytes) -> bytes:
        """Compress a long answer, if whoever asked takes that: a run of a thousand stages is asked for each second."""
        if len(body) < _LONG or "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            return body
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding")
        return gzip.compress(body, compresslevel=1)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as ``{"message", "hint"}``; what is not meant for people goes to the log only.

        What is wrong with one ``field`` names it, what is wrong with others is in ``further``; a conflict has the
        ``holder``, a refused promotion its ``obstacles``.
        """
        error = kwargs.get("exc_info", (None, None, None))[1]
        message, hint = "Something went wrong in nbops.", "The server's log says more."
        if isinstance(error, NbopsError):
            self.set_status(_status(error))
            message, hint = error.message, error.hint
        elif isinstance(error, web.HTTPError):
            message, hint = error.log_message or self._reason, ""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message, "hint": hint, **_facts(error)}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log expected errors in one line, the others whole."""
        if isinstance(value, NbopsError):
            self.log.warning("nbops: %s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)


def _load() -> None:
    """Import what nearly every request needs by one thread alone.

    SQLAlchemy's packages import their own modules at once, and threads that enter them by different modules get half of
    one: Python promises no more. Those of nbops can be entered by any of their modules.
    """
    with _LOADING:
        importlib.import_module("sqlalchemy")


def number_of(version: str) -> int:
    """Read the number of a version from an address.

    Raises
    ------
    UsageError
        It is none.
    """
    if not version.isascii() or not version.isdigit() or len(version) > _DIGITS:
        raise UsageError(f"A version has a number, not {version[:40]!r}.")
    return int(version)


def _status(error: NbopsError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _facts(error: object) -> dict[str, Any]:
    if isinstance(error, NbopsError) and (error.field or error.further):
        further = [{"field": one.field, "message": one.message, "hint": one.hint} for one in error.further]
        return {"field": error.field, "further": further}
    if isinstance(error, PromotionConflict):
        return {"holder": error.holder}
    if isinstance(error, PromotionRefused):
        pairs = zip(error.kinds, error.reasons, strict=True)
        return {"obstacles": [{"kind": kind, "message": message} for kind, message in pairs]}
    return {}
