"""What a pipeline has done goes from machine to machine in one file, where they share no disk.

A pack is a ``.tar.gz``: ``pack.json`` says where it comes from, ``ledger.db`` is the ledger, ``data/`` what else ``.nbops``
holds, ``files/`` what stages have written beside it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nbops.errors import NotFoundError, PipelineError
from nbops.pipelines.kinds import FILES
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.ownership import workspace_id

_FORMAT = 1
CARRIED = "carried"
# What belongs to a machine or a process, or travels otherwise.
_STAYS = frozenset({CARRIED, "locks", "mlartifacts", "reports", "courier.log", ".gitignore", "workspace-id"})
_DATABASES = (".db", ".db-wal", ".db-shm", ".db-journal", ".log", ".sock", ".pid")
# As nbops.ledger names them, which brings the database and is needed only where there is something to take over.
_KEY, _HEADS = "audit.key", "audit-heads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack that was written: how many files, bytes, and whether the ledger is in it."""

    path: Path
    files: int
    size: int
    ledger: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was taken over: packs, files of ``.nbops``, and files of stages."""

    packs: tuple[str, ...]
    files: int
    written: tuple[str, ...]


def pack(workspace: Workspace, target: Path) -> Packed:
    """Write everything that another machine needs to go on with the pipelines of a workspace.

    Executed notebooks and values are those of each stage's last run. A ledger in a database server is not packed, as the other
    machine has it too; nor is the key of the audit log where it is in the environment.

    Raises
    ------
    WorkspaceError
        The file cannot be written.
    LedgerError
        The ledger does not answer.
    """
    from nbops.ledger.merging import copy_ledger
    from nbops.tracking.delivery import deliver

    workspace.ensure()
    deliver(workspace)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.db"
        has_ledger = copy_ledger(workspace, ledger)
        content = io.BytesIO()
        count = 0
        # Without the time of packing in it, the same content is the same file.
        with (
            gzip.GzipFile(fileobj=content, mode="wb", compresslevel=6, mtime=0) as squeezed,
            tarfile.open(fileobj=squeezed, mode="w") as archive,
        ):
            about = {
                "format": _FORMAT,
                "root": str(workspace.root),
                "at": time.time(),
                "workspace": workspace_id(workspace),
            }
            _add_bytes(archive, "pack.json", json.dumps(about).encode())
            if has_ledger:
                archive.add(ledger, "ledger.db")
            for path, name in _files(workspace, with_key=has_ledger):
                archive.add(path, name, recursive=False)
                count += 1
        write_atomically(target, content.getbuffer())
    return Packed(path=target, files=count, size=target.stat().st_size, ledger=has_ledger)


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
        with tarfile.open(path) as archive:
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
    try:
        with tarfile.open(path) as archive:
            about: dict[str, Any] = json.loads(_read(archive, "pack.json"))
        if about["format"] != _FORMAT:
            raise PipelineError(f"{path} was packed by a newer nbops.", hint="Install the same nbops on all machines.")
        return about | {"at": float(about["at"]), "root": str(about["root"])}
    except (OSError, tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise PipelineError(f"{path} is no pack: {error}.", hint="Make one with: nbops pipeline pack FILE") from error


def _files(workspace: Workspace, *, with_key: bool) -> Iterator[tuple[Path, str]]:
    states = list(workspace.pipelines.glob("*/stages/*.json"))
    told = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in states)
    for path in sorted(workspace.data.rglob("*")):
        relative = path.relative_to(workspace.data)
        if path.is_symlink() or not path.is_file() or relative.parts[0] in _STAYS or path.name.endswith(_DATABASES):
            continue
        if path.name.startswith(".writing-") or (relative.parts[0] in {_KEY, _HEADS} and not with_key):
            continue
        if _superseded(relative.parts, told):
            continue
        yield path, f"data/{relative.as_posix()}"
    for name in sorted(_written(workspace, states)):
        yield workspace.root / name, f"files/{name}"


def _superseded(parts: tuple[str, ...], told: str) -> bool:
    """Whether a file belongs to a run of a pipeline that is no stage's last, or to what is made again by itself."""
    if parts[0] != "pipelines" or len(parts) < 2:
        return False
    return parts[1] in {"results", "clock"} or (len(parts) > 3 and parts[2] != "stages" and parts[2] not in told)


def _written(workspace: Workspace, states: Sequence[Path]) -> set[str]:
    """Give the files that stages have written outside of ``.nbops``, from the root of the workspace on."""
    found = set()
    for state in states:
        for path in _values(json.loads(state.read_text(encoding="utf-8"))):
            if path.is_relative_to(workspace.root) and not path.is_relative_to(workspace.data) and path.is_file():
                found.add(path.relative_to(workspace.root).as_posix())
    return found


def _values(state: Any) -> Iterator[Path]:
    items = [*state.get("outputs", {}).values(), *state.get("files", ())] if isinstance(state, dict) else []
    for item in items:
        if isinstance(item, dict) and item.get("kind") in FILES and isinstance(item.get("value"), str):
            yield Path(item["value"])


def _take(workspace: Workspace, archive: tarfile.TarFile, about: dict[str, Any]) -> tuple[int, list[str]]:
    members = {member.name: member for member in archive.getmembers() if member.isfile()}
    count, owned = 0, set()
    for name, member in members.items():
        kind, _, rest = name.partition("/")
        if kind != "data":
            continue
        target = _inside(workspace.data, rest)
        is_state = _is_state(rest)
        if rest in {_KEY, _HEADS} or (target.exists() and not (is_state and _newer(member, target))):
            continue
        data = _read(archive, name)
        if is_state:
            data = _moved(data, about["root"], str(workspace.root))
            owned |= {str(path) for path in _values(json.loads(data))}
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
    key, heads = workspace.data / _KEY, workspace.data / _HEADS
    if f"data/{_KEY}" in members and not key.exists():
        write_atomically(key, _read(archive, f"data/{_KEY}"), mode=0o600)
    if f"data/{_HEADS}" in members:
        known = heads.read_text("ascii").splitlines() if heads.exists() else []
        theirs = _read(archive, f"data/{_HEADS}").decode("ascii", "replace").splitlines()
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


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
