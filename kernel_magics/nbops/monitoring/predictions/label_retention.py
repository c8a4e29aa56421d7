"""Labels go with their predictions: those of predictions that were dropped, and old ones of predictions that never came.

A file of labels is put in the place of another that has some more, as merged files are (:mod:`.journal`), so that every label
that stays is read once wherever a process is killed. The identifiers of dropped predictions are given up last.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.monitoring.predictions.forgetting import GONE, logged_at, note_dropped
from nbops.monitoring.predictions.journal import MERGED, REPLACES, Journal, replaces
from nbops.monitoring.predictions.parquet import write_rows
from nbops.workspace.durability import flush_folder
from nbops.workspace.locks import try_lock

if TYPE_CHECKING:
    import pyarrow as pa

_DAY = 86_400.0
# Identifiers of all labels are looked through when so many of them may go, in parts of all.
_WORTH = 0.05


def forget_labels(predictions: Journal, labels: Journal, days: float | None = None) -> None:
    """Drop the labels of predictions that were dropped, and after so many days those of predictions that are not there.

    A label of a prediction that is there, or that may still come, stays. Nothing happens while somebody else is at it.

    Raises
    ------
    OSError
        Something cannot be written; what is there stays good.
    DataError
        A file is damaged.
    """
    gone = sorted((predictions.folder / GONE).glob("[!.]*.parquet"))
    first = 0.0 if days is None else time.time() - days * _DAY
    if not labels.folder.is_dir():
        _give_up(gone)
    elif gone or _old(labels, first):
        _held(predictions, labels, gone, first)


def _held(predictions: Journal, labels: Journal, gone: list[Path], first: float) -> None:
    held = try_lock(labels.folder / "tidying")
    if held is None:
        return
    try:
        _forget(predictions, labels, gone, first)
    finally:
        held.release()


def _old(labels: Journal, first: float) -> bool:
    return any(logged_at(path) < first for folder in labels.days().values() for path in folder.glob("[!.]*.parquet"))


def _forget(predictions: Journal, labels: Journal, gone: list[Path], first: float) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    named = pa.concat_tables([pq.read_table(path, partitioning=None) for path in gone]) if gone else None
    rows = sum(
        pq.read_metadata(path).num_rows for folder in labels.days().values() for path in folder.glob("[!.]*.parquet")
    )
    old = _old(labels, first)
    if not old and (named is None or named.num_rows < _WORTH * rows):
        return
    there = _ids(predictions)
    going = pa.array([], pa.string()) if named is None else _flat(named.column("prediction_id"))
    # The same identifier may have been logged again.
    going = going.filter(pc.invert(pc.is_in(going, value_set=there)))
    with labels.lock():
        segments = labels.segments()
        files = [path for folder in labels.days().values() for path in labels.files(folder, segments)]
    for path in files:
        _without(labels, path, going, there if logged_at(path) < first else None)
    waiting = _ids(labels) if segments else pa.array([], pa.string())
    if not pc.any(pc.is_in(waiting, value_set=going)).as_py():
        _give_up(gone)


def _give_up(gone: list[Path]) -> None:
    for path in gone:
        path.unlink(missing_ok=True)


def _without(labels: Journal, path: Path, going: pa.Array, known: pa.Array | None) -> None:
    """Put a file in the place of one that has labels which go."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names = pq.read_table(path, columns=["prediction_id"], partitioning=None).column("prediction_id")
    stays = pc.invert(pc.is_in(names, value_set=going))
    if known is not None:
        stays = pc.and_(stays, pc.is_in(names, value_set=known))
    if pc.all(stays).as_py():
        return
    table = pq.read_table(path, partitioning=None).replace_schema_metadata(None)
    left = table.filter(stays)
    note_dropped(
        labels, path, path.parent.name.removeprefix("day="), table.num_rows - left.num_rows, 0, "prediction dropped"
    )
    # What a merge that was stopped has left must not come back when its merged file has gone.
    instead_of = [path.name, *replaces(path)]
    written = write_rows(path.parent, left, {REPLACES: instead_of})
    with labels.lock():
        if not path.exists():
            written.unlink()
            return
        instead = path.parent / f"{path.name.partition('.')[0]}.{secrets.token_hex(4)}{MERGED}"
        os.replace(written, instead)
        flush_folder(path.parent)
        for name in instead_of:
            (path.parent / name).unlink(missing_ok=True)
        if not left.num_rows:
            # What it stood for has gone, so nothing comes back without it.
            flush_folder(path.parent)
            instead.unlink()
            with contextlib.suppress(OSError):
                path.parent.rmdir()


def _ids(journal: Journal) -> pa.Array:
    import pyarrow as pa

    chunks: list[Any] = [table.column("prediction_id") for table in journal.read(wanted="prediction_id".__eq__)]
    return _flat(pa.chunked_array([c for one in chunks for c in one.chunks], pa.string()))


def _flat(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
