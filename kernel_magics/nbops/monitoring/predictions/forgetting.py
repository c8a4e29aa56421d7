"""The oldest predictions go when there are too many bytes or days of them; what is gone is counted, and known by its identifiers."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from nbops.monitoring.predictions.journal import Journal
from nbops.monitoring.predictions.parquet import write_rows
from nbops.workspace.durability import flush_folder

_DAY = 86_400.0
# Beside the days: the identifiers of what went, until their labels have gone too.
GONE = "gone"


def forget(journal: Journal, most_bytes: int | None, days: float | None) -> None:
    """Drop the oldest files: by age those that were logged so long ago, by size those of the oldest days.

    Each is noted before it goes, so that what is gone is counted once, and its identifiers are kept for the labels.

    Raises
    ------
    OSError
        Something cannot be written; what is there stays good.
    """
    with journal.lock():
        segments = journal.segments()
        files = [path for folder in journal.days().values() for path in journal.files(folder, segments)]
        sizes = {path: path.stat().st_size for path in files}
        total = sum(sizes.values()) + sum(path.stat().st_size for path in segments)
        # What was logged belatedly, of days long ago, is kept as long as all else.
        first = 0.0 if days is None else time.time() - days * _DAY
        for path in files:
            day = path.parent.name.removeprefix("day=")
            why = "age" if logged_at(path) < first else "size" if most_bytes is not None and total > most_bytes else ""
            if why:
                _drop(journal, path, day, why, sizes[path])
                total -= sizes[path]
        for folder in journal.days().values():
            with contextlib.suppress(OSError):
                folder.rmdir()


def dropped(journal: Journal) -> list[dict[str, Any]]:
    """Give what was dropped: ``day``, ``rows``, ``bytes``, ``at`` and ``why``, one for each file."""
    path = journal.folder / "dropped.jsonl"
    found = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            one = json.loads(line)
            found[one["day"], one["file"]] = one
    return list(found.values())


def note_dropped(journal: Journal, path: Path, day: str, rows: int, size: int, why: str) -> None:
    """Note that rows of a file go; one who is stopped before they have gone notes it again, and it counts once.

    Raises
    ------
    OSError
        It cannot be written.
    """
    note = {"file": path.name, "day": day, "rows": rows, "bytes": size, "at": time.time(), "why": why}
    with (journal.folder / "dropped.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(note) + "\n")
        file.flush()
        os.fsync(file.fileno())


def logged_at(path: Path) -> float:
    """Give when the youngest of a file's rows were logged, from its name."""
    try:
        return int(path.name[:16], 16) / 1e6
    except ValueError:
        return path.stat().st_mtime


def _drop(journal: Journal, path: Path, day: str, why: str, size: int) -> None:
    import pyarrow.parquet as pq

    names = pq.read_metadata(path).schema.names
    rows = pq.read_metadata(path).num_rows
    if rows and "prediction_id" in names:
        folder = journal.folder / GONE
        with pq.ParquetFile(path) as file:
            written = write_rows(folder, file.read(["prediction_id"]), {})
        os.replace(written, folder / f"{day}-{path.name}")
        flush_folder(folder)
    note_dropped(journal, path, day, rows, size, why)
    path.unlink()
