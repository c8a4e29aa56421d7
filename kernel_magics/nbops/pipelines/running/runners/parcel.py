"""A stage as it travels to another machine, and what comes back: everything by content, nothing by path.

Where the other process sees this workspace (shared storage), only paths travel. Else the notebook, the files it reads and
the models it is given go along, it runs in a folder of its own there, and files, values, models and tracked runs come back.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NbopsError, PipelineError
from nbops.pipelines.kinds import FILES
from nbops.pipelines.outputs import Output
from nbops.pipelines.running.work import Done, Work, perform
from nbops.workspace import Workspace, find_workspace
from nbops.workspace.blobs import put_bytes, read, write_atomically
from nbops.workspace.ownership import workspace_id

if TYPE_CHECKING:
    from nbops.pipelines.executing.execution import CellProgress

_PROJECT, _PLACE, _GIVEN = "project", "place", "given"
_SETTINGS = "courier = false\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent. ``files`` are bytes by path from the pipeline's folder, ``given`` those of values by absolute path.

    ``models`` are runs on the wire with the bytes of their models, by digest.
    """

    work: Work
    token: str
    root: Path
    ship: bool = False
    source: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    given: Mapping[str, bytes] = field(default_factory=dict)
    runs: tuple[Mapping[str, Any], ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What comes back. Where the storage is shared ``done`` says it all; else files by path from ``place`` and folder."""

    done: Done
    place: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    runs: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def pack(workspace: Workspace, work: Work, *, ship: bool) -> Parcel:
    """Make a stage ready for a journey.

    Parameters
    ----------
    workspace
        Whose stage it is.
    work
        The attempt.
    ship
        Whether everything goes along, because somebody may not see our files.

    Raises
    ------
    PipelineError
        A file that it needs cannot be read.
    """
    parcel = Parcel(work=replace(work, stop=None), token=workspace_id(workspace), root=workspace.root, ship=ship)
    if not ship:
        return parcel
    try:
        files = {name: (work.folder / name).read_bytes() for name in work.needs if not os.path.isabs(name)}
        given = {
            name: Path(name).read_bytes()
            for name in {*_paths(work.parameters), *(need for need in work.needs if os.path.isabs(need))}
        }
        source = work.source.read_bytes()
    except OSError as error:
        raise PipelineError(f"stage {work.stage!r} cannot be sent: {error.filename}: {error.strerror}.") from error
    runs, blobs = _models(workspace, work.parameters)
    return replace(parcel, source=source, files=files, given=given, runs=runs, blobs=blobs)


def open_parcel(parcel: Parcel, tell: Callable[[CellProgress], None], stop: Any) -> Reply:
    """Carry out what a parcel asks for, in the process that has received it."""
    if not parcel.ship and _sees(parcel):
        # Two workers may be given the same attempt when one seems dead; each writes into a place of its own.
        place = parcel.work.place.with_name(f"{parcel.work.place.name}-{uuid.uuid4().hex[:8]}")
        return Reply(done=perform(replace(parcel.work, place=place, stop=stop), tell))
    if not parcel.ship:
        raise PipelineError(
            f"a worker does not see the folder {parcel.root}.",
            hint="Add ?ship=true to the address, so that files travel with the stages.",
        )
    scratch = Path(tempfile.mkdtemp(prefix="nbops-stage-"))
    try:
        return _abroad(parcel, scratch, tell, stop)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def unpack(workspace: Workspace, work: Work, reply: Reply) -> Done:
    """Put what came back where the stage would have put it here.

    Raises
    ------
    PipelineError
        What came back names files outside of the stage's folders.
    """
    done = reply.done
    if not reply.place:
        return done
    for data in reply.blobs.values():
        put_bytes(workspace, data)
    for name, data in reply.place.items():
        write_atomically(_inside(work.place, name), data)
    if done.failure is None and done.error is None:
        for name, data in reply.files.items():
            write_atomically(_inside(work.folder, name), data)
    _adopt(workspace, reply.runs)
    outputs = {name: _moved(item, done.place, work.place, work.folder) for name, item in done.outputs.items()}
    return replace(done, place=work.place, notebook=work.notebook, outputs=outputs)


def _sees(parcel: Parcel) -> bool:
    try:
        return workspace_id(find_workspace(parcel.root)) == parcel.token and parcel.work.source.is_file()
    except (OSError, NbopsError):
        return False


def _abroad(parcel: Parcel, scratch: Path, tell: Callable[[CellProgress], None], stop: Any) -> Reply:
    from nbops.tracking.outbox import Outbox

    project, place, given = scratch / _PROJECT, scratch / _PLACE, scratch / _GIVEN
    project.mkdir()
    (project / "nbops.toml").write_text(_SETTINGS)
    for name, data in parcel.files.items():
        write_atomically(_inside(project, name), data)
    moved = {name: given / str(number) / Path(name).name for number, name in enumerate(parcel.given)}
    for name, data in parcel.given.items():
        write_atomically(moved[name], data)
    source = project / parcel.work.source.name
    if not source.exists():
        source.write_bytes(parcel.source)
    workspace = find_workspace(project)
    workspace.ensure()
    known = {put_bytes(workspace, data) for data in parcel.blobs.values()}
    _adopt(workspace, tuple(("finish", run) for run in parcel.runs))
    before = {path: _stamp(path) for path in _walk(project)}
    work = replace(
        parcel.work,
        source=source,
        folder=project,
        place=place,
        parameters=_replaced(parcel.work.parameters, {name: str(path) for name, path in moved.items()}),
        environment={**parcel.work.environment, "NBOPS_WORKSPACE": str(project), "NBOPS_COURIER": "false"},
        resume=None,
        stop=stop,
    )
    done = perform(work, tell)
    sent = {str(run["run_id"]) for run in parcel.runs}
    entries = Outbox(workspace).entries(limit=100_000) if workspace.outbox.exists() else []
    return Reply(
        done=done,
        place={path.relative_to(place).as_posix(): path.read_bytes() for path in _walk(place)},
        files={
            path.relative_to(project).as_posix(): path.read_bytes()
            for path in _walk(project)
            if before.get(path) != _stamp(path) and path.name != "nbops.toml"
        },
        blobs={path.name: path.read_bytes() for path in _walk(workspace.blobs, hidden=True) if path.name not in known},
        runs=tuple((entry.kind, entry.payload) for entry in entries if entry.run_id not in sent),
    )


def _adopt(workspace: Workspace, runs: tuple[tuple[str, Mapping[str, Any]], ...]) -> None:
    """Put runs that were tracked elsewhere into the outbox of this workspace; only what has ended counts."""
    if not runs:
        return
    from nbops.records import Run, from_wire
    from nbops.tracking.outbox import outbox_of

    box = outbox_of(workspace)
    for kind, payload in runs:
        if kind == "finish":
            box.finish(from_wire(Run, dict(payload)))


def _models(
    workspace: Workspace, parameters: Mapping[str, Any]
) -> tuple[tuple[Mapping[str, Any], ...], dict[str, bytes]]:
    from nbops.errors import NotFoundError
    from nbops.records import to_wire
    from nbops.tracking.search import get_run

    runs: list[Mapping[str, Any]] = []
    blobs: dict[str, bytes] = {}
    for text in _texts(parameters):
        run_id, slash, _ = text.partition("/")
        if not slash or len(run_id) != 32 or not run_id.isalnum():
            continue
        try:
            run = get_run(workspace, run_id)
        except NotFoundError:
            continue
        runs.append(to_wire(run))
        blobs |= {ref.digest: read(workspace, ref.digest) for ref in run.models if ref.digest}
    return tuple(runs), blobs


def _moved(item: Output, before: Path, place: Path, folder: Path) -> Output:
    if item.kind not in FILES:
        return item
    path = Path(str(item.value))
    for old, new in ((before, place), (before.parent / _PROJECT, folder)):
        if path.is_relative_to(old):
            return replace(item, value=str(new / path.relative_to(old)))
    return item


def _inside(folder: Path, name: str) -> Path:
    path = Path(os.path.normpath(folder / name))
    if not path.is_relative_to(folder):
        raise PipelineError(f"a stage gave back a file outside of its folder: {name}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _walk(folder: Path, *, hidden: bool = False) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and (
            hidden or not any(part in {".nbops", "__pycache__", ".ipynb_checkpoints"} for part in parts)
        ):
            yield path


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _paths(parameters: Mapping[str, Any]) -> Iterator[str]:
    for text in _texts(parameters):
        if os.path.isabs(text) and len(text) < 4096 and os.path.isfile(text):
            yield text


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, names) for key, item in value.items()}
    return [_replaced(item, names) for item in value] if isinstance(value, list | tuple) else value
