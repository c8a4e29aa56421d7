"""Windows as profiles, each made once, with the reference's kinds and shifts; and the limits that reference windows teach."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.data.profile import Profile, profile_frame
from nbops.data.reading import read_table
from nbops.data.sources import parts_of
from nbops.errors import UsageError
from nbops.monitoring.cutting import Windows, cut
from nbops.monitoring.learning import learned_limits
from nbops.monitoring.window_counts import counted_windows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Windows as profiles, in their order; ``skipped`` are columns that the windows were cut by."""

    by: str
    labels: tuple[str, ...]
    profiles: tuple[Profile, ...]
    incomplete: tuple[str, ...] = ()
    unplaced: int = 0
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Learned:
    """Effects by column that one further window passes by chance, and that one of all further windows does."""

    limits: Mapping[str, float]
    over_all: Mapping[str, float]

    def ends(self, name: str) -> tuple[float, float] | None:
        """Give both of a column, where it has any."""
        return (self.limits[name], self.over_all[name]) if name in self.limits else None


def learned_from(reference: Cut, windows: int, alpha: float) -> Learned:
    """Learn from windows of the reference that were cut as the current ones are (:mod:`nbops.monitoring.learning`).

    Parameters
    ----------
    reference
        Its windows; those with less than half of the usual rows do not count.
    windows
        Number of current windows that will be looked at.
    alpha
        As in :func:`drift_by_window`.

    Raises
    ------
    UsageError
        There are fewer than 10.
    """
    usual = float(np.median([profile.rows for profile in reference.profiles]))
    whole = [profile for profile in reference.profiles if profile.rows >= usual / 2]
    each, every = (learned_limits(whole, level) for level in (alpha, alpha / max(windows, 1)))
    named = {name: value for (name, aspect), value in each.items() if not aspect}
    return Learned(named, {name: every[name, ""] for name in named})


def profiled(reference: Profile, current: Any, by: str | int, time: str | Sequence[str] | None = None) -> Cut:
    """Cut a data set into windows and profile each, once, with the reference's shifts.

    Parameters
    ----------
    reference
        Gives kinds and shifts.
    current
        A frame, or what :func:`nbops.data.reading.read_table` reads; for ``by="file"`` a folder, a pattern, or several paths or
        frames, each a window.
    by, time
        As :func:`nbops.monitoring.cutting.cut` takes them.

    Raises
    ------
    UsageError
        ``by`` or ``time`` cannot be used.
    DataError
        The data cannot be read.
    """
    if by == "file":
        parts = _files(current)
        profiles = _profiles(reference, (read_table(part) for _, part in parts))
        return Cut(by="file", labels=tuple(label for label, _ in parts), profiles=profiles)
    windows = cut(read_table(current), by, time)
    return Cut(
        by=windows.by,
        labels=windows.labels,
        profiles=_of_windows(reference, windows),
        incomplete=windows.incomplete,
        unplaced=windows.unplaced,
        skipped=windows.columns,
    )


def _of_windows(reference: Profile, windows: Windows) -> tuple[Profile, ...]:
    """Profile windows: columns of numbers and categories in one pass each, the others window by window."""
    names = [str(name) for name in windows.frame.columns]
    known = {column.name: column for column in reference.columns} if len(set(names)) == len(names) else {}
    quick = {}
    for place, name in enumerate(names):
        if name in known and (found := counted_windows(known[name], windows.frame.iloc[:, place], windows)):
            quick[name] = found
    rest = [place for place, name in enumerate(names) if name not in quick]
    others = _profiles(reference, replace(windows, frame=windows.frame.iloc[:, rest]).frames())
    profiles = []
    for number, profile in enumerate(others):
        slow = {column.name: column for column in profile.columns}
        columns = (quick[name][number] if name in quick else slow[name] for name in names)
        profiles.append(Profile(profile.rows, tuple(columns)))
    return tuple(profiles)


def _profiles(reference: Profile, frames: Iterable[pd.DataFrame]) -> tuple[Profile, ...]:
    found = []
    for frame in frames:
        found.append(profile_frame(frame, reference))
        # What the reference has no value of is as its first window has it, so that later ones can be compared with that.
        bare = {column.name for column in reference.columns if column.kind == "empty"}
        bare &= {column.name for column in found[-1].columns if column.kind != "empty"}
        if bare:
            columns = (found[-1].column(c.name) if c.name in bare else c for c in reference.columns)
            reference = Profile(reference.rows, tuple(column for column in columns if column is not None))
    return tuple(found)


def _files(current: Any) -> list[tuple[str, Any]]:
    if isinstance(current, (str, Path)):
        paths = parts_of(current)
        return list(zip(_named(paths), paths, strict=True))
    if isinstance(current, Mapping):
        return [(str(label), part) for label, part in current.items()]
    if isinstance(current, Iterable) and not hasattr(current, "iloc"):
        parts = list(current)
        if parts and all(isinstance(part, (str, os.PathLike)) for part in parts):
            return list(zip(_named([Path(part) for part in parts]), parts, strict=True))
        return [(f"part {place}", part) for place, part in enumerate(parts, 1)]
    raise UsageError("by='file' takes a folder, a pattern, or several files.", hint="Give data/*.parquet.")


def _named(paths: Sequence[Path]) -> list[str]:
    """Give each file a name of its own: without its folders where that tells them apart."""
    names = [path.stem for path in paths]
    if len(set(names)) == len(names):
        return names
    files = [path.absolute() for path in paths]
    root = os.path.commonpath([file.parent for file in files])
    names = [file.with_suffix("").relative_to(root).as_posix() for file in files]
    return names if len(set(names)) == len(names) else [f"{name} ({i})" for i, name in enumerate(names, 1)]
