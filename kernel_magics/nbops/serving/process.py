"""A served model in a process of its own on this machine, for whoever wants to try it before others get it."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any

from nbops.errors import NbopsError
from nbops.serving.app import TOKEN
from nbops.workspace import Workspace

_STOPPING = 10.0
# Where this process listens; requests to it go by no proxy.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServedProcess:
    """``nbops serve`` on a free port of 127.0.0.1, with a token that nobody else knows; it ends with the block.

    Parameters
    ----------
    which
        ``NAME``, ``NAME@TARGET`` or ``NAME/VERSION``.
    workspace
        Where it is registered.
    timeout
        Seconds it may take to answer for the first time, and for each request.

    Attributes
    ----------
    facts : dict
        What it says of itself: ``url``, ``model``, ``version``, ``digest``, ``columns``, …
    """

    def __init__(self, which: str, workspace: Workspace, *, timeout: float = 60.0) -> None:
        self._which, self._workspace, self._timeout = which, workspace, timeout
        self._token = secrets.token_urlsafe(24)
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> ServedProcess:
        command = [
            sys.executable,
            "-m",
            "nbops",
            "serve",
            self._which,
            "--port",
            "0",
            "--json",
            "--with-caller",
            "--no-log",
        ]
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*command, "-C", str(self._workspace.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, TOKEN: self._token},
        )
        try:
            self.facts = json.loads(self._first_line())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; twice is harmless."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOPPING)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()

    def get(self, path: str) -> tuple[int, Any]:
        """Ask for ``path``; give the status and what it said."""
        return self._ask(urllib.request.Request(self.facts["url"] + path))

    def post(self, body: Mapping[str, Any] | bytes) -> tuple[int, Any]:
        """Send rows to ``/invocations``; give the status and what it said."""
        data = body if isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
        headers = {"Content-Type": "application/json"}
        return self._ask(urllib.request.Request(f"{self.facts['url']}/invocations", data=data, headers=headers))

    def _ask(self, request: urllib.request.Request) -> tuple[int, Any]:
        request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with _OPENER.open(request, timeout=self._timeout) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except (OSError, ValueError) as error:
            raise NbopsError(f"The served model does not answer: {error}.", hint=self._said()) from error

    def _first_line(self) -> bytes:
        assert self._process.stdout is not None
        end = time.monotonic() + self._timeout
        while time.monotonic() < end:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                line = self._process.stdout.readline()
                if line:
                    return line
                self._process.wait()
                raise NbopsError(f"{self._which} is not served: {self._said() or 'its process ended'}")
        raise NbopsError(f"{self._which} does not answer within {self._timeout:g} s.", hint=self._said())

    def _said(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("nbops: ")[:300] if lines else ""
