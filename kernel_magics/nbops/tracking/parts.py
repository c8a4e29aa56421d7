"""Files of a run, ready for the outbox."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import re
from typing import Any

from nbops.records import ArtifactRef


def file_part(data: bytes, path: str, kind: str = "file") -> tuple[ArtifactRef, bytes]:
    """Give a file and its reference; the path stays inside the run."""
    safe = "/".join(part for part in re.split(r"[\\/]+", path) if part not in {"", ".", ".."}) or "file"
    media = mimetypes.guess_type(safe)[0] or "application/octet-stream"
    digest = hashlib.sha256(data).hexdigest()
    return ArtifactRef(path=safe, digest=digest, size=len(data), media_type=media, kind=kind), data


def picture_part(figure: Any, name: str) -> tuple[ArtifactRef, bytes]:
    """Render a matplotlib figure as PNG and give it with its reference."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return file_part(buffer.getvalue(), f"figures/{name}.png", "figure")
