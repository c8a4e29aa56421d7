"""Rows of files between two times: of Parquet files only the row groups that can hold them are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.data.reading import kind_of_file, read_table
from nbops.data.sources import keys_of, parts_of, read_source
from nbops.errors import NbopsError

if TYPE_CHECKING:
    import pandas as pd

_PARQUET = frozenset({".parquet", ".pq"})
# Times without a zone are of some zone: none is further than this from UTC (seconds).
_MARGIN = 86_400.0


def read_between(source: str, column: str, start: float | None, end: float) -> pd.DataFrame:
    """Read at least the rows whose time lies from ``start`` until before ``end``; where nothing can be left out, all.

    Parameters
    ----------
    source
        As :func:`~nbops.data.sources.read_source` takes it.
    column
        The column of time.
    start, end
        In seconds since the epoch; from the beginning where there is no start.

    Raises
    ------
    NotFoundError
        There is nothing there.
    DataError
        It cannot be read.
    """
    if start is None or "://" in source or source.startswith(("sklearn:", "env:")):
        return read_source(source)
    parts = parts_of(source)
    if not any(kind_of_file(part) in _PARQUET for part in parts):
        return read_source(source)
    import pandas as pd

    root = Path(source).expanduser()
    frames = []
    for part in parts:
        frame = read_table(part, _options(part, column, start - _MARGIN, end + _MARGIN))
        frames.append(frame if part == root else frame.assign(**keys_of(part, root)))
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def newest_time(source: str, column: str) -> pd.DataFrame | None:
    """Give the column of time alone, where it can be read without the others."""
    if "://" in source or source.startswith(("sklearn:", "env:")):
        return None
    parts = parts_of(source)
    if not all(kind_of_file(part) in _PARQUET for part in parts):
        return None
    import pandas as pd

    try:
        return pd.concat([read_table(part, {"columns": [column]}) for part in parts], ignore_index=True)
    except NbopsError:
        # What is wrong with it is said when the rows are read.
        return None


def _options(part: Path, column: str, start: float, end: float) -> dict[str, Any]:
    if kind_of_file(part) not in _PARQUET:
        return {}
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(part)
        kind = schema.field(column).type if column in schema.names else pa.null()
    except (pa.ArrowException, OSError):
        # What is wrong with it is said when it is read.
        return {}
    if not pa.types.is_timestamp(kind):
        return {}
    first, last = (pd.Timestamp(at, unit="s", tz="UTC") for at in (start, end))
    if kind.tz is None:
        first, last = first.tz_localize(None), last.tz_localize(None)
    return {"filters": [(column, ">=", first), (column, "<", last)]}
