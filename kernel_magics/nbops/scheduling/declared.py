"""Schedules that a file declares, ``[schedules.NAME]`` in ``nbops.toml`` or a pipeline file, are made what the file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.ledger import open_ledger
from nbops.records import AppliedSchedules, Identity, Schedule
from nbops.scheduling.building import build
from nbops.scheduling.checking import check
from nbops.scheduling.editing import add_schedule, pause_schedule, remove_schedule, update_schedule
from nbops.scheduling.rows import read_schedules
from nbops.workspace import Workspace
from nbops.workspace.declaring import named_files, read_toml
from nbops.workspace.settings import FILE_NAME


def apply_declared(
    workspace: Workspace, files: Sequence[str | Path] = (), *, prune: bool = False, identity: Identity | None = None
) -> AppliedSchedules:
    """Add and change schedules so that they are as files declare them.

    Parameters
    ----------
    workspace
        Whose schedules.
    files
        The files; ``nbops.toml`` and the other TOML files beside it that declare schedules, by default.
    prune
        Remove schedules that one of these files declared once and does no longer; without it they are only named.
    identity
        Who does it.

    Raises
    ------
    NotFoundError
        There is no such file, or no such pipeline.
    UsageError
        A declaration cannot be used, or its name is taken by a schedule that the file did not make.
    PipelineError
        The file of a pipeline is wrong.
    """
    origins, declared = _declared(workspace, files)
    with open_ledger(workspace).connect() as connection:
        known = {one.name: one for one in read_schedules(connection, workspace)}
    for name, schedule in declared.items():
        before = known.get(name)
        if before is not None and before.origin != schedule.origin:
            owner = f"declared in {before.origin}" if before.origin else "made by hand"
            raise UsageError(
                f"{schedule.origin}: schedule {name!r} is {owner}.", hint=f"Remove that: nbops schedule remove {name}"
            )
    # All or, as far as can be known before, nothing.
    for schedule in declared.values():
        check(workspace, schedule)
    outcome = {name: _apply(workspace, one, known.get(name), identity) for name, one in declared.items()}
    gone = sorted(one.name for one in known.values() if one.origin in origins and one.name not in declared)
    if prune:
        for name in gone:
            remove_schedule(workspace, name, identity=identity)
    return AppliedSchedules(
        added=tuple(name for name, what in outcome.items() if what == "added"),
        changed=tuple(name for name, what in outcome.items() if what == "changed"),
        unchanged=tuple(name for name, what in outcome.items() if what == "unchanged"),
        left=() if prune else tuple(gone),
        removed=tuple(gone) if prune else (),
    )


def _apply(workspace: Workspace, schedule: Schedule, before: Schedule | None, identity: Identity | None) -> str:
    if before is None:
        add_schedule(workspace, schedule, identity=identity)
        return "added"
    after = update_schedule(workspace, schedule, identity=identity)
    # A file can pause; what a person has paused it does not resume.
    if schedule.paused and not before.paused:
        after = pause_schedule(workspace, schedule.name, identity=identity)
    return "unchanged" if _facts(after) == _facts(before) else "changed"


def _facts(schedule: Schedule) -> tuple[Any, ...]:
    shown = ("words", "last", "next_at", "problem")
    return tuple(getattr(schedule, name) for name in Schedule.__dataclass_fields__ if name not in shown)


def _declared(workspace: Workspace, files: Sequence[str | Path]) -> tuple[set[str], dict[str, Schedule]]:
    origins: set[str] = set()
    found: dict[str, Schedule] = {}
    for path in _files(workspace, files):
        origin = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)
        origins.add(origin)
        content = read_toml(path, origin)
        tables = content.get("schedules", {})
        if not isinstance(tables, Mapping):
            raise UsageError(f"{origin}: schedules must be tables [schedules.NAME].")
        for name, table in tables.items():
            if name in found:
                raise UsageError(f"{origin}: schedule {name!r} is declared in {found[name].origin} too.")
            found[name] = _schedule(path, origin, content, str(name), table)
    return origins, found


def _schedule(path: Path, origin: str, content: Mapping[str, Any], name: str, table: Any) -> Schedule:
    if not isinstance(table, Mapping):
        raise UsageError(f"{origin}: schedule {name!r} must be a table.")
    given = dict(table)
    # A pipeline file means itself.
    pipeline = given.pop("pipeline", origin if "stages" in content else "")
    if not isinstance(pipeline, str) or not pipeline:
        raise UsageError(f"{origin}: schedule {name!r} names no pipeline.", hint='Add pipeline = "pipeline.toml".')
    if pipeline != origin and (path.parent / pipeline).is_file():
        pipeline = str(path.parent / pipeline)
    try:
        return build(name, pipeline, given, origin=origin)
    except UsageError as error:
        raise UsageError(f"{origin}: {error.message}", hint=error.hint) from None


def _files(workspace: Workspace, files: Sequence[str | Path]) -> list[Path]:
    if not files:
        beside = sorted(workspace.root.glob("*.toml"), key=lambda path: (path.name != FILE_NAME, path.name))
        return [path for path in beside if path.name == FILE_NAME or b"[schedules." in path.read_bytes()]
    return named_files(files)
