"""One message to a webhook over HTTP, signed where it has a secret. Trying again is up to the caller."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import IO, Any

import nbops
from nbops.tracking.hooks import Hook


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Give the value of ``X-Nbops-Signature`` for a body sent at a time."""
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends elsewhere could send a signed event to anybody."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def send(hook: Hook, event: str, delivery: str, payload: Mapping[str, Any], now: float) -> tuple[str, bool]:
    """Send one message, signed where the webhook has a secret; give what went wrong, and whether that is for good.

    Parameters
    ----------
    hook
        To whom.
    event, delivery
        What the headers ``X-Nbops-Event`` and ``X-Nbops-Delivery`` say.
    payload
        What the body says, as JSON.
    now
        The time in seconds since the epoch.

    Raises
    ------
    SettingsError
        The webhook's secret or address is not there.
    """
    timestamp = str(int(now))
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"nbops/{nbops.__version__}",
        "X-Nbops-Event": event,
        "X-Nbops-Delivery": delivery,
        "X-Nbops-Timestamp": timestamp,
    }
    if hook.signs:
        headers["X-Nbops-Signature"] = signature(hook.secret(), timestamp, body)
    request = urllib.request.Request(hook.address(), data=body, headers=headers, method="POST")
    try:
        with _opener.open(request, timeout=hook.timeout) as answer:
            return ("", False) if 200 <= answer.status < 300 else (f"{hook.shown} answers {answer.status}", False)
    except urllib.error.HTTPError as error:
        error.close()
        moved = " and sends elsewhere; put that address into nbops.toml" if 300 <= error.code < 400 else ""
        # 410 is how a receiver says that it wants no more.
        return f"{hook.shown} answers {error.code}{moved}", error.code == 410
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        return f"{hook.shown} does not answer: {reason or type(error).__name__}", False
