"""A folder with a kept state: the file with the variables, and a manifest that says what the state is of. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import PipelineError, WorkspaceError
from nbops.workspace.blobs import write_atomically

_FILE, _FORMAT = "manifest.json", 1
OUTPUTS = "outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a kept state is of.

    ``cells`` are the digests of the code cells that have run, as the notebook has them, ``number`` is that of the cell to
    go on from; ``executed`` what became of all cells that have run, injected ones included. ``kept`` and ``left`` name
    variables that are in the file and that are not; ``modules`` the user's own modules by name, with file and digest.
    ``facts`` is what else the state depends on, in words. ``outputs`` is the folder of the values given away by then.
    """

    file: str
    sha256: str
    size: int
    kernel: str
    cells: tuple[str, ...]
    number: int
    parameters: Mapping[str, Any]
    facts: Mapping[str, str]
    executed: Sequence[Mapping[str, Any]]
    kept: tuple[str, ...]
    left: tuple[str, ...]
    modules: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outputs: str = ""
    format: int = _FORMAT


def digest_of(source: str) -> str:
    """Give the digest of a cell's source; blanks at ends of lines do not count."""
    lines = [line.rstrip() for line in source.strip("\n").splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest, and remove the files of earlier ones.

    Raises
    ------
    WorkspaceError
        The folder cannot be written.
    """
    content = json.dumps(asdict(manifest), ensure_ascii=False).encode("utf-8", "backslashreplace")
    write_atomically(folder / _FILE, content, mode=0o600)
    for file in folder.glob("state-*.pickle"):
        if file.name != manifest.file:
            with contextlib.suppress(OSError):
                file.unlink()


def read_manifest(folder: Path) -> Manifest | None:
    """Read a manifest; none if there is none that can be used."""
    try:
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            return None
        tuples = {name: tuple(content[name]) for name in ("cells", "kept", "left")}
        return Manifest(**content | tuples)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def state_file(folder: Path, manifest: Manifest) -> Path:
    """Give the file with the variables, checked.

    Raises
    ------
    PipelineError
        It is gone or was changed since it was written.
    """
    path = folder / Path(manifest.file).name
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == manifest.sha256
    except OSError as error:
        raise PipelineError("the kept state is gone") from error
    if not same:
        raise PipelineError("the kept state has been changed since it was written")
    return path


def remove(folder: Path) -> None:
    """Remove a kept state; whatever else lies in the folder stays."""
    with contextlib.suppress(OSError):
        (folder / _FILE).unlink(missing_ok=True)
        for file in [*folder.glob("state-*.pickle"), *folder.glob(".writing-*")]:
            file.unlink(missing_ok=True)
        shutil.rmtree(folder / OUTPUTS, ignore_errors=True)
        folder.rmdir()


def copy(source: Path, target: Path) -> None:
    """Copy a kept state.

    Raises
    ------
    WorkspaceError
        It cannot be written.
    """
    try:
        if source.resolve() != target.resolve():
            shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise WorkspaceError(f"{target} cannot be written: {error}.") from error


def resumable(folder: Path) -> int:
    """Give the number of the cell from which a kept state lets a notebook go on; 0 when there is none."""
    manifest = read_manifest(folder)
    return manifest.number if manifest is not None and (folder / manifest.file).is_file() else 0
