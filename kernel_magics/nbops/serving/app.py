"""The HTTP application: ``/ping``, ``/version`` and ``/invocations``. Everything it says is JSON."""

from __future__ import annotations

import hmac
import logging

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nbops.errors import DataError
from nbops.serving.protocol import answer, rows_of
from nbops.serving.served import Served

TOKEN = "NBOPS_SERVE_TOKEN"
LARGEST = 16_000_000
_log = logging.getLogger("nbops.serving")


def application(served: Served, *, token: str = "", largest: int = LARGEST) -> Starlette:
    """Make the application.

    Parameters
    ----------
    served
        The model that answers.
    token
        What callers of everything but ``/ping`` must give as ``Authorization: Bearer …``; nothing if empty.
    largest
        Largest body of a request, in bytes.
    """

    async def ping(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def version(request: Request) -> Response:
        _allowed(request, token)
        return JSONResponse(served.facts())

    async def invocations(request: Request) -> Response:
        _allowed(request, token)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPException(415, "Send application/json.")
        body = await _body(request, largest)
        content = await run_in_threadpool(_predicted, served, body)
        return Response(content, media_type="application/json")

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/version", version, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _told, Exception: _broken},
    )


def _predicted(served: Served, body: bytes) -> bytes:
    try:
        rows = rows_of(body, served)
    except DataError as error:
        raise HTTPException(400, str(error)) from error
    try:
        return answer(served.model.predict(rows))
    except (ValueError, TypeError) as error:
        # The rows have the columns that the model takes; something in them it does not take.
        line = " ".join(str(error).split())[:300]
        raise HTTPException(400, f"The model does not take these rows: {line}") from error


async def _body(request: Request, largest: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise HTTPException(413, f"The body is larger than {largest:,} bytes.")
        parts.append(part)
    return b"".join(parts)


def _allowed(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "Give the token: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})


_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "ERROR")
    return JSONResponse({"error_code": code, "message": error.detail}, error.status_code, error.headers)


async def _broken(_: Request, error: Exception) -> Response:
    # What broke is for whoever runs the server, not for whoever calls it.
    _log.error("a prediction failed", exc_info=error)
    return JSONResponse(
        {"error_code": "INTERNAL_ERROR", "message": "The model failed; the server's log says how."}, 500
    )
