"""Take over what other machines have packed: see :mod:`nbops.pipelines.cache.carrying`."""

from __future__ import annotations

import contextlib
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nbops.errors import NotFoundError, PipelineError
from nbops.pipelines.cache.carrying import CARRIED, FORMAT, HEADS, KEY, values_of
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.ownership import workspace_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was taken over: packs, files of ``.nbops``, and files of stages."""

    packs: tuple[str, ...]
    files: int
    written: tuple[str, ...]


def unpack(workspace: Workspace, sources: Sequence[Path]) -> Unpacked:
    """Take over what other machines have packed, the newest first.

    Parameters
    ----------
    workspace
        Where it goes.
    sources
        Packs, and folders of packs; an empty or absent folder has none.

    Raises
    ------
    NotFoundError
        There is no such file.
    PipelineError
        A file is no pack.
    LedgerError
        The registry was changed on two machines.
    """
    workspace.ensure()
    found = sorted(((_about(path), path) for path in _packs(sources)), key=lambda item: -float(item[0]["at"]))
    files, written = 0, []
    for about, path in found:
        with _opened(path) as archive:
            taken, texts = _take(workspace, archive, about)
        files += taken
        written += texts
    return Unpacked(packs=tuple(str(path) for _, path in found), files=files, written=tuple(dict.fromkeys(written)))


def _packs(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_file():
            yield source
        elif source.is_dir() or source.name == CARRIED:
            yield from sorted(source.glob("*.tar.gz"))
        else:
            raise NotFoundError(f"There is no pack {source}.")


def _about(path: Path) -> dict[str, Any]:
    with _opened(path) as archive:
        about: dict[str, Any] = json.loads(_read(archive, "pack.json"))
        if about["format"] != FORMAT:
            raise PipelineError(f"{path} was packed by a newer nbops.", hint="Install the same nbops on all machines.")
        return about | {"at": float(about["at"]), "root": str(about["root"])}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """Open a pack, all of which can be read: half of one is found before anything is taken from it."""
    try:
        with tarfile.open(path) as archive:
            archive.getmembers()
            yield archive
    except (OSError, tarfile.TarError, EOFError, zlib.error, KeyError, TypeError, ValueError) as error:
        raise PipelineError(f"{path} is no pack: {error}.", hint="Make one with: nbops pipeline pack FILE") from error


def _take(workspace: Workspace, archive: tarfile.TarFile, about: dict[str, Any]) -> tuple[int, list[str]]:
    members = {member.name: member for member in archive.getmembers() if member.isfile()}
    count, owned = 0, set()
    for name, member in members.items():
        kind, _, rest = name.partition("/")
        if kind != "data":
            continue
        target = _inside(workspace.data, rest)
        is_state = _is_state(rest)
        if rest in {KEY, HEADS} or (target.exists() and not (is_state and _newer(member, target))):
            continue
        data = _read(archive, name)
        if is_state:
            data = _moved(data, about["root"], str(workspace.root))
            owned |= {str(path) for path in values_of(data)}
        write_atomically(target, data)
        os.utime(target, (member.mtime, member.mtime))
        count += 1
    written = []
    for name in members:
        kind, _, rest = name.partition("/")
        if kind == "files":
            target = _inside(workspace.root, rest)
            # A file belongs to the state that tells of it.
            if not target.exists() or str(target) in owned:
                write_atomically(target, _read(archive, name))
                written.append(rest)
    if "ledger.db" in members:
        _take_ledger(workspace, archive, members)
    return count, written


def _take_ledger(workspace: Workspace, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> None:
    from nbops.ledger.merging import join_ledger, ledger_file

    if ledger_file(workspace) is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "ledger.db"
        other.write_bytes(_read(archive, "ledger.db"))
        join_ledger(workspace, other, workspace_id(workspace))
    # Only now: what could not be joined must leave no key behind.
    key, heads = workspace.data / KEY, workspace.data / HEADS
    if f"data/{KEY}" in members and not key.exists():
        write_atomically(key, _read(archive, f"data/{KEY}"), mode=0o600)
    if f"data/{HEADS}" in members:
        known = heads.read_text("ascii").splitlines() if heads.exists() else []
        theirs = _read(archive, f"data/{HEADS}").decode("ascii", "replace").splitlines()
        if more := [line for line in theirs if line not in set(known)]:
            write_atomically(heads, "".join(f"{line}\n" for line in (*known, *more)).encode())


def _is_state(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return len(parts) == 4 and parts[0] == "pipelines" and parts[2] == "stages" and name.endswith(".json")


def _newer(member: tarfile.TarInfo, path: Path) -> bool:
    return member.mtime > path.stat().st_mtime


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or ".git" in path.parts:
        raise PipelineError(f"A pack has a file that lies outside of its workspace: {name!r}.")
    target = folder.joinpath(*path.parts)
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise PipelineError(f"A pack has a file that lies outside of its workspace: {name!r}.")
    return target


def _moved(data: bytes, before: str, after: str) -> bytes:
    """Give a state whose paths begin at this machine's workspace."""
    if before == after:
        return data

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            return after + value[len(before) :] if value == before or value.startswith(before + os.sep) else value
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        return [moved(item) for item in value] if isinstance(value, list) else value

    return json.dumps(moved(json.loads(data))).encode()


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file: IO[bytes] | None = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    with file:
        return file.read()
