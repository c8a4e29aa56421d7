"""Run the application in this process until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from nbops.errors import NbopsError


def listen(host: str, port: int) -> socket.socket:
    """Take an address; port 0 is any that is free.

    Raises
    ------
    NbopsError
        It is taken, not ours to take, or none.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise NbopsError(
            f"{host}:{port} cannot be listened on: {reason}.", hint="Give another --port; 0 is any."
        ) from error
    return found


def serve(
    app: ASGIApp, taken: socket.socket, ready: Callable[[str], None], ended: Callable[[], None] = lambda: None
) -> None:
    """Answer on a socket until the process is interrupted or terminated.

    Parameters
    ----------
    app
        What answers.
    taken
        What :func:`listen` gave.
    ready
        Called with the address as soon as it answers.
    ended
        Called when the last request is answered, before what has stopped it ends the process.
    """
    host, port = taken.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    server = _Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", server_header=False))
    server.told = lambda: ready(f"http://{shown}:{port}")
    server.ended = ended
    server.run(sockets=[taken])


class _Server(uvicorn.Server):
    told: Callable[[], None]
    ended: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.told()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self.ended()
