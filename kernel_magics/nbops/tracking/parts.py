"""Files of a run, ready for the outbox."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import re
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from nbops.records import ArtifactRef


def file_part(data: bytes, path: str, kind: str = "file") -> tuple[ArtifactRef, bytes]:
    """Give a file and its reference; the path stays inside the run."""
    safe = "/".join(part for part in re.split(r"[\\/]+", path) if part not in {"", ".", ".."}) or "file"
    media = mimetypes.guess_type(safe)[0] or "application/octet-stream"
    digest = hashlib.sha256(data).hexdigest()
    return ArtifactRef(path=safe, digest=digest, size=len(data), media_type=media, kind=kind), data


def free(name: str, taken: Container[str]) -> str:
    """Give a name, numbered before its endings if it is taken."""
    folder, slash, last = name.rpartition("/")
    stem, dot, endings = last.partition(".")
    if not stem:
        stem, dot, endings = last, "", ""
    count = 1
    found = name
    while found in taken:
        count += 1
        found = f"{folder}{slash}{stem}-{count}{dot}{endings}"
    return found


def distinct(parts: Iterable[tuple[ArtifactRef, bytes]]) -> list[tuple[ArtifactRef, bytes]]:
    """Give files under a path of their own each; the same file twice under one path is one."""
    found: dict[str, tuple[ArtifactRef, bytes]] = {}
    given: set[tuple[str, str]] = set()
    for ref, data in parts:
        if (ref.path, ref.digest) in given:
            continue
        given.add((ref.path, ref.digest))
        path = free(ref.path, found)
        found[path] = (replace(ref, path=path), data)
    return list(found.values())


def picture_part(figure: Any, name: str) -> tuple[ArtifactRef, bytes]:
    """Render a matplotlib figure as PNG and give it with its reference."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return file_part(buffer.getvalue(), f"figures/{name}.png", "figure")
