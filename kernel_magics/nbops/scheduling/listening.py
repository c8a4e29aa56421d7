"""Fire schedules by HTTP: a small server beside the scheduler, for programs that have its token.

``POST /schedules/NAME/run`` with ``Authorization: Bearer TOKEN`` runs a schedule; an ``Idempotency-Key`` makes it run once
however often it is asked. ``GET /healthz`` answers without a token, ``GET /metrics`` in the text format of Prometheus.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

import nbops
from nbops.errors import NbopsError, NotFoundError, UsageError
from nbops.ledger import open_ledger, tables
from nbops.ledger.owning import owned
from nbops.monitoring.exposition import monitor_metrics
from nbops.records import Identity, to_wire
from nbops.scheduling.history import run_now
from nbops.scheduling.settings import read_scheduler
from nbops.workspace import Workspace
from nbops.workspace.settings import FILE_NAME

TOKEN = "NBOPS_SCHEDULER_TOKEN"
_SHORTEST, _LONGEST_BODY, _TIMEOUT = 16, 65536, 30
_DIGITS = 9
_ASKER = Identity(name="http", source="token")


def token_digest(workspace: Workspace) -> str:
    """Give the sha256 of the token that callers must show.

    Raises
    ------
    UsageError
        There is none, or it is too short to be one.
    SettingsError
        ``[scheduler]`` cannot be used.
    """
    token = os.environ.get(TOKEN, "")
    if token:
        if len(token) < _SHORTEST:
            raise UsageError(f"{TOKEN} holds less than {_SHORTEST} letters.")
        return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    found = read_scheduler(workspace).token_sha256
    if not found:
        raise UsageError(
            "Without a token nobody may fire schedules by HTTP.",
            hint=f"Set {TOKEN}, or token_sha256 in [scheduler] of {FILE_NAME}.",
        )
    return found


def address_of(text: str) -> tuple[str, int]:
    """Read ``HOST:PORT``.

    Raises
    ------
    UsageError
        It is none.
    """
    host, sign, port = text.rpartition(":")
    if not sign or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {text}: that is no HOST:PORT.", hint="Write --listen 127.0.0.1:8321")
    return host.strip("[]"), int(port)


@contextlib.contextmanager
def listening(workspace: Workspace, address: tuple[str, int], leads: Callable[[], bool]) -> Iterator[tuple[str, int]]:
    """Listen for a block; give the address, with the port that was taken where 0 was asked for.

    Parameters
    ----------
    workspace
        Whose schedules can be fired.
    address
        Host and port.
    leads
        Tells whether the scheduler beside it leads, for ``/metrics``.

    Raises
    ------
    UsageError
        The address cannot be listened on, or there is no token.
    """
    digest = token_digest(workspace)
    handler = type("Handler", (_Handler,), {"workspace": workspace, "digest": digest, "leads": staticmethod(leads)})
    try:
        server = ThreadingHTTPServer(address, handler)
    except (OSError, OverflowError) as error:
        raise UsageError(f"{address[0]}:{address[1]} cannot be listened on: {error}.") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="nbops-listener", daemon=True)
    thread.start()
    try:
        yield address[0], server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    workspace: Workspace
    digest: str
    leads: Callable[[], bool]
    timeout = _TIMEOUT
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"nbops/{nbops.__version__}", ""

    def do_GET(self) -> None:
        """Answer ``/healthz`` and ``/metrics``."""
        path = urlsplit(self.path).path
        if path == "/healthz":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        elif path == "/metrics":
            if self._allowed():
                self._guarded(self._metrics)
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"message": "There is nothing here."})

    def do_POST(self) -> None:
        """Fire a schedule."""
        if not self._read_away() or not self._allowed():
            return
        parts = urlsplit(self.path).path.split("/")
        if len(parts) != 4 or parts[1] != "schedules" or parts[3] != "run":
            self._answer(HTTPStatus.NOT_FOUND, {"message": "POST /schedules/NAME/run runs a schedule."})
            return
        name, key = unquote(parts[2]), self.headers.get("Idempotency-Key", "")
        self._guarded(lambda: self._run(name, key))

    def log_message(self, *args: Any) -> None:
        """Say nothing: who may ask is known, and what ran stands in the history."""

    def _run(self, name: str, key: str) -> None:
        run = run_now(self.workspace, name, identity=_ASKER, key=key and f"http:{key}")
        self._answer(HTTPStatus.ACCEPTED, to_wire(run))

    def _metrics(self) -> None:
        r = tables.schedule_runs
        query = select(r.c.status, func.count()).where(owned(self.workspace, r)).group_by(r.c.status)
        with open_ledger(self.workspace).connect() as connection:
            counts = connection.execute(query).all()
        lines = [
            "# HELP nbops_scheduler_leads Whether this process looks after the schedules.",
            "# TYPE nbops_scheduler_leads gauge",
            f"nbops_scheduler_leads {int(self.leads())}",
            "# HELP nbops_schedule_runs Times that schedules came due, by what became of them.",
            "# TYPE nbops_schedule_runs gauge",
            *(f'nbops_schedule_runs{{status="{status}"}} {count}' for status, count in sorted(map(tuple, counts))),
        ]
        text = "\n".join(lines) + "\n" + monitor_metrics(self.workspace).decode()
        self._send(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", text)

    def _allowed(self) -> bool:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        shown = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
        # Compared in any case, and in the same time whatever it is.
        same = hmac.compare_digest(shown, self.digest)
        if same and kind.lower() == "bearer":
            return True
        self._answer(HTTPStatus.UNAUTHORIZED, {"message": "That needs the scheduler's token."})
        return False

    def _read_away(self) -> bool:
        """Read the body, of which nothing is wanted; give whether it could be."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isascii() or not length.isdigit():
            self._answer(HTTPStatus.LENGTH_REQUIRED, {"message": "The length of the body must be said."})
            return False
        if len(length) > _DIGITS or int(length) > _LONGEST_BODY:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"message": "No body is wanted."})
            return False
        self.rfile.read(int(length))
        return True

    def _guarded(self, function: Callable[[], None]) -> None:
        try:
            function()
        except NbopsError as error:
            status = HTTPStatus.NOT_FOUND if isinstance(error, NotFoundError) else HTTPStatus.BAD_REQUEST
            self._answer(status, {"message": error.message, "hint": error.hint})

    def _answer(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value) + "\n")

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        # What was not read would be taken for the next request.
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
