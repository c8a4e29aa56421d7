"""The HTTP application: ``/ping``, ``/version``, ``/invocations``, ``/labels`` and ``/metrics``. All but the last say JSON."""

from __future__ import annotations

import hmac
import json
import logging
import time
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from nbops.errors import DataError, NbopsError
from nbops.serving.metrics import CONTENT_TYPE, ServingMetrics
from nbops.serving.protocol import answer, request_of
from nbops.serving.recording import HEADER, Recorder, given_ids
from nbops.serving.served import Served

TOKEN = "NBOPS_SERVE_TOKEN"
LARGEST = 16_000_000
_log = logging.getLogger("nbops.serving")


def application(
    served: Served, *, token: str = "", largest: int = LARGEST, recorder: Recorder | None = None
) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    served
        The model that answers.
    token
        What callers of everything but ``/ping`` must give as ``Authorization: Bearer …``; nothing if empty.
    largest
        Largest body of a request, in bytes.
    recorder
        What logs predictions and takes labels; without it neither is done.
    """
    metrics = ServingMetrics(served, recorder)

    async def ping(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def version(request: Request) -> Response:
        _allowed(request, token)
        return JSONResponse(served.facts())

    async def invocations(request: Request) -> Response:
        _allowed(request, token)
        body = await _json_body(request, largest)
        header = request.headers.get(HEADER, "")
        content, headers = await run_in_threadpool(_predicted, served, body, header, recorder, metrics)
        return Response(content, media_type="application/json", headers=headers)

    async def labels(request: Request) -> Response:
        _allowed(request, token)
        body = await _json_body(request, largest)
        assert recorder is not None
        return JSONResponse({"recorded": await run_in_threadpool(_labelled, recorder, body)})

    async def measured(request: Request) -> Response:
        _allowed(request, token)
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    app = Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/version", version, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
            Route("/metrics", measured, methods=["GET"]),
            *([Route("/labels", labels, methods=["POST"])] if recorder is not None else []),
        ],
        exception_handlers={HTTPException: _told, Exception: _broken},
    )
    return metrics.around(app)


def _predicted(
    served: Served, body: bytes, header: str, recorder: Recorder | None, metrics: ServingMetrics
) -> tuple[bytes, dict[str, str]]:
    try:
        rows, params = request_of(body, served)
        ids = given_ids(header, params, len(rows))
    except DataError as error:
        raise HTTPException(400, str(error)) from error
    started = time.perf_counter()
    try:
        said: Any = served.model.predict(rows)
        content = answer(said)
    except (ValueError, TypeError) as error:
        # The rows have the columns that the model takes; something in them it does not take.
        line = " ".join(str(error).split())[:300]
        raise HTTPException(400, f"The model does not take these rows: {line}") from error
    latency = time.perf_counter() - started
    metrics.predicted(len(rows))
    return content, {} if recorder is None else recorder.predictions(rows, said, ids, latency)


def _labelled(recorder: Recorder, body: bytes) -> int:
    try:
        return recorder.labels(json.loads(body))
    except DataError as error:
        raise HTTPException(400, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is no JSON: {error}.") from error
    except NbopsError as error:
        _log.error("labels could not be written: %s", error)
        raise HTTPException(507, "The labels could not be written; the server's log says why.") from error


async def _json_body(request: Request, largest: int) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send application/json.")
    return await _body(request, largest)


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
    507: "INSUFFICIENT_STORAGE",
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
