"""Rows by day in a folder: what is being written lies in segments, what is older in Parquet files, one for each segment and day.

A segment that is still there counts alone, and the Parquet files that bear its name do not: they were being made from it
when somebody's process ended. A merged file names those it has taken the place of. So nothing is counted twice, wherever a
process was killed. Swaps happen under a lock; whoever reads takes it for the moment of listing, and begins anew if a file that
it has listed is gone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import DataError
from nbops.monitoring.predictions import framing
from nbops.monitoring.predictions.among import Among, begins_before
from nbops.monitoring.predictions.segment import ENDING
from nbops.workspace.locks import file_lock

if TYPE_CHECKING:
    import pyarrow as pa

REPLACES, PROFILES = b"nbops.replaces", b"nbops.profiles"
MERGED = ".merged.parquet"
_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)")
_TRIES = 3
Wanted = Callable[[str], bool] | None


@dataclass(frozen=True, slots=True)
class Journal:
    """A folder of rows that all have a time ``at``, in seconds since the epoch."""

    folder: Path

    @property
    def open(self) -> Path:
        """Where the segments are."""
        return self.folder / "open"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold what swaps and listings hold; where nothing can be written, nobody swaps."""
        with contextlib.ExitStack() as held:
            # What goes wrong while it is held is another matter.
            with contextlib.suppress(PermissionError):
                held.enter_context(file_lock(self.folder / "lock"))
            yield

    def segments(self) -> list[Path]:
        """Give the segments, oldest first."""
        return sorted(self.open.glob(f"*{ENDING}"))

    def days(self) -> dict[str, Path]:
        """Give the folders by day, oldest first."""
        found = {match[1]: path for path in self.folder.glob("day=*") if (match := _DAY.fullmatch(path.name))}
        return dict(sorted(found.items()))

    def files(self, folder: Path, segments: Sequence[Path]) -> list[Path]:
        """Give the Parquet files of a day that count beside these segments."""
        present = {path.name.removesuffix(ENDING) for path in segments}
        found = [path for path in sorted(folder.glob("*.parquet")) if path.name[0] != "."]
        replaced = {name for path in found if path.name.endswith(MERGED) for name in replaces(path)}
        return [
            path for path in found if path.name not in replaced and path.name.removesuffix(".parquet") not in present
        ]

    def beginning(self, rows: int, before: float | None = None) -> float | None:
        """Give the begin of the newest days that hold so many rows together, counting back from ``before``.

        ``None`` where there are no more. Only the ends of the files of these days are looked at.
        """
        last = "9999-99-99" if before is None else day_of(before)
        counted = 0
        for day, folder in reversed(self.days().items()):
            if day > last:
                continue
            counted += sum(_count(path) for path in folder.glob("[!.]*.parquet"))
            if counted >= rows:
                return dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp()
        return None

    def listing(self, start: float | None = None, end: float | None = None) -> tuple[list[Path], list[Path]]:
        """Give the segments, and the Parquet files of the days from ``start`` until before ``end``."""
        if not self.folder.is_dir():
            return [], []
        with self.lock():
            return self._listed(start, end)

    def _listed(self, start: float | None, end: float | None) -> tuple[list[Path], list[Path]]:
        first = "" if start is None else day_of(start)
        last = "9999-99-99" if end is None else day_of(end)
        segments = self.segments()
        folders = [path for day, path in self.days().items() if first <= day <= last]
        return segments, [path for folder in folders for path in self.files(folder, segments)]

    def read(self, start: float | None = None, end: float | None = None, wanted: Wanted = None) -> list[pa.Table]:
        """Give all rows from ``start`` until before ``end``: tables in the order of their files, perhaps of differing schemas.

        ``wanted`` says of a column whether it is, all are by default; ``at`` always is.

        Raises
        ------
        DataError
            A file is damaged.
        """
        return [
            _between(table, start, end) for table in self._found(start, end, lambda path: _rows(path, wanted), wanted)
        ]

    def read_among(self, ids: Iterable[str], end: float | None = None) -> tuple[list[pa.Table], bool]:
        """Give the rows before ``end``, but not of row groups that hold none of the identifiers ``ids``, and whether those are all rows.

        In the place of each such group that has rows before ``end`` comes a table without rows: its columns count for the types of
        all, so that :func:`joined` gives the rows as it gives them of :meth:`read`.

        Raises
        ------
        DataError
            A file that is read is damaged.
        """
        among = Among(ids)
        found = self._found(None, end, lambda path: _rows_among(path, among, end), None)
        cut = [(table, _between(table, None, end)) for table in found]
        return [rows for table, rows in cut if rows.num_rows or not table.num_rows], all(t.num_rows for t in found)

    def profiles(self, start: float | None = None, end: float | None = None) -> list[dict[str, Any]]:
        """Give the profiles that were kept instead of rows, of the days that lie in the time."""
        return self._found(start, end, profiles_of, None, profiles=True)

    def _found(self, start: Any, end: Any, of_file: Any, wanted: Wanted, *, profiles: bool = False) -> list[Any]:
        def found(segments: list[Path], files: list[Path]) -> list[Any]:
            gathered: list[Any] = []
            for path in files:
                gathered += of_file(path)
            for path in segments:
                held, kept = framing.tables(path.read_bytes())
                rows = (one.select(_chosen(one.column_names, wanted)) for one in held)
                gathered += [json.loads(one) for one in kept] if profiles else rows
            return gathered

        for _ in range(_TRIES):
            # A listed file may be compacted, merged or dropped before it is read.
            with contextlib.suppress(FileNotFoundError):
                return found(*self.listing(start, end))
        with self.lock():
            return found(*self._listed(start, end))


