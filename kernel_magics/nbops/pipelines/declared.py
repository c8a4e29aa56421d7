"""The pipelines that a folder declares."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from nbops.errors import NbopsError
from nbops.pipelines.spec import load_pipeline
from nbops.workspace.settings import FILE_NAME


def declared_pipelines(root: Path) -> tuple[tuple[str, str, str], ...]:
    """Give name, file and problem of each pipeline: tables of ``nbops.toml``, pipeline files and tagged notebooks here or one below.

    The problem is what is wrong with the declaration, in one line; mostly it is empty.
    """
    found = []
    for file, name in _candidates(root):
        try:
            pipeline = load_pipeline(name or file, root=root)
            found.append((pipeline.name, pipeline.path.as_posix(), ""))
        except NbopsError as error:
            found.append((name or file.parent.name, file.as_posix(), str(error)))
    return tuple(found)


def _candidates(root: Path) -> Iterator[tuple[Path, str]]:
    own = root / FILE_NAME
    for name in _table(own, "pipelines"):
        yield own, name
    for file in sorted((*root.glob("*.toml"), *root.glob("*/*.toml"))):
        hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
        if file.name not in {FILE_NAME, "pyproject.toml"} and not hidden and _table(file, "stages"):
            yield file, ""
    for file in sorted((*root.glob("*.ipynb"), *root.glob("*/*.ipynb"))):
        hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
        try:
            about = file.stat()
            if not hidden and _is_tagged(file, about.st_mtime_ns, about.st_size):
                yield file, ""
        except OSError:
            continue


@lru_cache(maxsize=2048)
def _is_tagged(file: Path, changed: int, size: int) -> bool:
    """Whether a notebook has a tag of a stage; looked at once as long as it does not change, because many are large."""
    return re.search(rb'(?<!\\)"stage:[^"\\]+"', file.read_bytes()) is not None


def _table(file: Path, name: str) -> dict[str, object]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8-sig")).get(name)
    except (OSError, ValueError):
        # A file that is called like a pipeline is meant to be one, and what is wrong with it should be seen.
        return {"": None} if file.name == "pipeline.toml" and name == "stages" and file.is_file() else {}
    return found if isinstance(found, dict) else {}
