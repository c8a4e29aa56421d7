"""Results that a team shares: what is taken from a remote, whether it is believed, and what goes there.

Everything is checked by its digest. A remote that does not answer is a warning, once for a build, and never more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import queue
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.pipelines.cache.manifest import Result, manifest, read_manifest
from nbops.pipelines.cache.remote import Beat, Patience, Store, store_for
from nbops.pipelines.secrets import is_marked
from nbops.redaction import redact
from nbops.workspace import Workspace
from nbops.workspace.blobs import path_of
from nbops.workspace.caching import KEY, CacheSettings

_LARGEST_MANIFEST = 64 << 20
_log = logging.getLogger("nbops.pipelines")


class Team:
    """The remote of a workspace, for one build; without one nothing is found and nothing goes anywhere.

    Parameters
    ----------
    workspace
        Whose content store takes what comes.
    settings
        Where the remote is and how far it is trusted.

    Raises
    ------
    MissingExtraError
        The address needs a package that is not installed.
    """

    def __init__(self, workspace: Workspace, settings: CacheSettings) -> None:
        self._workspace, self._settings = workspace, settings
        self._store: Store | None = store_for(settings.remote) if settings.remote else None
        web = settings.remote.startswith(("http://", "https://"))
        self._pushes = not web if settings.push is None else settings.push
        self._patience = Patience()
        self._waiting: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        self._pusher: threading.Thread | None = None

    def pull(self, key: str) -> Result | None:
        """Give the result of a key, with its bytes in the content store, if it is there and may be used."""
        store = self._store
        if store is None:
            return None
        try:
            content = self._patience.call(_json, store, _manifest_name(key))
            if content is None or (result := self._believed(content, key)) is None:
                return None
            for digest, size in result.sizes.items():
                path = path_of(self._workspace, digest)
                if not path.exists() or path.stat().st_size != size:
                    self._patience.call(_fetch, store, digest, size, path)
        except (OSError, ValueError) as error:
            self._lost(error)
            return None
        return result

    def push(self, result: Result) -> None:
        """Give others a result, beside what else goes on."""
        secret = is_marked(result.parts.get("parameters")) or is_marked(result.parts.get("environment"))
        if self._store is None or not self._pushes or secret:
            return
        if self._pusher is None:
            self._pusher = threading.Thread(target=self._push_all, name="nbops-cache-push", daemon=True)
            self._pusher.start()
        self._waiting.put(result)

    def close(self) -> None:
        """Wait until everything that goes to others is there, or the remote does not answer."""
        if self._pusher is not None:
            self._waiting.put(None)
            self._pusher.join()
            self._pusher = None

    def _believed(self, content: Any, key: str) -> Result | None:
        signature = content.pop("signature", "") if isinstance(content, dict) else ""
        result = replace(read_manifest(content, key), foreign=True)
        secret = os.environ.get(KEY, "")
        signed = bool(secret) and hmac.compare_digest(str(signature).encode(), sign(content, secret).encode())
        if secret and not signed:
            _log.warning("a shared result of stage %r is not used: it is not signed with our key", result.stage)
            return None
        if result.may_run_code and not (signed or self._settings.trust_models):
            _log.warning(
                "a shared result of stage %r is not used: it holds a model or a file that can run code; "
                "[cache] trust_models or %s would allow it",
                result.stage,
                KEY,
            )
            return None
        return result

    def _push_all(self) -> None:
        while (result := self._waiting.get()) is not None:
            if (store := self._store) is None:
                continue
            try:
                for digest in result.sizes:
                    self._put(store, f"blobs/{digest[:2]}/{digest}", path_of(self._workspace, digest))
                content = manifest(result)
                if secret := os.environ.get(KEY, ""):
                    content["signature"] = sign(content, secret)
                with tempfile.NamedTemporaryFile(suffix=".json") as file:
                    file.write(json.dumps(content).encode())
                    file.flush()
                    self._put(store, _manifest_name(result.key), Path(file.name))
            except OSError as error:
                self._lost(error)

    def _put(self, store: Store, name: str, path: Path) -> None:
        self._patience.call(store.put, name, path)

    def _lost(self, error: BaseException) -> None:
        """Do without the remote for the rest of this build."""
        if self._store is not None:
            self._store = None
            said = " ".join(str(error).split())[:160] or type(error).__name__
            _log.warning("the shared cache %s is not used: %s", redact(self._settings.remote)[0], redact(said)[0])


def sign(content: Mapping[str, Any], secret: str) -> str:
    """Give the signature of a manifest: HMAC with sha256 over its canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(secret.encode("utf-8", "surrogateescape"), text.encode(), hashlib.sha256).hexdigest()


def _manifest_name(key: str) -> str:
    return f"results/{key[:2]}/{key}.json"


def _json(store: Store, name: str, beat: Beat) -> Any:
    with tempfile.TemporaryFile() as file:
        if not store.get(name, file, _LARGEST_MANIFEST, beat):
            return None
        file.seek(0)
        return json.loads(file.read())


def _fetch(store: Store, digest: str, size: int, path: Path, beat: Beat) -> None:
    """Bring a file into the content store; it is there only if it is what it is called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            if not store.get(f"blobs/{digest[:2]}/{digest}", file, size, beat):
                raise FileNotFoundError(f"it lacks {digest[:12]}")
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise OSError(f"its {digest[:12]} is damaged")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
