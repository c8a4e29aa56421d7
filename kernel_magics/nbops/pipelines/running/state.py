"""What is known of each stage's last run: one small JSON file per stage, whole or absent."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbops.pipelines.declaration.naming import slug_of
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.workspace import Workspace
from nbops.workspace.blobs import write_atomically
from nbops.workspace.locks import file_lock

_OWNER = "pipeline"
# What else lies in the folder of the pipelines.
_RESERVED = frozenset({"cache.db", "cache.db-wal", "cache.db-shm", "clock", "results", "witnesses"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StageState:
    """The last run of a stage.

    ``status`` is ``running``, ``succeeded`` or ``failed``; ``parts`` is what it was made of.
    """

    status: str
    key: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""
    notebook: str = ""
    duration: float = 0.0
    ended_at: float = 0.0
    attempt: int = 0
    kernel: str = ""
    error: str = ""
    outputs: Mapping[str, Output] = field(default_factory=dict)
    files: tuple[Output, ...] = ()

    @property
    def written(self) -> frozenset[str]:
        """Paths of the files that the stage wrote."""
        items = (*self.outputs.values(), *self.files)
        return frozenset(str(item.value) for item in items if item.kind in FILES)


class States:
    """The states of one pipeline's stages, in a folder of the workspace that :func:`states_name` gives."""

    def __init__(self, workspace: Workspace, folder: str) -> None:
        self.workspace = workspace
        self.folder = workspace.pipelines / folder

    def read(self, stage: str) -> StageState | None:
        """Give the state of a stage; none if it never ran or its file cannot be read."""
        return self._read(self._file(stage))

    def good(self, stage: str) -> StageState | None:
        """Give the state of a stage's last run that succeeded; none if there was none or it is not known any more."""
        last = self.read(stage)
        return last if last is not None and last.status == "succeeded" else self._read(self._file(stage, "good"))

    @staticmethod
    def _read(file: Path) -> StageState | None:
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            data["outputs"] = {name: Output.from_dict(item) for name, item in data["outputs"].items()}
            data["files"] = tuple(Output.from_dict(item) for item in data["files"])
            return StageState(**data)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            # Running a stage once more is right where nothing is known of it.
            return None

    def write(self, stage: str, state: StageState) -> None:
        """Keep the state of a stage.

        Raises
        ------
        WorkspaceError
            The workspace cannot be written.
        """
        if state.status != "succeeded" and (last := self.read(stage)) is not None and last.status == "succeeded":
            # What a failure is told against.
            write_atomically(self._file(stage, "good"), self._file(stage).read_bytes())
        write_atomically(self._file(stage), json.dumps(asdict(state), ensure_ascii=True).encode())

    def files(self, stages: Iterable[str]) -> Iterator[Path]:
        """Give the files in which states are kept, also whose they are."""
        yield self.folder / _OWNER
        yield from map(self._file, stages)

    def _file(self, stage: str, folder: str = "stages") -> Path:
        return self.folder / folder / f"{slug_of(stage)}.json"


def folder_name(name: str) -> str:
    """Give a folder name for a pipeline: its own name where that is one, else made safe and told apart by a digest."""
    safe = re.sub(r"[^\w.+-]+", "-", name).strip(".-")[:60]
    return (
        safe
        if safe == name and safe not in _RESERVED
        else f"{safe or 'pipeline'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    )


def states_name(workspace: Workspace, name: str, path: Path, *, claim: bool = True) -> str:
    """Give the name of the folder in which the states of a pipeline lie.

    It is the pipeline's own, unless another file that still exists has a pipeline of that name. Without ``claim`` nothing
    is written.

    Raises
    ------
    WorkspaceError
        The workspace cannot be written.
    """
    plain, root = folder_name(name), workspace.root
    own = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    owner = workspace.pipelines / plain / _OWNER
    known = _owner(owner)
    if known != own and claim:
        with file_lock(workspace.locks / "pipelines.lock"):
            known = _owner(owner)
            if not known or not (root / known).is_file():
                write_atomically(owner, own.encode("utf-8", "surrogatepass"))
                known = own
    if known and known != own and (root / known).is_file():
        return f"{plain}-{hashlib.sha256(own.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return plain


def _owner(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