def day_of(at: float) -> str:
    """Give the day of a time, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))


def replaces(path: Path) -> list[str]:
    """Give the names of the files that a merged one has taken the place of; nothing if it is gone or damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [str(name) for name in json.loads((pq.read_metadata(path).metadata or {})[REPLACES])]
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return []


def profiles_of(path: Path) -> list[dict[str, Any]]:
    """Give the profiles that a Parquet file holds beside its rows."""
    import pyarrow.parquet as pq

    with _readable(path):
        return list(json.loads((pq.read_metadata(path).metadata or {}).get(PROFILES, b"[]")))


def _rows(path: Path, wanted: Wanted) -> list[pa.Table]:
    import pyarrow.parquet as pq

    with _readable(path), pq.ParquetFile(path, memory_map=True) as file:
        return [file.read(_chosen(file.schema_arrow.names, wanted)).replace_schema_metadata(None)]


def _rows_among(path: Path, among: Among, end: float | None) -> list[pa.Table]:
    import pyarrow.parquet as pq

    with _readable(path), pq.ParquetFile(path, memory_map=True) as file:
        groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
        before = [begins_before(group, end) for group in groups]
        # Where it is not known whether a group has rows in the time, they are looked at.
        wanted = [n for n, group in enumerate(groups) if before[n] is None or (before[n] and among.may_hold(group))]
        left = any(before[n] for n in range(len(groups)) if n not in wanted)
        parts = [*([[]] if left else []), *([wanted] if wanted else [])]
        return [file.read_row_groups(part).replace_schema_metadata(None) for part in parts]


def _count(path: Path) -> int:
    import pyarrow.parquet as pq

    # It may have been merged or dropped meanwhile.
    with contextlib.suppress(FileNotFoundError), _readable(path):
        return int(pq.read_metadata(path).num_rows)
    return 0


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of a file that is no good Parquet that it is damaged."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        # What the system says has a number; Arrow says of some damage that it was an error of input.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())[:200]}") from error


def _chosen(names: Sequence[str], wanted: Wanted) -> list[str]:
    return [name for name in names if wanted is None or name == "at" or wanted(name)]


def _between(table: pa.Table, start: float | None, end: float | None) -> pa.Table:
    import pyarrow.compute as pc

    at = table.column("at")
    if start is not None:
        table = table.filter(pc.greater_equal(at, start))
    if end is not None:
        table = table.filter(pc.less(table.column("at"), end))
    return table
