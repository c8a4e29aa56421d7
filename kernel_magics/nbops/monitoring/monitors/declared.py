"""Monitors that a file declares, ``[monitors.NAME]`` in ``nbops.toml``, are made what the file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.monitoring.monitors.building import PREDICTIONS, build
from nbops.monitoring.monitors.checking import check_monitor
from nbops.monitoring.monitors.editing import add_monitor, pause_monitor, remove_monitor, update_monitor
from nbops.monitoring.monitors.reading import monitors
from nbops.records import AppliedSchedules, Identity, Monitor
from nbops.workspace import Workspace
from nbops.workspace.declaring import named_files, read_toml
from nbops.workspace.settings import FILE_NAME

_PASSING = ("next_at", "problem")


def apply_declared(
    workspace: Workspace, files: Sequence[str | Path] = (), *, prune: bool = False, identity: Identity | None = None
) -> AppliedSchedules:
    """Add and change monitors so that they are as files declare them.

    Parameters
    ----------
    workspace
        Whose monitors.
    files
        The files; ``nbops.toml`` by default.
    prune
        Remove monitors that one of these files declared once and does no longer; without it they are only named.
    identity
        Who does it.

    Raises
    ------
    NotFoundError
        There is no such file, model or reference.
    UsageError
        A declaration cannot be used, or its name is taken by a monitor that the file did not make.
    """
    origins, declared = _declared(workspace, files)
    known = {one.name: one for one in monitors(workspace)}
    for name, monitor in declared.items():
        before = known.get(name)
        if before is not None and before.origin != monitor.origin:
            owner = f"declared in {before.origin}" if before.origin else "made by hand"
            raise UsageError(
                f"{monitor.origin}: monitor {name!r} is {owner}.", hint=f"Remove that: nbops monitor remove {name}"
            )
    # All or, as far as can be known before, nothing.
    for monitor in declared.values():
        check_monitor(workspace, monitor)
    outcome = {name: _apply(workspace, one, known.get(name), identity) for name, one in declared.items()}
    gone = sorted(one.name for one in known.values() if one.origin in origins and one.name not in declared)
    if prune:
        for name in gone:
            remove_monitor(workspace, name, identity=identity)
    return AppliedSchedules(
        added=tuple(name for name, what in outcome.items() if what == "added"),
        changed=tuple(name for name, what in outcome.items() if what == "changed"),
        unchanged=tuple(name for name, what in outcome.items() if what == "unchanged"),
        left=() if prune else tuple(gone),
        removed=tuple(gone) if prune else (),
    )


def _apply(workspace: Workspace, monitor: Monitor, before: Monitor | None, identity: Identity | None) -> str:
    if before is None:
        add_monitor(workspace, monitor, identity=identity)
        return "added"
    after = update_monitor(workspace, monitor, identity=identity)
    # A file can pause; what a person has paused it does not resume.
    if monitor.paused and not before.paused:
        after = pause_monitor(workspace, monitor.name, identity=identity)
    return "unchanged" if _facts(after) == _facts(before) else "changed"


def _facts(monitor: Monitor) -> tuple[Any, ...]:
    return tuple(getattr(monitor, field.name) for field in fields(monitor) if field.name not in _PASSING)


def _declared(workspace: Workspace, files: Sequence[str | Path]) -> tuple[set[str], dict[str, Monitor]]:
    origins: set[str] = set()
    found: dict[str, Monitor] = {}
    for path in _files(workspace, files):
        origin = path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)
        origins.add(origin)
        tables = read_toml(path, origin).get("monitors", {})
        if not isinstance(tables, Mapping):
            raise UsageError(f"{origin}: monitors must be tables [monitors.NAME].")
        for name, table in tables.items():
            if name in found:
                raise UsageError(f"{origin}: monitor {name!r} is declared in {found[name].origin} too.")
            found[name] = _monitor(workspace, path, origin, str(name), table)
    return origins, found


def _monitor(workspace: Workspace, path: Path, origin: str, name: str, table: Any) -> Monitor:
    if not isinstance(table, Mapping):
        raise UsageError(f"{origin}: monitor {name!r} must be a table.")
    try:
        monitor = build(name, table, origin=origin)
    except UsageError as error:
        raise UsageError(f"{origin}: {error.message}", hint=error.hint) from None
    # A file means paths from its own folder.
    return replace(
        monitor,
        source=from_folder(workspace, path.parent, monitor.source),
        reference=from_folder(workspace, path.parent, monitor.reference),
    )


def from_folder(workspace: Workspace, folder: Path, typed: str) -> str:
    """Give a path that was written in a folder as monitors keep it: from the root of the workspace, if it lies in it."""
    if not typed or typed == PREDICTIONS or "://" in typed or typed.startswith(("sklearn:", "env:")):
        return typed
    path = (folder / Path(typed).expanduser()).absolute()
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    path = Path(*parts)
    return path.relative_to(workspace.root).as_posix() if path.is_relative_to(workspace.root) else str(path)


def _files(workspace: Workspace, files: Sequence[str | Path]) -> list[Path]:
    if not files:
        usual = workspace.root / FILE_NAME
        return [usual] if usual.is_file() else []
    return named_files(files)
