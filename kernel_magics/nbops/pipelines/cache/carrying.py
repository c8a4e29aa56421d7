"""What a pipeline has done goes from machine to machine in one file, where they share no disk.

A pack is a ``.tar.gz``: ``pack.json`` says where it comes from, ``ledger.db`` is the ledger, ``data/`` what else ``.nbops``
holds, ``files/`` what stages have written beside it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbops.errors import WorkspaceError
from nbops.pipelines.kinds import FILES
from nbops.workspace import Workspace
from nbops.workspace.ownership import workspace_id

FORMAT = 1
CARRIED = "carried"
# What belongs to a machine or a process, or travels otherwise.
_STAYS = frozenset({CARRIED, "locks", "dask", "mlartifacts", "reports", "courier.log", ".gitignore", "workspace-id"})
_DATABASES = (".db", ".db-wal", ".db-shm", ".db-journal", ".log", ".sock", ".pid")
# As nbops.ledger names them, which brings the database and is needed only where there is something to take over.
KEY, HEADS = "audit.key", "audit-heads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack that was written: how many files, bytes, and whether the ledger is in it."""

    path: Path
    files: int
    size: int
    ledger: bool


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
        about = {"format": FORMAT, "root": str(workspace.root), "at": time.time(), "workspace": workspace_id(workspace)}
        count = 0
        with _whole_or_absent(target) as archive:
            _add_bytes(archive, "pack.json", json.dumps(about).encode())
            if has_ledger:
                archive.add(ledger, "ledger.db")
            # A key that is in the environment here is so on the other machine.
            for path, name in _files(workspace, with_key=has_ledger and not os.environ.get("NBOPS_AUDIT_KEY")):
                archive.add(path, name, recursive=False)
                count += 1
    return Packed(path=target, files=count, size=target.stat().st_size, ledger=has_ledger)


@contextlib.contextmanager
def _whole_or_absent(target: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive to write that has its name only when all of it is there."""
    name = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except OSError as error:
        raise WorkspaceError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _files(workspace: Workspace, *, with_key: bool) -> Iterator[tuple[Path, str]]:
    states = list(workspace.pipelines.glob("*/stages/*.json"))
    told = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in states)
    for path in sorted(workspace.data.rglob("*")):
        relative = path.relative_to(workspace.data)
        if path.is_symlink() or not path.is_file() or relative.parts[0] in _STAYS or path.name.endswith(_DATABASES):
            continue
        if path.name.startswith(".writing-") or (path.name == KEY and not with_key):
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
        for path in values_of(state.read_bytes()):
            if path.is_relative_to(workspace.root) and not path.is_relative_to(workspace.data) and path.is_file():
                found.add(path.relative_to(workspace.root).as_posix())
    return found


def values_of(data: bytes) -> Iterator[Path]:
    """Give the files that the state of a stage tells of; none of a state that cannot be read, which tells nobody anything."""
    try:
        state = json.loads(data)
    except ValueError:
        return
    items = [*state.get("outputs", {}).values(), *state.get("files", ())] if isinstance(state, dict) else []
    for item in items:
        if isinstance(item, dict) and item.get("kind") in FILES and isinstance(item.get("value"), str):
            yield Path(item["value"])


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
