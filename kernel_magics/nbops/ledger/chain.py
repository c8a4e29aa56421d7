"""The keyed hash chain of the audit log: what an event's code covers, and where its key lies.

Each event carries an HMAC-SHA256 over the code of the event before it, its number, the key's id and its body, so
that nobody without the key can change, drop, insert or reorder events (Schneier and Kelsey, "Secure audit logs to
support computer forensics", 1999, without their evolving keys). A cut tail shows only against a head kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from typing import Any

from nbops.errors import LedgerError, SettingsError
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.locks import file_lock

VARIABLE = "NBOPS_AUDIT_KEY"
FILE_NAME = "audit.key"
_SHORTEST = 16


def canonical(value: Any) -> str:
    """Give the one JSON text of a value: keys sorted, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def code_of(key: bytes, previous: str, seq: int, body: str) -> str:
    """Give the code (64 hexadecimal digits) of the event ``seq`` with ``body`` after the one with code ``previous``."""
    text = f"{previous}|{seq}|{key_id(key)}|{body}"
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def key_id(key: bytes) -> str:
    """Name a key without telling it."""
    return hashlib.sha256(b"nbops audit key " + key).hexdigest()[:16]


def find_key(workspace: Workspace) -> bytes | None:
    """Give the key of this workspace's audit log, or ``None`` where there is none yet.

    ``NBOPS_AUDIT_KEY`` wins over the file ``.nbops/audit.key``. Who shares a ledger shares the key.

    Raises
    ------
    SettingsError
        The key is too short to be one.
    LedgerError
        The file cannot be read.
    """
    given = os.environ.get(VARIABLE, "").strip()
    path = workspace.data / FILE_NAME
    if not given:
        try:
            given = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"The key of the audit log, {path}, cannot be read: {error}.") from error
    if len(given) < _SHORTEST:
        raise SettingsError(f"The key of the audit log is shorter than {_SHORTEST} characters.")
    return given.encode("utf-8", "surrogateescape")


def make_key(workspace: Workspace) -> bytes:
    """Give the key, made now if there is none.

    Raises
    ------
    LedgerError
        The file cannot be read.
    WorkspaceError
        The file cannot be written.
    """
    found = find_key(workspace)
    if found is not None:
        return found
    workspace.ensure()
    with file_lock(workspace.locks / "audit-key.lock", timeout=30):
        if find_key(workspace) is None:
            write_atomically(workspace.data / FILE_NAME, secrets.token_hex(32).encode(), mode=0o600)
    found = find_key(workspace)
    if found is None:
        raise LedgerError("The key of the audit log vanished while it was made.", hint="Try again.")
    return found
