"""Segments become Parquet files by day, small files of a day become one, and the oldest go when there are too many bytes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbops.monitoring.predictions import framing
from nbops.monitoring.predictions.forgetting import forget
from nbops.monitoring.predictions.journal import MERGED, PROFILES, REPLACES, Journal, day_of, profiles_of, replaces
from nbops.monitoring.predictions.parquet import WRITING, write_rows
from nbops.monitoring.predictions.segment import ENDING, abandoned
from nbops.monitoring.predictions.together import joined
from nbops.workspace.durability import flush_folder
from nbops.workspace.locks import try_lock

if TYPE_CHECKING:
    import pyarrow as pa

# Files of a day that are merged into one when there are as many.
MANY = 16
_DAY = 86_400.0


def compact(journal: Journal, segment: Path, release: Callable[[], None]) -> None:
    """Make a segment, whose lock is held, into Parquet files, and remove it.

    Parameters
    ----------
    journal, segment
        Which one.
    release
        Lets go of it: what is open cannot be removed everywhere.

    Raises
    ------
    OSError
        They cannot be written; the segment stays.
    """
    tables, profiles = framing.tables(segment.read_bytes())
    stem = segment.name.removesuffix(ENDING)
    kept: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for profile in map(json.loads, profiles):
        kept[profile["day"]].append(profile)
    rows = _by_day(tables)
    written: list[tuple[Path, Path]] = []
    for day in sorted(rows.keys() | kept.keys()):
        folder = journal.folder / f"day={day}"
        table = joined(rows[day]) if day in rows else _nothing()
        written.append((write_rows(folder, table, {PROFILES: _merged(kept.get(day, []))}), folder / f"{stem}.parquet"))
    with journal.lock():
        for temporary, final in written:
            os.replace(temporary, final)
        for folder in {final.parent for _, final in written}:
            flush_folder(folder)
        # Nobody takes it meanwhile, which needs the journal's lock.
        release()
        segment.unlink()


def tidy(journal: Journal, *, most_bytes: int | None = None, days: float | None = None) -> None:
    """Compact what processes that have ended left behind, merge small files, and drop the oldest beyond a size or an age.

    Raises
    ------
    OSError
        Something cannot be written; what is there stays good.
    """
    held = try_lock(journal.folder / "tidying")
    if held is None:
        return
    try:
        for path in journal.segments():
            with journal.lock():
                found = abandoned(path)
            if found is not None:
                try:
                    compact(journal, path, found.release)
                finally:
                    found.release()
        _sweep(journal)
        for folder in journal.days().values():
            _merge(journal, folder)
        forget(journal, most_bytes, days)
    finally:
        held.release()


def _by_day(tables: Iterable[pa.Table]) -> dict[str, list[pa.Table]]:
    found: dict[str, list[pa.Table]] = defaultdict(list)
    for table in tables:
        number = np.floor_divide(table.column("at").to_numpy(), _DAY).astype(np.int64)
        for one in np.unique(number):
            found[day_of(one * _DAY)].append(table.filter(number == one))
    return found


def _nothing() -> pa.Table:
    import pyarrow as pa

    return pa.table({"at": pa.array([], pa.float64())})


def _merge(journal: Journal, folder: Path) -> None:
    with journal.lock():
        files = journal.files(folder, journal.segments())
        for path in set(folder.glob("[!.]*.parquet")) - set(files):
            # Left by a merge that was stopped between its two steps.
            if any(path.name in replaces(other) for other in files if other.name.endswith(MERGED)):
                path.unlink()
    small = [path for path in files if not path.name.endswith(MERGED)]
    if len(small) < MANY:
        return
    import pyarrow.parquet as pq

    # All of them, so that a day has one merged file and no tail of others.
    table = joined([pq.read_table(path, partitioning=None).replace_schema_metadata(None) for path in files])
    profiles = _merged([profile for path in files for profile in profiles_of(path)])
    temporary = write_rows(folder, table, {REPLACES: [path.name for path in files], PROFILES: profiles})
    with journal.lock():
        if not all(path.exists() for path in files):
            temporary.unlink()
            return
        # As old as its youngest part, whose time its name begins with.
        stem = max(path.name.partition(".")[0] for path in files)
        os.replace(temporary, folder / f"{stem}.{secrets.token_hex(4)}{MERGED}")
        flush_folder(folder)
        for path in files:
            path.unlink()


def _merged(profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add up profiles of one day and version that were made with the same reference."""
    from nbops.data.profile import Profile
    from nbops.errors import DataError

    found: dict[tuple[Any, ...], list[tuple[dict[str, Any], Profile]]] = defaultdict(list)
    for one in profiles:
        known = found[one["day"], one["version"]]
        profile = Profile.from_dict(one["profile"])
        for place, (first, other) in enumerate(known):
            try:
                known[place] = (first, other.merge(profile))
                break
            except DataError:
                continue
        else:
            known.append((one, profile))
    return [{**first, "profile": profile.to_dict()} for known in found.values() for first, profile in known]


def _sweep(journal: Journal) -> None:
    """Remove what processes that were killed were writing, a day ago or longer."""
    old = time.time() - _DAY
    for path in journal.folder.glob(f"day=*/{WRITING}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < old:
                path.unlink()
