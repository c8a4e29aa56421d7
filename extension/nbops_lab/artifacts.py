"""Files of a run, from the content store: only what the ledger names, never anything a browser would execute."""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from tornado import web

from nbops.errors import NotFoundError, WorkspaceError
from nbops.records import ArtifactRef, Run
from nbops.workspace import Workspace, blobs
from nbops_lab.base import NbopsHandler

_CHUNK = 1 << 20
_PICTURES = frozenset({"image/png", "image/jpeg"})
_TEXTS = frozenset({"text/plain", "text/csv", "text/markdown", "text/x-python", "text/x-diff", "application/json"})


class ArtifactHandler(NbopsHandler):
    """``GET runs/{run_id}/artifacts/{path}``: the bytes, checked against their digest and sent in pieces."""

    @property
    def content_security_policy(self) -> str:
        """Jupyter's own policy for data, and no scripts, forms or origin for whatever the bytes claim to be."""
        return super().content_security_policy + "; sandbox"

    @web.authenticated
    @authorized
    async def get(self, run_id: str, path: str) -> None:
        """Answer the bytes."""
        place = self.tracked(await self.place())
        artifact = await self.run(_find, place.workspace, run_id, path)
        self.set_header("Etag", f'"{artifact.digest}"')
        self.set_header("Cache-Control", "private, no-cache")
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        with await self.run(_open_checked, place.workspace, artifact.digest) as file:
            self._describe(artifact, os.fstat(file.fileno()).st_size)
            while chunk := await self.run(file.read, _CHUNK):
                self.write(chunk)
                await self.flush()
        self.finish(set_content_type=self._headers["Content-Type"])

    def _describe(self, artifact: ArtifactRef, size: int) -> None:
        kind = artifact.media_type.partition(";")[0].strip().lower()
        name = artifact.path.rpartition("/")[2] or "artifact"
        inline = kind in _PICTURES or kind in _TEXTS
        shown = kind if kind in _PICTURES else "text/plain; charset=utf-8" if inline else "application/octet-stream"
        self.set_header("Content-Type", shown)
        self.set_header("Content-Length", str(size))
        disposition = "inline" if inline else "attachment"
        self.set_header("Content-Disposition", f"{disposition}; filename*=utf-8''{quote(name, safe='')}")


def _find(workspace: Workspace, run_id: str, path: str) -> ArtifactRef:
    from nbops.tracking import search

    run: Run = search.get_run(workspace, run_id)
    for artifact in run.artifacts:
        if artifact.path == path:
            return artifact
    raise NotFoundError(f"Run {run.name} has no file {path[:200]!r}.")


def _open_checked(workspace: Workspace, digest: str) -> BinaryIO:
    """Open a stored file whose content still is what its name says; the caller reads the very bytes checked."""
    try:
        file = blobs.path_of(workspace, digest).open("rb")
    except FileNotFoundError as error:
        raise NotFoundError("The content store no longer has this file.", hint="Was .nbops/blobs cleaned?") from error
    try:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise WorkspaceError("The stored file has been changed since it was written.", hint="Restore a backup.")
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
